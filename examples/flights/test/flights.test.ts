import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { killPoints } from "../src/strike-plan.ts";

// The Node that the example brings along: it runs TypeScript as it is.
const node = fileURLToPath(new URL("../node_modules/.bin/node", import.meta.url));
const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const timeout = 120_000;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "flights-test-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

function start(args: string): ChildProcessByStdio<null, Readable, Readable> {
  return spawn(node, [main, ...args.split(" ")], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, TMPDIR: folder },
  });
}

async function exitCodeOf(child: ReturnType<typeof start>): Promise<unknown> {
  const [code] = await once(child, "exit");
  return code;
}

/** Resolves as soon as the job has said `words`. */
async function printed({ stdout }: ReturnType<typeof start>, words: string): Promise<void> {
  let said = "";
  while (!said.includes(words)) {
    const [chunk] = (await once(stdout, "data")) as [Buffer];
    said += chunk.toString();
  }
}

test(
  "every kind of crash, and the result is still what a plain read of the file gives",
  async () => {
    const job = start("--records 24000 --barrier 1000 --kills 6 --seed 7");

    const [output, errors, code] = await Promise.all([text(job.stdout), text(job.stderr), exitCodeOf(job)]);

    expect(errors).toBe("");
    expect(output).toContain("Everything is equal");
    for (const point of killPoints) expect(output).toMatch(new RegExp(`killed .*, ${point}: epoch`));
    expect(
      output.match(/\(paused at .*\) wants to go on: refused, (StaleVersion|EpochAborted|SplitBrainCommit)/g),
    ).toHaveLength(3);
    expect(code).toBe(0);
    expect(await readdir(folder)).toEqual([]);
  },
  timeout,
);

test(
  "an input of one epoch is counted too",
  async () => {
    const job = start("--records 1000 --barrier 1000 --kills 0");

    const [output, errors, code] = await Promise.all([text(job.stdout), text(job.stderr), exitCodeOf(job)]);

    expect(errors).toBe("");
    expect(output).toContain("Everything is equal");
    expect(code).toBe(0);
  },
  timeout,
);

test(
  "rows that somebody released a second time are found out",
  async () => {
    const out = join(folder, "rows");
    const job = start(`--records 10000 --barrier 500 --kills 0 --out ${out}`);
    const output = text(job.stdout);
    await printed(job, "20 %");

    const [name = ""] = await readdir(join(out, "released"));
    const twice = name.replace(/version-\d+/, "version-99");
    await copyFile(join(out, "released", name), join(out, "released", twice));

    expect(await exitCodeOf(job)).toBe(1);
    expect(await output).toContain(`came again in ${twice}`);
    expect(await output).toMatch(/the count is \d+, not \d+/);
  },
  timeout,
);

test(
  "Ctrl-C ends every process and leaves nothing behind",
  async () => {
    const job = start("--records 100000 --barrier 500 --seed 7");
    job.stderr.resume();
    await printed(job, "goes on from");

    job.kill("SIGINT");

    expect(await exitCodeOf(job)).toBe(130);
    expect(await readdir(folder)).toEqual([]);
  },
  timeout,
);

test(
  "wrong arguments end it with exit code 2, and a word on what is wrong",
  async () => {
    const job = start("--kills 1");
    job.stdout.resume();

    const [errors, code] = await Promise.all([text(job.stderr), exitCodeOf(job)]);

    expect(code).toBe(2);
    expect(errors).toContain("--kills 1: there are 6 points");
  },
  timeout,
);

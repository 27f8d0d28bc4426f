import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { storeCases } from "@state/core/conformance";
import { brokenStores } from "../../core/test/broken-stores/every-broken-store.ts";
import type { ObjectStore } from "@state/core";
import { FolderStore, Reach } from "../src/certify/folder-store.ts";
import { badge } from "../src/certify/badge.ts";
import { contradictions } from "../src/certify/races/protocol.ts";
import { faultOf } from "../src/certify/races/create.ts";
import { raceIds } from "../src/certify/run-races.ts";
import { certify, filesIn, newFolder } from "./certify/run.ts";
import { runState } from "./world.ts";

test.concurrent("it writes nothing unless somebody says so", async (context) => {
  const folder = await newFolder(context);
  const unasked = await runState(["certify", `fs:${folder}`]);
  expect([unasked.code, unasked.errors]).toEqual([2, expect.stringContaining("nobody can be asked")]);
  const wrong = await runState(["certify", `fs:${folder}`], { types: "yes" });
  expect([wrong.code, wrong.errors]).toEqual([2, expect.stringContaining("nothing was done")]);
  expect(await readdir(folder)).toEqual([]);
});

test.for([
  ["--only", "create.nothing"],
  ["--seconds", "0"],
  ["--processes", "1"],
  ["--processes", "33"],
  ["--only", "create.race", "--badge", "badge.svg"],
])("%s %s is refused before anything is written", async (options, context) => {
  const folder = await newFolder(context);
  expect(await runState(["certify", `fs:${folder}`, "--yes", ...options])).toMatchObject({ code: 2 });
  expect(await readdir(folder)).toEqual([]);
});

describe("on FsStore", () => {
  test.concurrent("every race is sound, what they did is reported, and nothing of it is left", async (context) => {
    const folder = await newFolder(context);
    const only = ["create.race-clients", "durability.reopen", ...raceIds].join(",");
    const report = join(folder, "report.json");
    const args = [
      "--seconds",
      "1",
      "--processes",
      "2",
      "--only",
      only,
      "--yes",
      "--json",
      "--report",
      report,
    ];
    const { text } = await runState(["certify", `fs:${folder}`, ...args]);
    const values = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(values.map(({ type, id }) => [type, id])).toEqual([
      ["case", "create.race-clients"],
      ["case", "durability.reopen"],
      ...raceIds.map((id) => ["race", id]),
      ["end", undefined],
    ]);
    expect(values.at(-1)).toMatchObject({ certified: false, failed: [], left: [], skipped: 0 });
    const written = JSON.parse(await readFile(report, "utf8")) as Record<string, unknown>;
    expect(written).toMatchObject({
      certified: false,
      isSound: true,
      scheme: "fs",
      adapter: "@state/fs",
      processes: 2,
      versions: {
        node: process.version,
        "@state/cli": "1.0.0",
        "@state/core": "1.0.0",
        "@state/fs": "1.0.0",
      },
      listings: { claimed: true, seen: "kept" },
      races: raceIds.map((id) => ({ id, outcome: "passed", wrong: [] })),
    });
    expect(await filesIn(folder)).toEqual(["report.json"]);
  }, 60_000);

  test.concurrent("what is interrupted leaves nothing behind, in the suite as in a race", async (context) => {
    const folder = await newFolder(context);
    for (const [only, at] of [
      ["create.huge", "create.huge"],
      ["race.create-large", "rounds"],
    ] as const) {
      const interrupted = new AbortController();
      const onError = (text: string): void => {
        if (text.includes(at)) interrupted.abort(new Error(`interrupted at ${at}`));
      };
      const running = certify(`fs:${folder}`, only, {
        isTerminal: true,
        signal: interrupted.signal,
        onError,
      });
      await expect(running).rejects.toThrow(`interrupted at ${at}`);
      expect(await filesIn(folder)).toEqual([]);
    }
  }, 60_000);

  test.concurrent.for([
    ["SIGINT", "to all processes, as Ctrl-C does"],
    ["SIGINT", "to the program alone"],
    ["SIGTERM", "to the program alone"],
  ] as const)(
    "%s %s during a race ends its processes, deletes what they wrote, and exits with 130",
    { timeout: 120_000 },
    async ([signal, to], context) => {
      const folder = await newFolder(context);
      const program = startCertify(folder, ["race.create", "race.create-large"]);
      context.onTestFinished(() => void program.kill("SIGKILL"));
      // The first race has ended: the processes are at the second.
      await once(program.stdout, "data");
      const { pid = Number.NaN } = program;
      const workers = await childrenOf(pid);
      const written = await filesIn(folder);
      process.kill(to === "to the program alone" ? pid : -pid, signal);
      const exit = await once(program, "exit");
      expect([exit, workers.length, workers.filter(isAlive)]).toEqual([[130, null], 3, []]);
      expect(written).toContain("case");
      expect(await filesIn(folder)).toEqual([]);
    },
  );
});

/** Runs it as a program, in a process group of its own. */
function startCertify(folder: string, only: readonly string[]): ChildProcessByStdio<null, Readable, null> {
  const main = join(import.meta.dirname, "../src/main.ts");
  const options = ["--seconds", "6", "--processes", "3", "--only", only.join(","), "--yes", "--json"];
  return spawn(process.execPath, [main, "certify", `fs:${folder}`, ...options], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/** By what Linux says. */
async function childrenOf(pid: number): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.trim().split(" ").map(Number);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    return false;
  }
}

test.concurrent("what could not be deleted is named", async (context) => {
  const folder = await newFolder(context);
  const { code, text, errors } = await certify(`locked:${folder}`, "get.absent");
  expect([code, text]).toEqual([3, expect.stringContaining("nothing was found by 1 case")]);
  const kept = await filesIn(folder);
  expect(kept).toContain("CASE");
  for (const name of kept)
    expect(errors).toMatch(new RegExp(`left behind: certify-[0-9a-f]{12}/.*${name}: .* is locked`));
});

test.concurrent("what a store that cannot be listed holds is deleted by what was created", async (context) => {
  const folder = await newFolder(context);
  const { code, errors } = await certify(`unlistable:${folder}`, "get.absent");
  expect([code, errors]).toEqual([0, ""]);
  expect(await filesIn(folder)).toEqual([]);
});

test.concurrent("a store that cannot create only what is absent is not certified, and is named", async (context) => {
  const folder = await newFolder(context);
  const [badgeFile, report] = [join(folder, "badge.svg"), join(folder, "report.json")];
  const files = ["--badge", badgeFile, "--report", report];
  const args = ["--adapter", "./certify/folders.ts", ...files, "--yes"];
  const { code, text, errors } = await runState(["certify", `unconditional:${folder}/store`, ...args]);
  expect([code, text, errors]).toEqual([
    1,
    expect.stringMatching(/^not certified: fs:.*\/store; its adapter refuses it: create .*: 501 NotImpl/),
    "",
  ]);
  expect(await readFile(badgeFile, "utf8")).toContain("not certified");
  expect(JSON.parse(await readFile(report, "utf8"))).toMatchObject({
    certified: false,
    isSound: false,
    refusal: expect.stringContaining("501 NotImplemented") as string,
    cases: [],
    races: [],
    left: [],
  });
  const json = await runState(["certify", `unconditional:${folder}/store`, ...args, "--json"]);
  expect(JSON.parse(json.text)).toMatchObject({
    type: "end",
    certified: false,
    refusal: expect.stringContaining("If-None-Match") as string,
  });
});

test("what a case could not look at is said, in the report too", async (context) => {
  const folder = await newFolder(context);
  const number = brokenStores.findIndex(({ caughtBy }) => caughtBy === "list.page-size");
  const report = join(folder, "report.json");
  const args = [
    "--adapter",
    "./certify/broken-stores.ts",
    "--only",
    "list.pages",
    "--report",
    report,
    "--yes",
  ];
  const warned: string[] = [];
  const note = ({ name }: Error): number => warned.push(name);
  process.on("warning", note);
  context.onTestFinished(() => void process.off("warning", note));
  const { code, text } = await runState(["certify", `broken:${number}`, ...args]);
  const unreached = "the edge of a page: all of 5500 keys came in one";
  expect([code, text]).toEqual([0, expect.stringContaining(`list.pages did not reach ${unreached}\n`)]);
  expect(JSON.parse(await readFile(report, "utf8"))).toMatchObject({
    cases: [{ id: "list.pages", outcome: "passed", notReached: [unreached] }],
  });
  await new Promise(setImmediate);
  expect(warned).not.toContain("ConformanceWarning");
});

test.concurrent("a store that cannot be reached is no finding", async (context) => {
  const folder = await newFolder(context);
  const file = join(folder, "file");
  await writeFile(file, "");
  const ran = await runState(["certify", `fs:${file}/below`, "--yes"]);
  expect(ran).toMatchObject({ code: 3, text: "" });
});

test("of each family of cases a broken store is found, by the case that is about its fault", async () => {
  const families = [...new Set(storeCases.map(({ family }) => family))];
  for (const family of families.filter((each) => each !== "abort")) {
    const number = brokenStores.findIndex(({ caughtBy }) => caughtBy.startsWith(`${family}.`));
    const { caughtBy = "" } = brokenStores[number] ?? {};
    const store = [`broken:${number}`, "--adapter", "./certify/broken-stores.ts"];
    const { code, text } = await runState(["certify", ...store, "--only", caughtBy, "--yes"]);
    expect([code, text]).toEqual([1, expect.stringContaining(`failed: ${caughtBy}: `)]);
  }
});

test("once the run is over nothing more is sent, and what was sent before is waited for", async () => {
  const landing = Promise.withResolvers<"created">();
  const reach = new Reach();
  const sent: string[] = [];
  const store: ObjectStore = {
    name: "slow",
    create: (key) => {
      sent.push(key);
      return landing.promise;
    },
    get: async () => undefined,
    list: async function* () {},
    delete: async () => [],
  };
  const folder = new FolderStore(store, "folder/", reach);
  const creating = folder.create("before", new Uint8Array());
  reach.end();
  await expect(folder.create("after", new Uint8Array())).rejects.toThrow("the run is over");
  await expect(folder.delete(["after"])).rejects.toThrow("the run is over");
  const events: string[] = [];
  const settled = reach.settled(10_000).then(() => events.push("settled"));
  await new Promise(setImmediate);
  events.push("landed");
  landing.resolve("created");
  await settled;
  expect([await creating, sent, events]).toEqual(["created", ["folder/before"], ["landed", "settled"]]);
});

describe("the responses to one key", () => {
  const exists = { outcome: "exists", seen: { writer: 0 }, ms: 1 } as const;
  const created = { outcome: "created", seen: { writer: 0 }, ms: 1 } as const;
  const unknown = { outcome: "unknown", seen: undefined, ms: 1 } as const;

  test.each([
    [[created, exists], { writer: 0 }, undefined],
    [[created, created], { writer: 0 }, "2 of 2 processes were told created"],
    [[exists, exists], { writer: 0 }, "all 2 processes were told exists"],
    [[created, exists], { writer: 1 }, "process 0 was told created, and the bytes of process 1 were read"],
    [[created, exists], { writer: undefined }, "it was told created or exists, and read nothing"],
    [[created, exists], { fault: "half of it" }, "a process read half of it"],
    // Who has no response may have been the one.
    [[unknown, exists], { writer: 0 }, undefined],
    [[unknown, unknown], { writer: undefined }, undefined],
    [[unknown, created, created], { writer: 1 }, "2 of 3 processes were told created"],
  ])("%j and then %j: %s", (responses, later, fault) => {
    expect(faultOf(responses, later)).toBe(fault);
  });
});

test("an epoch that two leaders were told is theirs, or that was made void too, is a contradiction", () => {
  const released = [
    { epoch: 1, instanceId: "a" },
    { epoch: 2, instanceId: "a" },
    { epoch: 2, instanceId: "b" },
    { epoch: 3, instanceId: "b" },
  ];
  expect(contradictions(released, new Set([3, 4]))).toEqual([
    "both a and b were told that epoch 2 is theirs",
    "b was told that epoch 3 is sealed, and it was made void",
  ]);
});

test("the badge is XML that says the verdict", async () => {
  for (const [isCertified, verdict] of [
    [true, "certified"],
    [false, "not certified"],
  ] as const) {
    expect(badge(isCertified)).toContain(`<title>@state checkpoints: ${verdict}</title>`);
    expect(badge(isCertified).match(/<(?!\/)/g)?.length).toBe(badge(isCertified).match(/<\/|\/>/g)?.length);
  }
});

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { ObjectStoreBackend } from "@state/core";
import { FsStore } from "@state/fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../../..");
const page = await readFile(join(root, "docs/operations.md"), "utf8");
const cli = join(root, "packages/cli/src/main.ts");

/** The sections of the page that have commands, in its order. */
const sections = page
  .split(/^## /m)
  .map((text) => ({
    title: text.slice(0, text.indexOf("\n")),
    commands: [...text.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block = ""]) =>
      block.trim().split("\n"),
    ),
  }))
  .filter(({ commands }) => commands.length > 0);

/** What has happened to the store before a section is read. */
const damages: Readonly<Record<string, () => Promise<void>>> = {
  "A `_COMMIT` that cannot be read": () => writeFile(join(folder, "checkpoints/epoch=7/_COMMIT"), ""),
  "`_control/namespace` is gone": () => rm(join(folder, "checkpoints/_control/namespace")),
};

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "state-operations-"));
  await sealUpTo(7);
});

afterAll(() => rm(folder, { recursive: true }));

/** What a job leaves behind that has sealed every epoch up to this one. */
async function sealUpTo(last: number): Promise<void> {
  const store = new FsStore({ root: join(folder, "checkpoints") });
  await using backend = await ObjectStoreBackend.open({ store, instanceId: "node-0", vnodeCapacity: 4 });
  const version = backend.authoritativeVersion + 1;
  let { nextEpoch: epoch } = await backend.takeover({ version });
  for (; epoch <= last; epoch++) {
    const bytes = new TextEncoder().encode(`epoch ${epoch}`);
    const vnodes = [0, 1, 2, 3];
    const parts = await Promise.all(
      vnodes.map((vnode) => backend.writePartial({ epoch, vnode, assignmentVersion: version, bytes })),
    );
    await backend.epochComplete({ epoch, parts });
  }
}

describe.each(sections)("the commands of «$title»", ({ title, commands }) => {
  test("do what is said", { timeout: 60_000 }, async () => {
    await damages[title]?.();
    for (const command of commands) {
      expect(command).toMatch(/^state /);
      const args = command.split(" ").slice(1);
      const { stderr } = await promisify(execFile)(process.execPath, [cli, ...args], { cwd: folder });
      expect([command, stderr]).toEqual([command, ""]);
    }
  });
});

test("every kind of finding is explained", async () => {
  const source = await readFile(join(root, "packages/core/src/verify/finding.ts"), "utf8");
  const kinds = [...source.matchAll(/^ {2}"?([a-z-]+)"?: \[/gm)].map(([, kind]) => kind);
  expect(kinds.length).toBeGreaterThan(15);
  for (const kind of kinds) expect(page).toContain(`\`${kind}\``);
});

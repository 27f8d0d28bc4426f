import { createHash } from "node:crypto";
import { lstat, mkdir, readFile, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ObjectStoreBackend } from "@state/core";
import { expect, test } from "vitest";
import { nodeFileSystem } from "../src/file-system.ts";
import { LocalStore } from "../src/local-store.ts";
import { bytes, keysOf, scratch, tree } from "./support/scratch.ts";

const hour = 60 * 60 * 1_000;
const now = Date.UTC(2026, 0, 2, 12);
const staged = ".staging-state/0b5a3f0e-7e0c-4a57-9d2c-3f1d1c3c6a01";
const young = ".staging-state/0b5a3f0e-7e0c-4a57-9d2c-3f1d1c3c6a02";

test("the first create sweeps staging files older than 24 hours, and leaves younger ones", async () => {
  const root = await scratch();
  await fileOf(root, staged, 24 * hour + 1);
  await fileOf(root, young, 24 * hour - 1);
  await at(root).create("key", bytes("body"));
  expect(await tree(root)).toEqual([young, "key"]);
});

test("only the first create sweeps, and no other operation does", async () => {
  const root = await scratch();
  const store = at(root);
  await fileOf(root, staged, 48 * hour);
  await store.get("key");
  await keysOf(store.list(""));
  await store.delete(["key"]);
  expect(await tree(root)).toEqual([staged]);
  await store.create("key", bytes("body"));
  await fileOf(root, staged, 48 * hour);
  await store.create("other", bytes("body"));
  expect(await tree(root)).toEqual([staged, "key", "other"]);
});

test("staging files that cannot be swept hold up no create", async () => {
  const root = await scratch();
  const files = { ...nodeFileSystem, readdir: () => Promise.reject(new Error("no")) };
  expect(await new LocalStore({ root }, files).create("key", bytes("body"))).toBe("created");
});

test("a symbolic link in the place of the staging directory is refused, and nothing is written where it leads", async () => {
  const root = await scratch();
  const outside = await scratch();
  await fileOf(outside, staged.slice(".staging-state/".length), 48 * hour);
  await symlink(outside, join(root, ".staging-state"));
  await expect(at(root).create("key", bytes("body"))).rejects.toMatchObject({ code: "Misconfigured" });
  expect(await tree(outside)).toEqual([staged.slice(".staging-state/".length)]);
});

test("what is not the store's is the same after creates, deletes, sweeps and prunes", async () => {
  const root = await scratch();
  for (const directory of [".git/refs/heads", ".git/objects/ab", "logs", "uploads", "src/empty"])
    await mkdir(join(root, directory), { recursive: true });
  for (const name of [
    ".git/HEAD",
    ".git/objects/ab/cdef",
    ".staging-abc",
    "src/index.ts",
    "src/.staging-0b5a3f0e-7e0c-4a57-9d2c-3f1d1c3c6a03",
    "uploads/0b5a3f0e-7e0c-4a57-9d2c-3f1d1c3c6a04",
    ".staging-state/notes.txt",
    ".staging-state/kept/0b5a3f0e-7e0c-4a57-9d2c-3f1d1c3c6a05",
  ])
    await fileOf(root, name, 48 * hour);
  const before = await contentsOf(root);

  const store = at(root);
  for (const key of ["src/state/a", "logs/b", "epoch=0/.DS/c"]) await store.create(key, bytes("body"));
  // Those that are absent leave the directories that are empty.
  const absent = ["uploads/a", "logs/x/y", ".git/refs/heads/main", "src/empty/z"];
  expect(await store.delete(["src/state/a", "epoch=0/.DS/c", ...absent])).toEqual([]);
  const backend = await ObjectStoreBackend.open({ store: at(root), instanceId: "one", vnodeCapacity: 2 });
  const { nextEpoch } = await backend.takeover({ version: 1 });
  for (const epoch of [nextEpoch, nextEpoch + 1]) {
    const part = { epoch, vnode: 1, assignmentVersion: 1, bytes: bytes("state") };
    await backend.epochComplete({ epoch, parts: [await backend.writePartial(part)] });
  }
  await backend.pruneBefore(nextEpoch + 1);
  expect(await tree(root)).not.toContain(`epoch=${nextEpoch}/`);

  const after = await contentsOf(root);
  for (const [name, contents] of before) expect([name, after.get(name)]).toEqual([name, contents]);
  const added = [...after.keys()].filter((name) => !before.has(name));
  expect(added.filter((name) => !/^(?:_control\/|epoch=|logs\/b$)/.test(name))).toEqual([]);
});

test("an empty directory that a killed writer left is no folder, and no object", async () => {
  const root = await scratch();
  await mkdir(join(root, "epoch=1/vnode=1"), { recursive: true });
  const store = at(root);
  const pages = [];
  for await (const page of store.list("", { delimiter: "/" })) pages.push(page);
  expect(pages).toEqual([]);
  expect(await store.create("epoch=1/vnode=1/partial.bin", bytes("body"))).toBe("created");
});

function at(root: string): LocalStore {
  return new LocalStore({ root, fsync: false }, { ...nodeFileSystem, now: () => now });
}

async function fileOf(root: string, name: string, age: number): Promise<void> {
  const path = join(root, name);
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, name);
  await utimes(path, new Date(now - age), new Date(now - age));
}

/** What is at each path: a directory, or a file's digest, mode and time. */
async function contentsOf(root: string): Promise<ReadonlyMap<string, string>> {
  const contents = new Map<string, string>();
  for (const name of await tree(root)) {
    const { mode, mtimeMs } = await lstat(join(root, name));
    const digest = name.endsWith("/")
      ? "directory"
      : createHash("sha256")
          .update(await readFile(join(root, name)))
          .digest("hex");
    contents.set(name, name.endsWith("/") ? digest : `${digest} ${mode} ${mtimeMs}`);
  }
  return contents;
}

import { mkdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nodeFileSystem } from "../src/file-system.ts";
import type { Entry } from "../src/file-system.ts";
import { LocalStore } from "../src/local-store.ts";
import { gate } from "./support/watched-files.ts";
import { bytes, keysOf, scratch, tree } from "./support/scratch.ts";

const hour = 60 * 60 * 1_000;
const now = Date.UTC(2026, 0, 2, 12);

test("the first create sweeps staging files older than 24 hours, wherever they are, and leaves younger ones", async () => {
  const root = await scratch();
  await staging(root, ".staging-old", 24 * hour + 1);
  await staging(root, "a/b/.staging-old", 48 * hour);
  await staging(root, "a/.staging-young", 24 * hour - 1);
  await staging(root, "a/not.staging-old", 48 * hour);
  await at(root).create("key", bytes("body"));
  expect(await tree(root)).toEqual(["a/", "a/.staging-young", "a/not.staging-old", "key"]);
});

test("directories that a killed writer left empty are removed, and what is not the store's is left", async () => {
  const root = await scratch();
  await staging(root, "a/b/.staging-old", 48 * hour);
  await staging(root, "lost+found/.staging-old", 48 * hour);
  await mkdir(join(root, "c/d"), { recursive: true });
  await mkdir(join(root, "not+ours"));
  await at(root).create("key", bytes("body"));
  expect(await tree(root)).toEqual(["key", "lost+found/", "lost+found/.staging-old", "not+ours/"]);
});

test("only the first create sweeps, and no other operation does", async () => {
  const root = await scratch();
  const store = at(root);
  await staging(root, ".staging-old", 48 * hour);
  await store.get("key");
  await keysOf(store.list(""));
  await store.delete(["key"]);
  expect(await tree(root)).toEqual([".staging-old"]);
  await store.create("key", bytes("body"));
  await staging(root, ".staging-later", 48 * hour);
  await store.create("other", bytes("body"));
  expect(await tree(root)).toEqual([".staging-later", "key", "other"]);
});

test("a tree that cannot be swept holds up no create", async () => {
  const root = await scratch();
  const files = { ...nodeFileSystem, readdir: () => Promise.reject(new Error("no")) };
  expect(await new LocalStore({ root }, files).create("key", bytes("body"))).toBe("created");
});

test("in a large tree the sweep goes on behind the first create, and stops when the store is closed", async () => {
  const root = await scratch();
  const names = Array.from({ length: 1_010 }, (_, number) => `d${number}`);
  await Promise.all(names.map((name) => staging(root, `${name}/.staging-old`, 48 * hour)));
  const held = gate();
  let directories = 0;
  const readdir = async (path: string): Promise<readonly Entry[]> => {
    directories += 1;
    if (directories === 1_003) await held.pass();
    return nodeFileSystem.readdir(path);
  };
  const store = new LocalStore({ root, fsync: false }, { ...nodeFileSystem, now: () => now, readdir });
  // The sweep is held: a create that waited for all of it would never return.
  expect(await store.create("key", bytes("body"))).toBe("created");
  await held.reached;
  const closing = store.close();
  held.open();
  await closing;
  expect(directories).toBe(1_003);
});

function at(root: string): LocalStore {
  return new LocalStore({ root, fsync: false }, { ...nodeFileSystem, now: () => now });
}

async function staging(root: string, name: string, age: number): Promise<void> {
  const path = join(root, name);
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, "");
  await utimes(path, new Date(now - age), new Date(now - age));
}

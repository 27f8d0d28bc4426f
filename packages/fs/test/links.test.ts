import { execFile } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { FsStore } from "../src/index.ts";
import { bytes, keysOf, scratch, tree } from "./support/scratch.ts";

const refused = { code: "Misconfigured", message: expect.stringContaining("symbolic link") };

describe("a symbolic link beneath the root", () => {
  test.each(["link/key", "link/new/key", "link/sub/key", "link/sub/new/key"])(
    "that leads out is refused on the way to %s, and nothing outside is touched",
    async (key) => {
      const { root, outside, store } = await linked();
      await expect(store.create(key, bytes("body"))).rejects.toMatchObject(refused);
      expect((await store.delete([key])).map(({ error }) => error)).toEqual([
        expect.objectContaining(refused),
      ]);
      expect(await tree(outside)).toEqual(["empty/", "key", "sub/", "sub/key"]);
      expect(await tree(root)).toEqual(["link"]);
    },
  );

  test.each(["link/key", "link/sub/key"])("that leads out is not read through: %s", async (key) => {
    const { store } = await linked();
    await expect(store.get(key)).rejects.toMatchObject(refused);
  });

  test.each(["", "link/", "link/sub/"])("that leads out is not listed through: %j", async (prefix) => {
    const { store } = await linked();
    await expect(keysOf(store.list(prefix))).rejects.toMatchObject(refused);
    await expect(keysOf(store.list(prefix, { delimiter: "/" }))).rejects.toMatchObject(refused);
  });

  test("that leads out hides no empty directory which a delete would remove", async () => {
    const { outside, store } = await linked();
    await store.delete(["link/empty/absent", "link/empty/absent/absent"]);
    expect(await tree(outside)).toContain("empty/");
  });

  test("that stays within is refused as well: one object would have two keys", async () => {
    const root = await scratch();
    const store = new FsStore({ root, fsync: false });
    await store.create("a/key", bytes("body"));
    await symlink(join(root, "a"), join(root, "b"));
    await expect(store.get("b/key")).rejects.toMatchObject(refused);
  });

  test("that leads nowhere is refused, and nothing is made where it points", async () => {
    const root = await scratch();
    const outside = await scratch();
    await symlink(join(outside, "nothing"), join(root, "link"));
    const store = new FsStore({ root, fsync: false });
    await expect(store.create("link/key", bytes("body"))).rejects.toMatchObject(refused);
    expect(await tree(outside)).toEqual([]);
  });

  test("in the place of an object is neither read nor written, and can be deleted", async () => {
    const root = await scratch();
    const outside = await scratch();
    await writeFile(join(outside, "file"), "secret");
    await symlink(join(outside, "file"), join(root, "key"));
    const store = new FsStore({ root, fsync: false });
    await expect(store.get("key")).rejects.toMatchObject(refused);
    expect(await store.create("key", bytes("body"))).toBe("exists");
    expect(await store.delete(["key"])).toEqual([]);
    expect(await tree(outside)).toEqual(["file"]);
    expect(await store.create("key", bytes("body"))).toBe("created");
  });
});

test("a root that is itself a symbolic link is followed", async () => {
  const { root, outside } = await linked();
  const store = new FsStore({ root: join(root, "link"), fsync: false });
  await store.create("a/b", bytes("body"));
  expect(await store.get("a/b")).toEqual(bytes("body"));
  expect(await keysOf(store.list(""))).toEqual(["a/b", "key", "sub/key"]);
  expect(await tree(outside)).toContain("a/b");
});

test("a pipe in the place of an object is refused, and nobody waits for its writer", async () => {
  const root = await scratch();
  await promisify(execFile)("mkfifo", [join(root, "key")]);
  const store = new FsStore({ root, fsync: false });
  await expect(store.get("key")).rejects.toMatchObject({ code: "Misconfigured" });
  await expect(keysOf(store.list(""))).rejects.toMatchObject({ code: "Misconfigured" });
});

async function linked(): Promise<{ root: string; outside: string; store: FsStore }> {
  const root = await scratch();
  const outside = await scratch();
  await mkdir(join(outside, "sub"));
  await mkdir(join(outside, "empty"));
  await writeFile(join(outside, "key"), "secret");
  await writeFile(join(outside, "sub/key"), "secret");
  await symlink(outside, join(root, "link"));
  return { root, outside, store: new FsStore({ root, fsync: false }) };
}

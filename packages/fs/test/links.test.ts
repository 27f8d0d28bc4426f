import { execFile } from "node:child_process";
import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { nodeFileSystem } from "../src/file-system.ts";
import { FsStore } from "../src/index.ts";
import { LocalStore } from "../src/local-store.ts";
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

describe("a symbolic link that is swapped in while a store lives", () => {
  test("for a folder that the store knows is refused by every call, until the folder is back", async () => {
    const { root, outside, store } = await linked();
    await rm(join(root, "link"));
    for (const key of ["a/b/kept", "a/b/doomed"]) await store.create(key, bytes("body"));
    await rename(join(root, "a"), join(root, "was+a"));
    await symlink(outside, join(root, "a"));
    await mkdir(join(outside, "b"));
    await writeFile(join(outside, "b/kept"), "secret");

    await expect(store.create("a/b/new", bytes("body"))).rejects.toMatchObject(refused);
    await expect(store.get("a/b/kept")).rejects.toMatchObject(refused);
    await expect(keysOf(store.list("a/b/"))).rejects.toMatchObject(refused);
    await expect(keysOf(store.list(""))).rejects.toMatchObject(refused);
    expect(await store.delete(["a/b/doomed"])).toMatchObject([{ error: refused }]);
    expect(await tree(outside)).toEqual(["b/", "b/kept", "empty/", "key", "sub/", "sub/key"]);

    await rm(join(root, "a"));
    await rename(join(root, "was+a"), join(root, "a"));
    expect(await keysOf(store.list(""))).toEqual(["a/b/doomed", "a/b/kept"]);
    expect(await store.create("a/b/new", bytes("body"))).toBe("created");
    expect(await store.delete(["a/b/doomed"])).toEqual([]);
    expect(await tree(root)).toEqual(["a/", "a/b/", "a/b/kept", "a/b/new"]);
  });

  test("for an object between the look at its folder and its opening is not read through", async () => {
    const { root, outside } = await linked();
    await rm(join(root, "link"));
    const store = new LocalStore(
      { root },
      {
        ...nodeFileSystem,
        open: async (path, flags, mode) => {
          if (path === join(root, "a/key") && !isSwapped) await swap();
          return nodeFileSystem.open(path, flags, mode);
        },
      },
    );
    let isSwapped = false;
    const swap = async (): Promise<void> => {
      isSwapped = true;
      await rename(join(root, "a/key"), join(root, "was+key"));
      await symlink(join(outside, "key"), join(root, "a/key"));
    };
    await store.create("a/key", bytes("body"));
    await expect(store.get("a/key")).rejects.toMatchObject(refused);
    await rename(join(root, "was+key"), join(root, "a/key"));
    expect(await store.get("a/key")).toEqual(bytes("body"));
  });

  test("for the name of an object just before it is linked is left as it is, and nothing is written through it", async () => {
    const { root, outside } = await linked();
    await rm(join(root, "link"));
    const store = new LocalStore(
      { root },
      {
        ...nodeFileSystem,
        link: async (staged, path) => {
          await symlink(join(outside, "new"), path).catch(() => undefined);
          await nodeFileSystem.link(staged, path);
        },
      },
    );
    expect(await store.create("key", bytes("body"))).toBe("exists");
    await expect(store.get("key")).rejects.toMatchObject(refused);
    expect(await tree(outside)).toEqual(["empty/", "key", "sub/", "sub/key"]);
    expect(await tree(root)).toEqual(["key"]);
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

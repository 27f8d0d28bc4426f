import { link, mkdir, readdir, rm, rmdir, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isStoreError } from "@state/core";
import { describe, expect, test } from "vitest";
import { nodeFileSystem } from "../src/file-system.ts";
import { LocalStore } from "../src/local-store.ts";
import { bytes, keysOf, scratch, tree } from "./support/scratch.ts";
import { systemError, watched } from "./support/watched-files.ts";

describe("create by link", () => {
  test("opens staging files only, never the final name", async () => {
    const root = await scratch();
    const opened: string[] = [];
    const files = watched((call) => {
      if (call.startsWith(`open ${root}/`)) opened.push(call.slice(`open ${root}/`.length));
    });
    await new LocalStore({ root }, files).create("key", bytes("body"));
    expect(opened).toEqual([expect.stringMatching(/^\.staging-state\/[0-9a-f-]{36}$/)]);
  });

  test("makes a new folder after one look at those above it, and looks at it once it is known", async () => {
    const root = await scratch();
    const calls: string[] = [];
    const files = watched((call) => {
      if (/^(?:realpath|mkdir) .*\/epoch=/.test(call)) calls.push(call.replace(`${root}/`, ""));
    });
    const store = new LocalStore({ root }, files);
    await store.create("epoch=1/vnode=1/a", bytes("body"));
    expect(calls.splice(0)).toEqual(["mkdir epoch=1", "mkdir epoch=1/vnode=1"]);
    await store.create("epoch=1/vnode=2/a", bytes("body"));
    expect(calls.splice(0)).toEqual(["realpath epoch=1", "mkdir epoch=1/vnode=2"]);
    await store.create("epoch=1/vnode=2/b", bytes("body"));
    expect(calls.splice(0)).toEqual(["realpath epoch=1/vnode=2"]);
  });

  test("a link whose reply was lost is ours: the second attempt meets its own link", async () => {
    const root = await scratch();
    const store = new LocalStore({ root }, { ...nodeFileSystem, link: linkTwice });
    expect(await store.create("a/b", bytes("mine"))).toBe("created");
    expect(await store.create("a/b", bytes("other"))).toBe("exists");
    expect(await store.get("a/b")).toEqual(bytes("mine"));
    expect(await tree(root)).toEqual(["a/", "a/b"]);
  });

  test("a loser's file with a second link, as a backup makes it, does not win", async () => {
    const root = await scratch();
    const backup = await scratch();
    const store = new LocalStore(
      { root },
      {
        ...nodeFileSystem,
        link: async (staged, file) => {
          await link(staged, join(backup, crypto.randomUUID()));
          await link(staged, file);
        },
      },
    );
    await store.create("a", bytes("first"));
    expect(await store.create("a", bytes("second"))).toBe("exists");
  });

  test.each([false, true])(
    "a staging file that was swept is Unavailable, with the key there: %s",
    async (isThere) => {
      const root = await scratch();
      if (isThere) await new LocalStore({ root }, nodeFileSystem).create("a", bytes("first"));
      const files = { ...nodeFileSystem, link: unlinkFirst };
      const creating = new LocalStore({ root }, files).create("a", bytes("second"));
      await expect(creating).rejects.toMatchObject({
        code: "Unavailable",
        message: expect.stringContaining("swept"),
      });
    },
  );

  test("a staging file that was swept just after the link met another's object is Unavailable too", async () => {
    const root = await scratch();
    await new LocalStore({ root }, nodeFileSystem).create("a", bytes("first"));
    const files = {
      ...nodeFileSystem,
      link: async (staged: string): Promise<void> => {
        await unlink(staged);
        throw systemError("EEXIST");
      },
    };
    const creating = new LocalStore({ root }, files).create("a", bytes("second"));
    await expect(creating).rejects.toMatchObject({ code: "Unavailable" });
  });

  test("an object that another removes just after it was met is exists, and can be created again", async () => {
    const root = await scratch();
    const other = new LocalStore({ root }, nodeFileSystem);
    await other.create("a/b", bytes("first"));
    const files = watched(async (call) => {
      if (call === `lstat ${root}/a/b`) await other.delete(["a/b"]);
    });
    const store = new LocalStore({ root }, files);
    expect(await store.create("a/b", bytes("second"))).toBe("exists");
    expect(await store.create("a/b", bytes("second"))).toBe("created");
  });
});

describe("a file system that cannot hold checkpoints", () => {
  test.each(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"])(
    "one without hard links (%s) is refused by name",
    async (code) => {
      const root = await scratch();
      const files = { ...nodeFileSystem, link: () => Promise.reject(systemError(code)) };
      const creating = new LocalStore({ root }, files).create("a/b", bytes("body"));
      await expect(creating).rejects.toMatchObject({
        code: "Unsupported",
        message: expect.stringMatching(/no hard links; put the root on/),
      });
      expect(await tree(root)).toEqual(["a/"]);
    },
  );
});

describe("directories", () => {
  test("one that a delete removes between its making and the link into it is made again", async () => {
    const root = await scratch();
    let removals = 0;
    const files = watched(async (call) => {
      if (!call.startsWith("link ") || removals === 3) return;
      removals += 1;
      await rmdir(join(root, "a/b"));
      await rmdir(join(root, "a"));
    });
    expect(await new LocalStore({ root }, files).create("a/b/c", bytes("body"))).toBe("created");
    expect(removals).toBe(3);
  });

  test("one whose parent a delete removes while it is made is made again", async () => {
    const root = await scratch();
    let removals = 0;
    const files = watched(async (call) => {
      if (call !== `mkdir ${root}/a/b` || removals === 3) return;
      removals += 1;
      await rmdir(join(root, "a"));
    });
    expect(await new LocalStore({ root }, files).create("a/b/c", bytes("body"))).toBe("created");
  });

  test("one that is removed each time is Unavailable in the end", async () => {
    const root = await scratch();
    const files = watched(async (call) => {
      if (call.startsWith("link ")) await rmdir(join(root, "a"));
    });
    const creating = new LocalStore({ root }, files).create("a/b", bytes("body"));
    await expect(creating).rejects.toMatchObject({ code: "Unavailable" });
  });

  test("creates and deletes in one directory at once all succeed", async () => {
    const root = await scratch();
    const [left, right] = [0, 1].map(() => new LocalStore({ root, fsync: false }, nodeFileSystem));
    const numbers = Array.from({ length: 300 }, (_, number) => number);
    const outcomes = await Promise.all(
      numbers.map(async (number) => {
        const created = await left?.create(`a/b/${number}`, bytes("body"));
        return [created, await right?.delete([`a/b/${number}`])];
      }),
    );
    expect(outcomes).toEqual(numbers.map(() => ["created", []]));
    expect(await tree(root)).toEqual([]);
  });

  test("a root that is removed while the store lives is made again", async () => {
    const root = join(await scratch(), "root");
    const store = new LocalStore({ root }, nodeFileSystem);
    await store.create("a/b", bytes("body"));
    await rm(root, { recursive: true });
    expect(await store.get("a/b")).toBeUndefined();
    expect(await keysOf(store.list(""))).toEqual([]);
    expect(await store.create("a/b", bytes("body"))).toBe("created");
  });

  test("before the first create there is no root, and nothing in it", async () => {
    const root = join(await scratch(), "x/root");
    const store = new LocalStore({ root }, nodeFileSystem);
    expect(await store.get("a")).toBeUndefined();
    expect(await keysOf(store.list(""))).toEqual([]);
    expect(await store.delete(["a"])).toEqual([]);
    expect(await readdir(dirname(dirname(root)))).toEqual([]);
  });
});

describe("a key that is a directory prefix of another", () => {
  test("is refused in either order and damages neither", async () => {
    const root = await scratch();
    const store = new LocalStore({ root }, nodeFileSystem);
    await store.create("a/b/c", bytes("body"));
    for (const key of ["a", "a/b", "a/b/c/d", "a/b/c/d/e"]) {
      const error: unknown = await store.create(key, bytes("other")).catch((reason: unknown) => reason);
      expect(isStoreError(error) && error.code).toBe("InvalidKey");
      expect(await store.get(key)).toBeUndefined();
      expect(await store.delete([key])).toEqual([]);
    }
    expect(await keysOf(store.list(""))).toEqual(["a/b/c"]);
    expect(await tree(root)).toEqual(["a/", "a/b/", "a/b/c"]);
  });

  test("is no object where the removal of a directory fails with EPERM", async () => {
    const root = await scratch();
    await mkdir(join(root, "a/b"), { recursive: true });
    const files = { ...nodeFileSystem, unlink: () => Promise.reject(systemError("EPERM")) };
    expect(await new LocalStore({ root }, files).delete(["a/b"])).toEqual([]);
  });
});

async function linkTwice(staged: string, file: string): Promise<void> {
  await link(staged, file);
  await link(staged, file);
}

async function unlinkFirst(staged: string, file: string): Promise<void> {
  await unlink(staged);
  await link(staged, file);
}

import { mkdir, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { nodeFileSystem } from "../src/file-system.ts";
import { FsStore } from "../src/index.ts";
import { LocalStore } from "../src/local-store.ts";
import { bytes, keysOf, scratch, tree } from "./support/scratch.ts";
import { gate, watched } from "./support/watched-files.ts";

const exchanged = {
  code: "Misconfigured",
  message: expect.stringMatching(/when it was found, and is .* now; put/),
};

describe("a root that leads to another directory while the store is open", () => {
  test("by its symbolic link is refused by every call, until it leads back, and nothing is written", async () => {
    const { root, first, second } = await linked();
    const store = new FsStore({ root });
    await store.create("a/b", bytes("body"));
    await pointTo(root, second);

    await expect(store.create("a/c", bytes("body"))).rejects.toMatchObject(exchanged);
    await expect(store.create("a/b", bytes("body"))).rejects.toMatchObject(exchanged);
    await expect(store.get("a/b")).rejects.toMatchObject(exchanged);
    await expect(keysOf(store.list(""))).rejects.toMatchObject(exchanged);
    await expect(store.delete(["a/b"])).rejects.toMatchObject(exchanged);
    expect([await tree(first), await tree(second)]).toEqual([["a/", "a/b"], []]);

    await pointTo(root, first);
    expect(await store.create("a/b", bytes("other"))).toBe("exists");
    expect(await store.get("a/b")).toEqual(bytes("body"));
  });

  test("by another in its place is refused, and so is one that was removed and made anew", async () => {
    const root = join(await scratch(), "root");
    const store = new FsStore({ root });
    await store.create("a", bytes("body"));
    await rename(root, `${root}-away`);
    await mkdir(root);
    await expect(store.create("a", bytes("other"))).rejects.toMatchObject(exchanged);
    expect(await tree(root)).toEqual([]);
    await rm(root, { recursive: true });
    await rename(`${root}-away`, root);
    expect(await store.create("a", bytes("other"))).toBe("exists");
  });

  test("that the store has made again itself is used, by this store and by no other that was open", async () => {
    const root = join(await scratch(), "root");
    const [one, other] = [new FsStore({ root }), new FsStore({ root })];
    await one.create("a", bytes("body"));
    await other.get("a");
    await rename(root, `${root}-away`);
    expect(await one.get("a")).toBeUndefined();
    expect(await one.create("a", bytes("again"))).toBe("created");
    expect(await one.get("a")).toEqual(bytes("again"));
    await expect(other.get("a")).rejects.toMatchObject(exchanged);
  });

  test("between two pages of a listing ends it", async () => {
    const { root, first, second } = await linked();
    await Promise.all(Array.from({ length: 1_001 }, (_, number) => writeFile(join(first, `${number}`), "")));
    const pages = new FsStore({ root }).list("");
    await pages.next();
    await pointTo(root, second);
    await expect(pages.next()).rejects.toMatchObject(exchanged);
  });

  test("in the middle of a create is unknown, never created, and then refused", async () => {
    const { root, first, second } = await linked();
    const held = gate();
    const files = watched((call) => (call.startsWith(`link ${first}/`) ? held.pass() : undefined));
    const store = new LocalStore({ root }, files);
    const creating = store.create("a/b", bytes("body"));
    await held.reached;
    await pointTo(root, second);
    const other = new FsStore({ root });
    expect(await other.create("a/b", bytes("other"))).toBe("created");
    held.open();
    await expect(creating).rejects.toMatchObject({
      code: "Unavailable",
      message: expect.stringContaining("perhaps not beneath the root"),
    });
    await expect(store.create("a/b", bytes("body"))).rejects.toMatchObject(exchanged);
  });

  test.each([false, true])(
    "away in the middle of a create is unknown too, and made again meanwhile: %s",
    async (isMadeAgain) => {
      const root = join(await scratch(), "root");
      const held = gate();
      const files = watched((call) => (call === `sync ${root}/a` ? held.pass() : undefined));
      const store = new LocalStore({ root }, files);
      const creating = store.create("a/b", bytes("body"));
      await held.reached;
      await rename(root, `${root}-away`);
      if (isMadeAgain) expect(await store.create("c", bytes("other"))).toBe("created");
      held.open();
      await expect(creating).rejects.toMatchObject({
        code: "Unavailable",
        message: expect.stringContaining("went away meanwhile"),
      });
    },
  );

  test("while two calls find it is used by neither of them as two trees", async () => {
    const { root, first, second } = await linked();
    const held = gate();
    let isFirst = true;
    // The slow call has found the path of the first directory, and has yet to look at it.
    const lstat = async (path: string): ReturnType<typeof nodeFileSystem.lstat> => {
      const stats = await nodeFileSystem.lstat(path);
      if (path === first && isFirst) {
        isFirst = false;
        await held.pass();
      }
      return stats;
    };
    const store = new LocalStore({ root }, { ...nodeFileSystem, lstat });
    const slow = store.create("a/b", bytes("other")).catch((error: unknown) => error);
    await held.reached;
    await pointTo(root, second);
    expect(await store.create("a/b", bytes("body"))).toBe("created");
    held.open();
    expect(await slow).toMatchObject(exchanged);
    expect(await store.get("a/b")).toEqual(bytes("body"));
    expect([await tree(first), await tree(second)]).toEqual([[], ["a/", "a/b"]]);
  });

  test.each([
    { birth: "a time of birth", known: true },
    { birth: "no time of birth", known: false },
  ])("with the same inode is told by $birth, where there is one", async ({ known }) => {
    const root = await scratch();
    let born = 1n;
    const stat = async (path: string): ReturnType<typeof nodeFileSystem.stat> => {
      const stats = await nodeFileSystem.lstat(path);
      // Without a time of birth, Node gives that of the last change.
      const birthtimeNs = known ? born : stats.ctimeNs;
      return Object.assign(Object.create(stats), { birthtimeNs });
    };
    const store = new LocalStore({ root }, { ...nodeFileSystem, stat, lstat: stat });
    await store.create("a", bytes("body"));
    born = 2n;
    const outcome = store.create("b", bytes("body"));
    if (known) await expect(outcome).rejects.toMatchObject(exchanged);
    else expect(await outcome).toBe("created");
  });
});

/** A symbolic link and two directories, of which it leads to the first. */
async function linked(): Promise<{ root: string; first: string; second: string }> {
  const above = await scratch();
  const [root, first, second] = ["root", "first", "second"].map((name) => join(above, name)) as [
    string,
    string,
    string,
  ];
  await mkdir(first);
  await mkdir(second);
  await symlink(first, root);
  return { root, first, second };
}

async function pointTo(root: string, directory: string): Promise<void> {
  await unlink(root);
  await symlink(directory, root);
}

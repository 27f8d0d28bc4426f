import { mkdir, rm, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Entry, nodeFileSystem } from "../src/file-system.ts";
import { FsStore } from "../src/index.ts";
import { LocalStore } from "../src/local-store.ts";
import { bytes, keysOf, scratch } from "./support/scratch.ts";
import { gate, watched } from "./support/watched-files.ts";

const folders = { delimiter: "/" } as const;

describe("a listing", () => {
  test("reads a directory when it comes to it, not before", async () => {
    const root = await scratch();
    await fill(root, "a", 1_000);
    await fill(root, "b", 1);
    await fill(root, "c", 1);
    const { store, calls } = counted(root);
    const pages = store.list("")[Symbol.asyncIterator]();
    await pages.next();
    await pages.return?.();
    expect(calls("readdir")).toEqual(["", "/a"]);
    expect(calls("lstat").filter((path) => path.startsWith("/a/"))).toHaveLength(1_000);
  });

  test("has at most 1,000 keys a page, across directories", async () => {
    const root = await scratch();
    await fill(root, "a/b", 700);
    await fill(root, "a/c", 400);
    const sizes: number[] = [];
    for await (const { objects } of new FsStore({ root }).list("a/")) sizes.push(objects.length);
    expect(sizes).toEqual([1_000, 100]);
  });

  test("with the delimiter reads that one directory, and of the folders no more than a first key", async () => {
    const root = await scratch();
    await fill(root, "a", 1);
    await fill(root, "a/b", 10);
    await fill(root, "a/c", 10);
    const { store, calls } = counted(root);
    const pages = [];
    for await (const page of store.list("a/", { delimiter: "/" })) pages.push(page);
    expect(pages).toEqual([{ objects: [{ key: "a/0", size: 1 }], prefixes: ["a/b/", "a/c/"] }]);
    expect(calls("readdir")).toEqual(["/a"]);
  });

  test("goes on when a directory that it has yet to read is removed", async () => {
    const root = await scratch();
    await fill(root, "a", 1_000);
    await fill(root, "b", 3);
    await fill(root, "c", 3);
    const keys: string[] = [];
    for await (const { objects } of new FsStore({ root }).list("")) {
      keys.push(...objects.map(({ key }) => key));
      await rm(join(root, "b"), { recursive: true, force: true });
    }
    expect(keys.slice(1_000)).toEqual(["c/0", "c/1", "c/2"]);
  });

  test("shows what came in the place of a name that went away while the page was looked at", async () => {
    const root = await scratch();
    await fill(root, "_control", 1);
    let number = 0;
    const files = watched(async (call) => {
      // As a prune does: the next one is there before the one below it goes, four times in a row.
      if (!call.startsWith("lstat ") || !call.endsWith(`/_control/${number}`) || number === 4) return;
      number += 1;
      await writeFile(join(root, "_control", String(number)), "x");
      await unlink(join(root, "_control", String(number - 1)));
    });
    expect(await keysOf(new LocalStore({ root }, files).list("_control/"))).toEqual(["_control/4"]);
  });

  test("shows no name that is lower than the highest that was there, though the lower one was looked at first", async () => {
    const root = await scratch();
    await mkdir(join(root, "_control"));
    const put = (name: string): Promise<void> => writeFile(join(root, "_control", name), "x");
    await Promise.all(["5", "6"].map(put));
    const looked = gate();
    let isMoved = false;
    const files = watched(async (call) => {
      if (isMoved || !call.startsWith("lstat ") || !call.endsWith("/_control/6")) return;
      isMoved = true;
      // The look at 5 has found it. Now 7 is there before 5 and 6 go, and then comes the look at 6.
      await looked.reached;
      await put("7");
      await Promise.all(["5", "6"].map((name) => unlink(join(root, "_control", name))));
    });
    const lstat = files.lstat.bind(files);
    const store = new LocalStore(
      { root },
      {
        ...files,
        lstat: async (path) => {
          const stats = await lstat(path);
          if (path.endsWith("/_control/5")) void looked.pass();
          return stats;
        },
      },
    );
    expect(await keysOf(store.list("_control/"))).toEqual(["_control/7"]);
  });

  test("ends although names go away as fast as they are looked at, and says so", async () => {
    const root = await scratch();
    await fill(root, "a", 1);
    let number = 0;
    const files = watched(async (call) => {
      if (!call.startsWith("lstat ") || !call.endsWith(`/a/${number}`)) return;
      number += 1;
      await writeFile(join(root, "a", String(number)), "x");
      await unlink(join(root, "a", String(number - 1)));
    });
    await expect(keysOf(new LocalStore({ root }, files).list("a/"))).rejects.toMatchObject({
      code: "Unavailable",
    });
  });

  test("gives each key once where names go away on its second page", async () => {
    const root = await scratch();
    await fill(root, "a", 1_500);
    let isRemoved = false;
    const files = watched(async (call) => {
      if (isRemoved || !call.startsWith("lstat ") || !call.endsWith("/a/999")) return;
      isRemoved = true;
      await unlink(join(root, "a/999"));
    });
    const keys = await keysOf(new LocalStore({ root }, files).list("a/"));
    expect(keys).toHaveLength(1_499);
    expect(new Set(keys).size).toBe(1_499);
  });

  test("leaves out a file that is removed between its name and its size", async () => {
    const root = await scratch();
    await fill(root, "a", 3);
    const files = watched(async (call) => {
      if (call === `lstat ${root}/a/1`) await unlink(join(root, "a/1"));
    });
    expect(await keysOf(new LocalStore({ root }, files).list(""))).toEqual(["a/0", "a/2"]);
  });

  test("has no staging files, nothing with a name that is no key, and no empty folders", async () => {
    const root = await scratch();
    await fill(root, "a", 1);
    await mkdir(join(root, "lost+found"));
    await writeFile(join(root, "a/with space"), "");
    await writeFile(join(root, "a/.staging-1"), "");
    await mkdir(join(root, "empty/empty"), { recursive: true });
    await mkdir(join(root, "staged"));
    await writeFile(join(root, "staged/.staging-2"), "");
    const store = new FsStore({ root });
    expect(await keysOf(store.list(""))).toEqual(["a/0"]);
    const pages = [];
    for await (const page of store.list("", { delimiter: "/" })) pages.push(page);
    expect(pages.flatMap(({ prefixes }) => prefixes)).toEqual(["a/"]);
  });

  test("reads small folders ahead, several at a time, but none for the page after it", async () => {
    const root = await scratch();
    await Promise.all(numbers(990).map((number) => fill(root, `a/${1_000 + number}`, 1)));
    await Promise.all(numbers(20).map((number) => fill(root, `a/${2_000 + number}`, 5)));
    const reading = { now: 0, most: 0 };
    const readdir = async (path: string): ReturnType<typeof nodeFileSystem.readdir> => {
      reading.now += 1;
      reading.most = Math.max(reading.most, reading.now);
      try {
        return await nodeFileSystem.readdir(path);
      } finally {
        reading.now -= 1;
      }
    };
    const pages = new LocalStore({ root }, { ...nodeFileSystem, readdir }).list("a/");
    expect((await pages.next()).value?.objects).toHaveLength(1_000);
    expect(reading.most).toBeGreaterThan(8);
    expect(reading.most).toBeLessThanOrEqual(64);
    // Created after the page, and before the next is asked for.
    const rest = numbers(18).map((number) => `a/${2_002 + number}/`);
    await Promise.all(rest.map((folder) => writeFile(join(root, folder, "5"), "xy")));
    const second = await pages.next();
    const keys = rest.flatMap((folder) => numbers(6).map((number) => `${folder}${number}`));
    expect(second.value?.objects.map(({ key }) => key)).toEqual(keys);
    expect((await pages.next()).done).toBe(true);
  });

  test("ends a page in the middle of a small folder", async () => {
    const root = await scratch();
    await Promise.all(numbers(300).map((number) => fill(root, `a/${number}`, 7)));
    const pages: string[][] = [];
    for await (const { objects } of new FsStore({ root }).list("a/"))
      pages.push(objects.map(({ key }) => key));
    expect(pages.map(({ length }) => length)).toEqual([1_000, 1_000, 100]);
    const keys = numbers(300).flatMap((number) => numbers(7).map((each) => `a/${number}/${each}`));
    expect(pages.flat()).toEqual(keys.toSorted());
  });

  test("gives each key once, in order, whatever folders hold, and where a page ends", async () => {
    const root = await scratch();
    const counts = numbers(60).map((number) => (number % 7 === 0 ? 90 : number % 5));
    for (const [number, count] of counts.entries()) await fill(root, `a/${number}/b`, count);
    await fill(root, "a/70/c/d", 3);
    await Promise.all(numbers(20).map((each) => writeFile(join(root, `a/f${each}`), "x")));
    const expected = [
      ...counts.flatMap((count, number) => numbers(count).map((each) => `a/${number}/b/${each}`)),
      ...numbers(20).map((each) => `a/f${each}`),
      ...numbers(3).map((each) => `a/70/c/d/${each}`),
    ];
    expect(await keysOf(new FsStore({ root }).list(""))).toEqual(expected.toSorted());
  });

  test("holds no names of a large folder that it read ahead: it is read again when its turn comes", async () => {
    const root = await scratch();
    await fill(root, "a/0", 1);
    await fill(root, "a/1", 1);
    await fill(root, "a/2", 100);
    const { store, calls } = counted(root);
    expect(await keysOf(store.list("a/"))).toHaveLength(102);
    expect(calls("readdir").filter((path) => path === "/a/2")).toHaveLength(2);
  });

  test("reads a few entries of an epoch, not each, to see that it holds a key", async () => {
    const root = await scratch();
    await Promise.all(numbers(200).map((number) => fill(root, `epoch=1/vnode=${number}`, 1)));
    let entries = 0;
    const opendir = async (path: string): Promise<AsyncIterable<Entry>> => {
      const all = await nodeFileSystem.opendir(path);
      return (async function* counting() {
        for await (const entry of all) {
          entries += 1;
          yield entry;
        }
      })();
    };
    const { value } = await new LocalStore({ root }, { ...nodeFileSystem, opendir }).list("", folders).next();
    expect(value).toEqual({ objects: [], prefixes: ["epoch=1/"] });
    expect(entries).toBeLessThan(50);
  });

  test("finds the one folder that holds a key behind many that a killed writer left empty", async () => {
    const root = await scratch();
    await Promise.all(numbers(100).map((number) => mkdir(join(root, `a/${number}`), { recursive: true })));
    await fill(root, "a/last", 1);
    const opendir = async (path: string): Promise<AsyncIterable<Entry>> => {
      const all = await nodeFileSystem.readdir(path);
      return (async function* lastOfAll() {
        yield* all.filter(({ name }) => name !== "last");
        yield* all.filter(({ name }) => name === "last");
      })();
    };
    const store = new LocalStore({ root }, { ...nodeFileSystem, opendir });
    expect((await store.list("", folders).next()).value).toEqual({ objects: [], prefixes: ["a/"] });
    await rm(join(root, "a/last"), { recursive: true });
    expect((await store.list("", folders).next()).done).toBe(true);
  });

  test("of a key, as if it were a folder, is empty", async () => {
    const root = await scratch();
    await fill(root, "a", 1);
    expect(await keysOf(new FsStore({ root }).list("a/0/"))).toEqual([]);
    expect(await keysOf(new FsStore({ root }).list("a/0/b/"))).toEqual([]);
  });
});

test("no more than 64 files and directories are open at once", async () => {
  const root = await scratch();
  const open = { now: 0, most: 0 };
  const files = watched((call) => {
    if (call.startsWith("open ")) open.now += 1;
    if (call.startsWith("close ")) open.now -= 1;
    open.most = Math.max(open.most, open.now);
  });
  const store = new LocalStore({ root, fsync: false }, files);
  const keys = Array.from({ length: 500 }, (_, number) => `a/${number}/b`);
  await Promise.all(keys.map((key) => store.create(key, bytes("body"))));
  await Promise.all(keys.map((key) => store.get(key)));
  await Promise.all([store.delete(keys), keysOf(store.list(""))]);
  expect(open.most).toBeGreaterThan(32);
  expect(open.most).toBeLessThanOrEqual(64);
});

function counted(root: string): { store: LocalStore; calls: (name: string) => string[] } {
  const seen: string[] = [];
  const store = new LocalStore(
    { root },
    watched((call) => {
      seen.push(call.replace(root, ""));
    }),
  );
  const calls = (name: string): string[] =>
    seen.filter((call) => call.startsWith(`${name} `)).map((call) => call.slice(name.length + 1));
  return { store, calls };
}

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, number) => number);
}

async function fill(root: string, directory: string, count: number): Promise<void> {
  await mkdir(join(root, directory), { recursive: true });
  const names = Array.from({ length: count }, (_, number) => String(number));
  await Promise.all(names.map((name) => writeFile(join(root, directory, name), "x")));
}

import { chmod, mkdir, utimes } from "node:fs/promises";
import { join } from "node:path";
import { kill } from "node:process";
import { describe, expect, test, vi } from "vitest";
import { FsStore } from "../src/index.ts";
import { startChild } from "./hostile/child.ts";
import type { Child } from "./hostile/child.ts";
import { mountRefusal, ownMounts } from "./hostile/mounts.ts";
import { bytes, keysOf, scratch, tree } from "./support/scratch.ts";

// Processes start slowly on a machine that is busy.
vi.setConfig({ testTimeout: 60_000 });

const mountable = test.skipIf(mountRefusal !== undefined);
const because = mountRefusal === undefined ? "" : ` (skipped: ${mountRefusal})`;

describe("a full disk", () => {
  mountable(
    `refuses a create as Unavailable, keeps what is there, and takes it once there is room${because}`,
    async () => {
      const child = await onOwnDisk("full-disk.ts");
      expect(await child.next()).toEqual({
        tooLarge: "Unavailable ENOSPC",
        afterTooLarge: { keys: ["a/kept", "a/other"], staged: [] },
        full: {
          create: "Unavailable ENOSPC",
          again: "Unavailable ENOSPC",
          empty: "created",
          get: 4096,
          keys: ["a/kept", "a/other", "b/empty"],
          staged: [],
          delete: "deleted",
        },
        afterDelete: "created",
        afterFree: {
          create: "created",
          lengths: ["a/kept 4096", "a/large 100000", "a/new 4096", "b/empty 0"],
          staged: [],
        },
      });
    },
  );

  mountable(`that runs out of inodes at any step of a create does the same${because}`, async () => {
    const child = await onOwnDisk("few-inodes.ts");
    for (const spare of [0, 1, 2, 3]) {
      expect(await child.next()).toEqual({
        spare,
        short: "Unavailable ENOSPC",
        listed: [],
        left: [],
        again: "created",
        kept: 5,
      });
    }
    expect(await child.next()).toMatchObject({ spare: 4, short: "created", again: "exists" });
  });

  mountable(
    `leaves a seal unknown, never wrong, and the epoch is completed once there is room${because}`,
    async () => {
      const child = await onOwnDisk("sealing-on-full-disk.ts");
      expect(await child.next()).toEqual({
        first: true,
        full: {
          complete: "OutcomeUnknown, sealed: unknown (Unavailable ENOSPC)",
          again: "OutcomeUnknown, sealed: unknown (Unavailable ENOSPC)",
          latest: 1,
          state: "open",
          write: "StoreFailed, sealed: unknown (Unavailable ENOSPC)",
          open: "open",
          read: "5000 of 1",
        },
        roomy: { complete: true, latest: 2 },
        prune: "OutcomeUnknown, sealed: unknown (Unavailable ENOSPC)",
        unchanged: true,
        pruned: { floor: 2, keys: [] },
        next: true,
        read: ["5000 of 2", "5000 of 3"],
        staged: [],
      });
    },
  );
});

mountable(
  `a disk mounted read-only is Denied to writers alone, and written once it is writable${because}`,
  async () => {
    const child = await onOwnDisk("read-only.ts");
    expect(await child.next()).toEqual({
      readOnly: {
        create: "Denied EROFS",
        newFolder: "Denied EROFS",
        newStore: "Denied EROFS",
        newRoot: "Denied EROFS",
        get: 4,
        keys: ["other/a"],
        delete: "Denied EROFS",
        complete: "StoreFailed, sealed: no (Denied EROFS)",
        latest: "none",
        reader: "open",
      },
      writable: {
        create: "created",
        delete: "deleted",
        keys: ["other/b"],
        complete: true,
        latest: 1,
        staged: [],
      },
    });
  },
);

describe("a user without rights", () => {
  test.each([
    { lacks: "to write", mode: 0o555, read: 4, listed: ["a/doomed", "a/kept"] },
    { lacks: "to search", mode: 0o444, read: "Denied EACCES", listed: "Denied EACCES" },
    { lacks: "to do anything", mode: 0o000, read: "Denied EACCES", listed: "Denied EACCES" },
  ])("$lacks is Denied, and goes on with the same store once given them", async ({ mode, read, listed }) => {
    const root = await scratch();
    const plain = new FsStore({ root, fileMode: 0o644, directoryMode: 0o755 });
    for (const key of ["a/kept", "a/doomed", "b/kept"]) await plain.create(key, new Uint8Array(4));
    await allow(root, mode);
    const child = startChild("without-rights.ts", [root]);
    expect(await child.next()).toEqual({
      turn: "without",
      get: read,
      list: listed,
      create: "Denied EACCES",
      createBeside: "Denied EACCES",
      delete: "Denied EACCES",
    });
    await allow(root, 0o777);
    expect(await tree(root)).toEqual(["a/", "a/doomed", "a/kept", "b/", "b/kept"]);
    child.go();
    expect(await child.next()).toEqual({
      turn: "with",
      get: 4,
      list: ["a/doomed", "a/kept"],
      create: "created",
      createBeside: "created",
      delete: "deleted",
    });
    expect(await tree(root)).toEqual(["a/", "a/kept", "a/new", "b/", "b/kept", "b/new"]);
  });
});

test("too few descriptors are Throttled, lose nothing, and end with the shortage", async () => {
  const child = startChild("few-files.ts", [await scratch()], ["sh", "-c", 'ulimit -n 160; exec "$@"', "sh"]);
  expect(await child.next()).toEqual({
    none: {
      create: "Throttled EMFILE",
      newStore: "Throttled EMFILE",
      get: "Throttled EMFILE",
      list: "Throttled EMFILE",
      delete: "Throttled EMFILE",
    },
    one: {
      // It is there, so that no code which says that nothing was written will do.
      unflushed: "Unavailable EMFILE",
      get: 4,
      again: "exists",
      create: "created",
      delete: "deleted",
    },
    kinds: expect.toSatisfy((kinds: string[]) => kinds.every((kind) => expected.has(kind))),
    lost: [],
    complete: true,
    isTrue: true,
    keys: ["a/kept a/new a/unflushed", 64],
  });
});
const expected: ReadonlySet<string> = new Set(["created", "Throttled EMFILE", "Unavailable EMFILE"]);

test("a writer that stood still while its staging file was swept is Unavailable, and its next attempt creates", async () => {
  const root = await scratch();
  const child = startChild("stopped-writer.ts", [root]);
  const { staged } = (await child.next()) as { staged: string };
  kill(child.pid, "SIGSTOP");
  const yesterday = new Date(Date.now() - 25 * 60 * 60 * 1_000);
  await utimes(staged, yesterday, yesterday);
  expect(await new FsStore({ root }).create("other", bytes("body"))).toBe("created");
  expect(await tree(root)).toEqual(["a/", "other"]);
  child.go();
  kill(child.pid, "SIGCONT");
  expect(await child.next()).toBe("Unavailable ENOENT");
  expect(await child.next()).toBe("created");
  expect(await tree(root)).toEqual(["a/", "a/b", "other"]);
});

test("a stopped writer whose staging file is young is left alone and wins", async () => {
  const root = await scratch();
  const child = startChild("stopped-writer.ts", [root]);
  await child.next();
  kill(child.pid, "SIGSTOP");
  await new FsStore({ root }).create("other", bytes("body"));
  child.go();
  kill(child.pid, "SIGCONT");
  expect(await child.next()).toBe("created");
  expect(await child.next()).toBe("exists");
});

test.each(["Zustände 状態 🗄", " a root ", "100%25?#&'\"\\$(x)*[y]", "line\nbreak", "e\u0301 is not \u00e9"])(
  "a root named %j holds a store like any other",
  async (name) => {
    const root = join(await scratch(), name, name);
    const store = new FsStore({ root });
    expect(await store.create("a/b", bytes("body"))).toBe("created");
    expect(await new FsStore({ root }).create("a/b", bytes("other"))).toBe("exists");
    expect(await store.get("a/b")).toEqual(bytes("body"));
    expect(await keysOf(store.list("a/"))).toEqual(["a/b"]);
    expect(await tree(root)).toEqual(["a/", "a/b"]);
    await mkdir(join(root, "folder"));
    await expect(store.create("a", bytes("body"))).rejects.toMatchObject({
      code: "InvalidKey",
      message: expect.stringContaining(join(root, "a")),
    });
    expect(await store.delete(["a/b"])).toEqual([]);
    expect(await tree(root)).toEqual(["folder/"]);
  },
);

/** The modes of a folder, and of the one in it that others are made in. */
async function allow(root: string, mode: number): Promise<void> {
  await chmod(root, 0o755);
  for (const name of ["a", "b", ".staging-state"]) await chmod(join(root, name), mode);
}

async function onOwnDisk(script: string): Promise<Child> {
  return startChild(script, [await scratch()], ownMounts);
}

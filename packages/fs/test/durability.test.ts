import { dirname, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { LocalStore } from "../src/local-store.ts";
import { bytes, scratch, tree } from "./support/scratch.ts";
import { gate, systemError, watched } from "./support/watched-files.ts";
import type { Call, Gate } from "./support/watched-files.ts";

test("create flushes the file, links it, and flushes every directory that it made, up to the root's parent", async () => {
  const { root, store, flushes } = await watchedStore();
  await store.create("a/b/c", bytes("body"));
  expect(flushes()).toEqual(["sync ..", "sync .staging", "link .staging", "sync a/b", "sync a", "sync ."]);
  expect(await tree(root)).toEqual(["a/", "a/b/", "a/b/c"]);
});

test("a second create in a directory flushes that directory alone", async () => {
  const { store, flushes } = await watchedStore();
  await store.create("a/b/c", bytes("body"));
  flushes();
  await store.create("a/b/d", bytes("body"));
  expect(flushes()).toEqual(["sync .staging", "link .staging", "sync a/b"]);
});

test("a root that is made with the directories above it is flushed in each of them, from above", async () => {
  const above = await scratch();
  const synced: string[] = [];
  const files = watched((call) => {
    if (call.startsWith("sync ") && !call.includes(".staging-")) synced.push(call.slice("sync ".length));
  });
  await new LocalStore({ root: join(above, "x/y/root") }, files).create("a", bytes("body"));
  const folders = [above, join(above, "x"), join(above, "x/y"), join(above, "x/y/root")];
  // The lowest that was there too: who made it may have been killed before it came so far.
  expect(synced).toEqual([dirname(above), ...folders]);
});

test("a flush above the root that failed is made up for by the next create", async () => {
  const above = await scratch();
  const synced: string[] = [];
  const files = watched((call) => {
    if (!call.startsWith("sync ") || call.includes(".staging-")) return;
    synced.push(call.slice("sync ".length));
    if (synced.length === 2) throw systemError("EIO");
  });
  const store = new LocalStore({ root: join(above, "x/root") }, files);
  await expect(store.create("a", bytes("body"))).rejects.toMatchObject({ code: "Unavailable" });
  expect(await store.create("a", bytes("body"))).toBe("created");
  expect(synced).toEqual([dirname(above), above, above, join(above, "x"), join(above, "x/root")]);
});

test("a directory that another process made is flushed up to the root too, for its maker may not have", async () => {
  const { root, store, flushes } = await watchedStore();
  await new LocalStore(
    { root, fsync: false },
    watched(() => undefined),
  ).create("a/b/c", bytes("body"));
  await store.create("a/b/d", bytes("body"));
  expect(flushes().slice(-3)).toEqual(["sync a/b", "sync a", "sync ."]);
});

test("a directory that another process removed and made again is flushed up to the root again", async () => {
  const { root, store, flushes } = await watchedStore();
  await store.create("a/b/c", bytes("body"));
  const other = new LocalStore(
    { root, fsync: false },
    watched(() => undefined),
  );
  await other.delete(["a/b/c"]);
  await other.create("a/b/c", bytes("body"));
  flushes();
  await store.create("a/b/d", bytes("body"));
  expect(flushes().slice(-3)).toEqual(["sync a/b", "sync a", "sync ."]);
});

test("the loser of a race flushes the directory, as the winner may be gone before it does", async () => {
  const { root, store, flushes } = await watchedStore();
  await new LocalStore(
    { root, fsync: false },
    watched(() => undefined),
  ).create("a/b", bytes("body"));
  expect(await store.create("a/b", bytes("other"))).toBe("exists");
  expect(flushes().slice(-2)).toEqual(["sync a", "sync ."]);
});

test.each(["EIO", "EACCES", "ENOSPC"])(
  "a create whose directory cannot be flushed (%s) is neither created nor refused",
  async (errno) => {
    const root = await scratch();
    const store = new LocalStore(
      { root },
      watched((call) => {
        if (call === `sync ${root}/a`) throw systemError(errno);
      }),
    );
    await expect(store.create("a/b", bytes("body"))).rejects.toMatchObject({ code: "Unavailable" });
    await expect(store.create("a/b", bytes("body"))).rejects.toMatchObject({ code: "Unavailable" });
  },
);

test("creates that come while their directory is flushed return after one flush that starts after their links", async () => {
  const { store, flushes, linked } = await heldFlushes();
  const first = store.create("a/1", bytes("body"));
  await flushes[0].reached;
  const others = Promise.all(["a/2", "a/3", "a/4"].map((key) => store.create(key, bytes("body"))));
  await linked(4);
  flushes[0].open();
  expect(await first).toBe("created");
  expect(await Promise.race([others, flushes[1].reached.then(() => "flushing")])).toBe("flushing");
  flushes[1].open();
  expect(await others).toEqual(["created", "created", "created"]);
  expect(flushes.map(({ started }) => started)).toEqual([true, true, false]);
});

test("if the flush of a directory fails, creates that wait for the next one fail too, and later ones do not", async () => {
  const { store, flushes, linked } = await heldFlushes("EIO");
  const first = store.create("a/1", bytes("body"));
  await flushes[0].reached;
  const other = store.create("a/2", bytes("body"));
  await linked(2);
  const outcomes = Promise.allSettled([first, other]);
  flushes[0].open();
  expect(await outcomes).toMatchObject([
    { status: "rejected", reason: { code: "Unavailable" } },
    { status: "rejected", reason: { code: "Unavailable" } },
  ]);
  expect(flushes[1].started).toBe(false);
  flushes[1].open();
  expect(await store.create("a/2", bytes("body"))).toBe("exists");
});

test("after a failed fsync of a file everything is written anew", async () => {
  const root = await scratch();
  const staged: string[] = [];
  const store = new LocalStore(
    { root },
    watched((call) => {
      if (!call.startsWith("sync ") || !call.includes(".staging-")) return;
      staged.push(call);
      if (staged.length === 1) throw systemError("EIO");
    }),
  );
  await expect(store.create("a/b", bytes("body"))).rejects.toMatchObject({
    code: "Unavailable",
    retryable: true,
  });
  expect(await tree(root)).toEqual([]);
  expect(await store.create("a/b", bytes("body"))).toBe("created");
  expect(new Set(staged).size).toBe(2);
});

test.each(["EINVAL", "ENOTSUP", "EOPNOTSUPP", "EPERM"])(
  "a file system that flushes no directory (%s) is used without, and asked once",
  async (errno) => {
    const root = await scratch();
    let asked = 0;
    const store = new LocalStore(
      { root },
      watched((call) => {
        if (!call.startsWith("sync ") || call.includes(".staging-state/")) return;
        asked += 1;
        throw systemError(errno);
      }),
    );
    expect(await store.create("a/b", bytes("body"))).toBe("created");
    expect(await store.create("c/d", bytes("body"))).toBe("created");
    expect(await store.delete(["a/b"])).toEqual([]);
    expect(asked).toBe(1);
  },
);

test("delete flushes the directory that stays", async () => {
  const { store, flushes } = await watchedStore();
  await store.create("a/b", bytes("body"));
  await store.create("a/c", bytes("body"));
  flushes();
  expect(await store.delete(["a/b"])).toEqual([]);
  expect(flushes()).toEqual(["sync a"]);
});

test("delete removes the directories that it empties and flushes the lowest that stays, once", async () => {
  const { root, store, flushes } = await watchedStore();
  await Promise.all(["a/b/c/1", "a/b/c/2", "a/b/d/3", "a/e"].map((key) => store.create(key, bytes("body"))));
  flushes();
  expect(await store.delete(["a/b/c/1", "a/b/d/3", "a/b/c/2"])).toEqual([]);
  expect(await tree(root)).toEqual(["a/", "a/e"]);
  expect(flushes()).toEqual(["sync a"]);
  await store.delete(["a/e"]);
  expect(await tree(root)).toEqual([]);
  expect(flushes()).toEqual(["sync ."]);
});

test("deleting what is gone already flushes as well, as who removed it may not have come so far", async () => {
  const { root, store, flushes } = await watchedStore();
  await store.create("a/b", bytes("body"));
  await new LocalStore(
    { root, fsync: false },
    watched(() => undefined),
  ).delete(["a/b"]);
  flushes();
  await store.delete(["a/b"]);
  expect(flushes()).toEqual(["sync ."]);
});

test("a delete whose flush fails reports every key", async () => {
  const root = await scratch();
  const store = new LocalStore(
    { root },
    watched((call) => {
      if (call === `sync ${root}` && deleting) throw systemError("EIO");
    }),
  );
  let deleting = false;
  await store.create("a", bytes("body"));
  await store.create("b/c", bytes("body"));
  deleting = true;
  const failures = await store.delete(["a", "b/c"]);
  expect(new Set(failures.map(({ key, error }) => `${key} ${error.code}`))).toEqual(
    new Set(["a Unavailable", "b/c Unavailable"]),
  );
});

test("with fsync: false nothing is flushed", async () => {
  const { store, flushes } = await watchedStore(false);
  await store.create("a/b", bytes("body"));
  await store.create("a/b", bytes("body"));
  await store.delete(["a/b"]);
  expect(flushes().filter((call) => call.startsWith("sync"))).toEqual([]);
});

/**
 * A store, and the flushes and links since they were last asked for, relative to its root, staging
 * files without their uuid.
 */
async function watchedStore(
  fsync?: boolean,
): Promise<{ root: string; store: LocalStore; flushes: () => string[] }> {
  const root = await scratch();
  const calls: Call[] = [];
  const files = watched((call) => {
    if (/^(sync|link) /.test(call)) calls.push(call);
  });
  const relative = (call: Call): string =>
    call
      .replace(/ (.*)$/, (_, path: string) =>
        path === dirname(root) ? " .." : ` .${path.slice(root.length)}`,
      )
      .replace(" ./", " ")
      .replace(/\.staging-.*/, ".staging");
  return {
    root,
    store: new LocalStore({ root, fsync }, files),
    flushes: () => calls.splice(0).map(relative),
  };
}

interface HeldFlush extends Gate {
  started: boolean;
}

/**
 * A store whose flushes of the directory `a` are held until they are let go.
 *
 * @param failure of the first of them
 * @returns `linked(n)`: resolves when so many creates have cleared up behind their links, and wait for a flush
 */
async function heldFlushes(failure?: string): Promise<{
  store: LocalStore;
  flushes: [HeldFlush, HeldFlush, HeldFlush];
  linked: (count: number) => Promise<void>;
}> {
  const root = await scratch();
  const flushes: [HeldFlush, HeldFlush, HeldFlush] = [heldFlush(), heldFlush(), heldFlush()];
  const cleared = Array.from({ length: 8 }, () => Promise.withResolvers<void>());
  let unlinks = 0;
  const files = watched(async (call) => {
    if (call !== `sync ${root}/a`) return;
    const flush = flushes.find(({ started }) => !started);
    if (flush === undefined) throw new Error("flushed once more");
    flush.started = true;
    await flush.pass();
    if (failure !== undefined && flush === flushes[0]) throw systemError(failure);
  });
  const unlink = async (path: string): Promise<void> => {
    await files.unlink(path);
    cleared[unlinks]?.resolve();
    unlinks += 1;
  };
  const linked = async (count: number): Promise<void> => {
    await cleared[count - 1]?.promise;
    // Until the create has gone on.
    await setImmediate();
  };
  return { store: new LocalStore({ root }, { ...files, unlink }), flushes, linked };
}

function heldFlush(): HeldFlush {
  return { ...gate(), started: false };
}

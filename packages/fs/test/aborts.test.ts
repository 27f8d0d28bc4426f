import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import type { ObjectStore } from "@state/core";
import { FsStore } from "../src/index.ts";
import { LocalStore } from "../src/local-store.ts";
import { bytes, keysOf, scratch, tree } from "./support/scratch.ts";
import { gate, watched } from "./support/watched-files.ts";
import type { Gate } from "./support/watched-files.ts";

test.each(["open", "write", "sync", "close", "lstat"])(
  "a create that hangs in %s is left at once with the reason, makes nothing and clears up behind itself",
  async (call) => {
    const { root, store, held } = await holding(
      (each) => each.startsWith(`${call} `) && /staging-/i.test(each),
    );
    const { controller, running } = started((signal) => store.create("a/b", bytes("body"), { signal }));
    await held.reached;
    controller.abort("enough");
    expect(await running).toBe("enough");
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    held.open();
    await store.close();
    expect((await tree(root)).filter((name) => !name.endsWith("/"))).toEqual([]);
    expect(await store.create("a/b", bytes("body"))).toBe("created");
  },
);

test("a create that is aborted while it links leaves the object whole, and no staging file", async () => {
  const { root, store, held } = await holding((call) => call.startsWith("link "));
  const { controller, running } = started((signal) => store.create("a/b", bytes("body"), { signal }));
  await held.reached;
  controller.abort("enough");
  expect(await running).toBe("enough");
  held.open();
  await store.close();
  expect(await tree(root)).toEqual(["a/", "a/b"]);
  expect(await store.get("a/b")).toEqual(bytes("body"));
});

test.each([
  ["get", "open", async (store, signal) => store.get("a/b", { signal })],
  ["list", "readdir", async (store, signal) => keysOf(store.list("a/", { signal }))],
  ["list of sizes", "lstat", async (store, signal) => keysOf(store.list("a/", { signal }))],
  ["delete", "unlink", async (store, signal) => store.delete(["a/b"], { signal })],
] as const satisfies readonly [
  string,
  string,
  (store: ObjectStore, signal: AbortSignal) => Promise<unknown>,
][])("a %s that hangs in %s is left at once with the reason", async (_, call, operation) => {
  const { root, store, held } = await holding((each) => each.startsWith(`${call} `) && each.includes("/a"));
  await new FsStore({ root, fsync: false }).create("a/b", bytes("body"));
  const { controller, running } = started((signal) => operation(store, signal));
  await held.reached;
  const reason = { any: "thing" };
  controller.abort(reason);
  expect(await running).toBe(reason);
  expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  held.open();
  await store.close();
});

test("one that waits for its turn behind 64 others is left at once too", async () => {
  const { store, held } = await holding((call) => call.startsWith("sync ") && call.includes("staging-"));
  const others = Array.from({ length: 64 }, (_, number) => store.create(`a/${number}`, bytes("body")));
  await held.reached;
  const { controller, running } = started((signal) => store.create("a/last", bytes("body"), { signal }));
  controller.abort("enough");
  expect(await running).toBe("enough");
  held.open();
  expect(await Promise.all(others)).toEqual(others.map(() => "created"));
  await store.close();
  expect(await store.get("a/last")).toBeUndefined();
});

test("a signal that lives through a thousand operations gathers no listeners", async () => {
  const store = new FsStore({ root: await scratch(), fsync: false });
  const { signal } = new AbortController();
  for (let number = 0; number < 250; number += 1) {
    await store.create(`a/${number}`, bytes("body"), { signal });
    await store.get(`a/${number}`, { signal });
    await keysOf(store.list("a/", { signal }));
    await store.delete([`a/${number}`], { signal });
  }
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

/** A store that stops at the first call that is meant, until the gate is opened. */
async function holding(
  isMeant: (call: string) => boolean,
): Promise<{ root: string; store: LocalStore; held: Gate }> {
  const root = await scratch();
  const held = gate();
  const files = watched((call) => (isMeant(call) ? held.pass() : undefined));
  return { root, store: new LocalStore({ root }, files), held };
}

/** Starts an operation; `running` resolves with what it rejects with. */
function started(operation: (signal: AbortSignal) => Promise<unknown>): {
  controller: AbortController;
  running: Promise<unknown>;
} {
  const controller = new AbortController();
  const running = operation(controller.signal).then(
    () => "it resolved",
    (reason: unknown) => reason,
  );
  return { controller, running };
}

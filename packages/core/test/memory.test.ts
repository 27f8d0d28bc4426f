import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { vnodeCapacity, World } from "../src/conformance/backend-suite/world.ts";
import { nextIteration } from "../src/conformance/store-suite/operations.ts";
import { ObjectStoreBackend } from "../src/index.ts";
import type { DeleteFailure, ListOptions, ListPage, ObjectStore } from "../src/store.ts";
import { MapStore } from "./support/map-store.ts";
import { pageOf } from "./support/pages.ts";

/** Once `grown` is set, one epoch has 200 pages of 1,000 partials each. A page is made when it is asked for. */
class EndlessEpochStore extends MapStore {
  grown = false;
  /** How many listed objects were not deleted yet when the next page was asked for, at most. */
  furthestAhead = 0;
  pages = 0;
  #listed = 0;
  #deleted = 0;
  readonly #prefix: string;

  constructor(epoch: number) {
    super();
    this.#prefix = `epoch=${epoch}/`;
  }

  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    if (!this.grown || prefix !== this.#prefix) {
      yield* super.list(prefix, options);
      return;
    }
    for (let page = 0; page < 200; page++) {
      this.furthestAhead = Math.max(this.furthestAhead, this.#listed - this.#deleted);
      this.pages += 1;
      const vnodes = Array.from({ length: 1000 }, (_, index) => 1_000_000 + page * 1000 + index);
      const keys = vnodes.map((vnode) => `${this.#prefix}vnode=${vnode}/partial.bin`);
      if (page === 0) keys.unshift(`${this.#prefix}_COMMIT`);
      this.#listed += keys.length;
      yield pageOf(keys);
    }
  }

  override async delete(keys: readonly string[]): Promise<readonly DeleteFailure[]> {
    this.#deleted += keys.length;
    return super.delete(keys);
  }
}

describe("what is held in memory", () => {
  test("by pruneBefore is a few pages, however many objects a pruned epoch has", async () => {
    const store = new EndlessEpochStore(1);
    const writer = await new World(store).open("A");
    await writer.seal(1, { 0: "old" });
    await writer.seal(2, { 0: "new" });
    const backend = await reopened(store);
    store.grown = true;

    const report = await backend.pruneBefore(2);

    expect(report).toMatchObject({ floor: 2, epochs: 1, objects: 200_001, failedCount: 0 });
    expect(store.pages).toBe(200);
    expect(store.furthestAhead).toBeLessThanOrEqual(2001);
  });

  test("by pruneBefore is a few pages, however many objects an epoch has that it makes void", async () => {
    const store = new EndlessEpochStore(7);
    const writer = await new World(store).open("A", { verifyObjects: true });
    await writer.seal(2, { 0: "new" });
    await writer.write(7, 0, "never sealed");
    const backend = await reopened(store);
    store.grown = true;

    const report = await backend.pruneBefore(8);

    expect(report).toMatchObject({ epochs: 1, objects: 200_000, failedCount: 0 });
    expect(store.furthestAhead).toBeLessThanOrEqual(2001);
  });

  test.each([
    { call: "latest", send: (backend: ObjectStoreBackend) => backend.latest() },
    { call: "sealedEpochs", send: (backend: ObjectStoreBackend) => backend.sealedEpochs() },
  ])("by $call is no object of any epoch: only folders are listed", async ({ send }) => {
    const actor = await new World(new MapStore()).open("A");
    const { backend, store } = actor;
    await actor.seal(1, { 0: "old" });
    await actor.seal(2, { 0: "new" });
    const sent = store.requests.length;

    await send(backend);

    expect(store.requests.slice(sent).filter((request) => request.startsWith("list epoch="))).toEqual([]);
  });

  test.each([
    { call: "latest", send: (backend: ObjectStoreBackend) => backend.latest() },
    { call: "sealedEpochs", send: (backend: ObjectStoreBackend) => backend.sealedEpochs() },
    { call: "pruneBefore", send: (backend: ObjectStoreBackend) => backend.pruneBefore(2) },
  ])("by $call is a few pages of what others have put beside the epochs", async ({ send }) => {
    const collectGarbage = garbageCollector();
    const alive: number[] = [];
    class Crowded extends MapStore {
      override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
        if (prefix !== "") {
          yield* super.list(prefix, options);
          return;
        }
        const given: WeakRef<ListPage["objects"]>[] = [];
        for (let page = 0; page < 200; page++) {
          const { objects } = pageOf([`0-others/${page}`]);
          given.push(new WeakRef(objects));
          yield { objects, prefixes: [] };
        }
        // What was not held on to by now is gone.
        await nextIteration();
        collectGarbage();
        alive.push(given.filter((objects) => objects.deref() !== undefined).length);
        yield* super.list(prefix, options);
      }
    }
    const store = new Crowded();
    const writer = await new World(store).open("A");
    await writer.seal(1, { 0: "old" });
    await writer.seal(2, { 0: "new" });
    const backend = await reopened(store);
    alive.length = 0;

    await send(backend);

    expect(alive.length).toBeGreaterThan(0);
    expect(Math.max(...alive)).toBeLessThanOrEqual(3);
  });
});

/** A backend on the store itself: a scripted store in between would read a whole listing at once. */
function reopened(store: ObjectStore): Promise<ObjectStoreBackend> {
  return ObjectStoreBackend.open({ store, instanceId: "B", vnodeCapacity });
}

function garbageCollector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}

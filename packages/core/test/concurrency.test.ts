import { describe, expect, test } from "vitest";
import { vnodeCapacity, World } from "../src/conformance/backend-suite/world.ts";
import { nextIteration } from "../src/conformance/store-suite/operations.ts";
import { ObjectStoreBackend, StoreError } from "../src/index.ts";
import { chunkKey } from "../src/layout.ts";
import type { DeleteFailure, ListOptions, ListPage, ObjectStore } from "../src/store.ts";
import { MapStore } from "./support/map-store.ts";
import { rejectionOf } from "./support/rejection.ts";
import { VirtualClock } from "./support/virtual-clock.ts";

/** Holds every response until the test lets one go, and counts how many requests are in flight. */
class GatedStore implements ObjectStore {
  readonly name = "gated";
  highest = 0;
  /** Of those with more than 100 keys. */
  highestBulkDeletes = 0;
  #bulkDeletes = 0;
  /** While a delete is in flight. */
  highestListsBesideDeletes = 0;
  #deletes = 0;
  #lists = 0;
  readonly #inner: ObjectStore;
  readonly #waiting: (() => void)[] = [];

  constructor(inner: ObjectStore) {
    this.#inner = inner;
  }

  async create(key: string, body: Uint8Array): Promise<"created" | "exists"> {
    await this.#gate();
    return this.#inner.create(key, body);
  }

  async get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    await this.#gate();
    return this.#inner.get(key);
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    const pages = this.#inner.list(prefix, options)[Symbol.asyncIterator]();
    for (;;) {
      this.#lists += 1;
      await this.#gate();
      this.#lists -= 1;
      const step = await pages.next();
      if (step.done === true) return;
      yield step.value;
    }
  }

  async delete(keys: readonly string[]): Promise<readonly DeleteFailure[]> {
    const bulk = keys.length > 100 ? 1 : 0;
    this.#bulkDeletes += bulk;
    this.highestBulkDeletes = Math.max(this.highestBulkDeletes, this.#bulkDeletes);
    this.#deletes += 1;
    await this.#gate();
    this.#deletes -= 1;
    this.#bulkDeletes -= bulk;
    return this.#inner.delete(keys);
  }

  /** Responds to one request after another, the oldest first, each only when all that can be sent has been sent. */
  async drive<T>(call: Promise<T>): Promise<T> {
    const state = { pending: true };
    const end = (): void => {
      state.pending = false;
    };
    call.then(end, end);
    for (await nextIteration(); state.pending; await nextIteration()) this.#waiting.shift()?.();
    return call;
  }

  /** Responds to whatever a call that has ended still has in flight, and to what that leads to. */
  async drain(): Promise<void> {
    for (await nextIteration(); this.#waiting.length > 0; await nextIteration()) this.#waiting.shift()?.();
  }

  #gate(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#deletes > 0)
        this.highestListsBesideDeletes = Math.max(this.highestListsBesideDeletes, this.#lists);
      this.highest = Math.max(this.highest, this.#waiting.length);
    });
  }
}

describe("requests in flight", () => {
  const calls: readonly {
    readonly call: string;
    readonly most: number;
    readonly send: (backend: ObjectStoreBackend) => Promise<unknown>;
  }[] = [
    // `latest` reads epochs eight at a time: unsealed epochs on top are few.
    { call: "latest", most: 8, send: (backend) => backend.latest() },
    { call: "latestCommittedEpoch", most: 8, send: (backend) => backend.latestCommittedEpoch() },
    { call: "sealedEpochs", most: 20, send: (backend) => backend.sealedEpochs() },
    { call: "pruneBefore", most: 20, send: (backend) => backend.pruneBefore(100) },
  ];

  test.each(calls.flatMap((call) => [2, 3, 8, 64].map((concurrency) => ({ ...call, concurrency }))))(
    "of $call are as many as $concurrency allows, and never more",
    async ({ concurrency, most, send }) => {
      const { backend, store } = await gated({ concurrency });

      await store.drive(send(backend));

      expect(store.highest).toBeLessThanOrEqual(concurrency);
      expect(store.highest).toBeGreaterThanOrEqual(Math.min(concurrency, most));
    },
  );

  test.each(calls)("of $call are one at a time where one is allowed", async ({ send }) => {
    const { backend, store } = await gated({ concurrency: 1 });

    await store.drive(send(backend));

    expect(store.highest).toBe(1);
  });

  test.each([1, 2, 64])(
    "of the bulk deletes of a prune are as many as %i in flight allows, and never more",
    async (concurrency) => {
      const { backend, store, inner } = await gated({ concurrency });
      for (let chunk = 0; chunk < 3_500; chunk++) {
        const key = chunkKey(20 + (chunk % 5), 0, String(chunk).padStart(64, "0"));
        await inner.create(key, new Uint8Array(1));
      }

      const { objects } = await store.drive(backend.pruneBefore(100));

      expect(objects).toBeGreaterThan(3_500);
      expect(store.highestBulkDeletes).toBe(Math.min(concurrency, 3));
      expect(store.highest).toBeLessThanOrEqual(concurrency);
    },
  );

  test.each([
    { concurrency: 1, beside: 0 },
    { concurrency: 4, beside: 3 },
    { concurrency: 8, beside: 7 },
  ])(
    "of a prune of 39 epochs are, with $concurrency at once, $beside lists of the next beside the deletes of the first 32",
    async ({ concurrency, beside }) => {
      const { backend, store, inner } = await gated({ concurrency });
      for (let epoch = 0; epoch < 20; epoch++)
        await inner.create(chunkKey(epoch, 0, "0".repeat(64)), new Uint8Array(1));
      // Its listing has another page.
      for (let chunk = 1; chunk < 1_100; chunk++)
        await inner.create(chunkKey(5, 0, String(chunk).padStart(64, "0")), new Uint8Array(1));

      const { epochs } = await store.drive(backend.pruneBefore(100));

      expect(epochs).toBeGreaterThan(32);
      expect(store.highestListsBesideDeletes).toBe(beside);
      expect(store.highest).toBe(concurrency);
    },
  );

  test("of a prune are no more once an epoch could not be listed: those that wait are not sent", async () => {
    let isOpen = false;
    const { backend, store, lists } = await gated({ concurrency: 8 }, (key) =>
      isOpen && key === "epoch=20/" ? new StoreError("Denied", "403") : undefined,
    );
    isOpen = true;

    const reason = await store.drive(rejectionOf(backend.pruneBefore(39)));

    expect(reason).toMatchObject({ code: "StoreFailed" });
    await store.drain();
    // The ninth takes the place of the one that failed.
    expect(lists().filter((prefix) => prefix.startsWith("epoch="))).toHaveLength(9);
  });

  test("are eight by default", async () => {
    const { backend, store } = await gated({});

    await store.drive(backend.sealedEpochs());

    expect(store.highest).toBe(8);
  });

  test("of a call that was refused are not begun any more, but for those in flight", async () => {
    const { backend, store, gets } = await gated({ concurrency: 2 }, (key) =>
      key === "epoch=40/_COMMIT" ? new StoreError("Denied", "403") : undefined,
    );

    const reason = await store.drive(rejectionOf(backend.sealedEpochs()));

    expect(reason).toMatchObject({ code: "StoreFailed" });
    const begun = gets().length;
    await store.drain();
    expect(gets().length - begun).toBeLessThanOrEqual(1);
  });
});

/** Twenty sealed epochs and then twenty that are not, behind a store that holds its responses. */
async function gated(
  options: { readonly concurrency?: number },
  errorOf: (key: string) => StoreError | undefined = () => undefined,
): Promise<{
  backend: ObjectStoreBackend;
  store: GatedStore;
  inner: MapStore;
  gets: () => readonly string[];
  lists: () => readonly string[];
}> {
  const asked: string[] = [];
  const listed: string[] = [];
  class Watched extends MapStore {
    override get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
      asked.push(key);
      const error = errorOf(key);
      return error === undefined ? super.get(key) : Promise.reject(error);
    }

    override async *list(prefix: string, how?: ListOptions): AsyncGenerator<ListPage> {
      listed.push(prefix);
      const error = errorOf(prefix);
      if (error !== undefined) throw error;
      yield* super.list(prefix, how);
    }
  }
  const inner = new Watched();
  const writer = await new World(inner).open("A");
  for (let epoch = 20; epoch < 40; epoch++) await writer.seal(epoch, { 0: "sealed" });
  for (let epoch = 40; epoch < 60; epoch++) await writer.write(epoch, 0, "open");
  const store = new GatedStore(inner);
  const clock = new VirtualClock();
  const backend = await store.drive(
    ObjectStoreBackend.open({ store, instanceId: "B", vnodeCapacity, retry: clock.retry(), ...options }),
  );
  store.highest = 0;
  asked.length = 0;
  listed.length = 0;
  return { backend, store, inner, gets: () => asked, lists: () => listed };
}

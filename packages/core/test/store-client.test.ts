import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { vnodeCapacity, World } from "../src/conformance/backend-suite/world.ts";
import { ObjectStoreBackend, StoreError, type StoreErrorCode } from "../src/index.ts";
import { type RetryOptions, retryPolicy } from "../src/retry.ts";
import { StoreClient } from "../src/store-client.ts";
import type { DeleteFailure, ListOptions, ListPage, ObjectStore } from "../src/store.ts";
import { MapStore } from "./support/map-store.ts";
import { nextIteration } from "../src/conformance/store-suite/operations.ts";
import { VirtualClock } from "./support/virtual-clock.ts";

/** Five pages of two keys each. */
const fivePages: readonly ListPage[] = [0, 1, 2, 3, 4].map((page) =>
  pageOf([`a/${page}-first`, `a/${page}-second`]),
);
const allKeys = keysOf(fivePages);

/** One page of one listing, asked for. `request` counts over all listings, `listing` and `page` from 1. */
interface PageRequest {
  readonly request: number;
  readonly listing: number;
  readonly page: number;
}

/** Lists the pages it was given; `onPage` may fail a page, or hold it. */
class PagedStore extends MapStore {
  /** How many listings were begun, and how many of them were told that nobody wants their next page. */
  listings = 0;
  returned = 0;
  requests = 0;
  readonly #pages: readonly ListPage[];
  readonly #onPage: (request: PageRequest) => Promise<void> | void;

  constructor(pages: readonly ListPage[], onPage: (request: PageRequest) => Promise<void> | void) {
    super();
    this.#pages = pages;
    this.#onPage = onPage;
  }

  /** An iterator by hand, so that `return` is seen. */
  override list(): AsyncGenerator<ListPage> {
    this.listings += 1;
    const listing = this.listings;
    let page = 0;
    const next = async (): Promise<IteratorResult<ListPage>> => {
      page += 1;
      this.requests += 1;
      const asked = page;
      await this.#onPage({ request: this.requests, listing, page: asked });
      const value = this.#pages[asked - 1];
      return value === undefined ? { done: true, value: undefined } : { done: false, value };
    };
    const iterator = {
      next,
      return: async () => {
        this.returned += 1;
        return { done: true, value: undefined } as const;
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator as unknown as AsyncGenerator<ListPage>;
  }
}

describe("a listing", () => {
  test("that fails in the middle starts anew and gives each key once, in order", async () => {
    const store = new PagedStore(fivePages, ({ listing, page }) => {
      if (listing === 1 && page === 3) throw new StoreError("Unavailable", "503");
    });
    const { client, clock } = over(store);

    const keys = await clock.run(listed(client));

    expect(keys).toEqual(allKeys);
    expect([store.listings, store.requests]).toEqual([2, 3 + 6]);
  });

  test("that fails at every page once gives each key once, in order", async () => {
    const failed = new Set<number>();
    const store = new PagedStore(fivePages, ({ page }) => {
      if (failed.has(page)) return;
      failed.add(page);
      throw new StoreError("Throttled", "slow down");
    });
    const { client, clock } = over(store);

    const keys = await clock.run(listed(client));

    expect(keys).toEqual(allKeys);
    expect(store.listings).toBe(7);
  });

  test("that starts anew gives keys that come in pages of another shape once, and those that came meanwhile", async () => {
    let listing = 0;
    class Changing extends MapStore {
      override async *list(): AsyncGenerator<ListPage> {
        listing += 1;
        if (listing === 1) {
          yield pageOf(["a/1", "a/3"]);
          throw new StoreError("Corrupt", "the connection broke");
        }
        yield pageOf(["a/1"]);
        yield pageOf(["a/2", "a/3", "a/4"]);
        yield pageOf([]);
        yield pageOf(["a/5"]);
      }
    }
    const { client, clock } = over(new Changing());

    const keys = await clock.run(listed(client));

    expect(keys).toEqual(["a/1", "a/3", "a/4", "a/5"]);
  });

  test("with the delimiter gives each folder and each object once when it starts anew", async () => {
    const pages = [
      { objects: [{ key: "a", size: 1 }], prefixes: ["b/"] },
      { objects: [{ key: "c", size: 1 }], prefixes: ["d/", "e/"] },
      { objects: [{ key: "f", size: 1 }], prefixes: ["g/"] },
    ];
    const store = new PagedStore(pages, ({ listing, page }) => {
      if (listing < 3 && page === 3) throw new StoreError("Unavailable", "503");
    });
    const { client, clock } = over(store);

    const given = await clock.run(collect(client.list("", { delimiter: "/" })));

    expect(keysOf(given)).toEqual(["a", "c", "f"]);
    expect(given.flatMap(({ prefixes }) => prefixes)).toEqual(["b/", "d/", "e/", "g/"]);
  });

  test("whose page hangs starts anew, and the hung page's late response changes nothing", async () => {
    const hung = Promise.withResolvers<void>();
    const store = new PagedStore(fivePages, async ({ listing, page }) => {
      if (listing === 1 && page === 3) await hung.promise;
      // The late response comes while the second listing is on its way to the same page.
      if (listing === 2 && page === 2) hung.resolve();
    });
    const { client, clock } = over(store);

    const keys = await clock.run(listed(client));

    expect(keys).toEqual(allKeys);
    expect(clock.now()).toBe(15_000);
    expect(store.requests).toBe(3 + 6);
  });

  test("whose hung page fails late, after the listing has ended, rejects nothing", async () => {
    const hung = Promise.withResolvers<void>();
    const store = new PagedStore(fivePages, async ({ listing, page }) => {
      if (listing === 1 && page === 3) await hung.promise;
    });
    const { client, clock } = over(store);

    const keys = await clock.run(listed(client));
    hung.reject(new StoreError("Unavailable", "too late"));
    await nextIteration();

    expect(keys).toEqual(allKeys);
  });

  test("whose page fails every time gives up, as any request does", async () => {
    const store = new PagedStore(fivePages, ({ request, page }) => {
      if (request > 1000) throw new StoreError("Failed", "asked a thousand times");
      if (page === 3) throw new StoreError("Unavailable", "503");
    });
    const { client, clock } = over(store);

    const reason = await clock.run(refused(listed(client)));

    expect(reason).toMatchObject({ code: "Unavailable" });
    expect(store.listings).toBe(8);
  });

  test("whose page hangs every time gives up, as any request does", async () => {
    const store = new PagedStore(fivePages, async ({ request, page }) => {
      if (request > 1000) throw new StoreError("Failed", "asked a thousand times");
      if (page === 3) await new Promise(() => undefined);
    });
    const { client, clock } = over(store);

    const reason = await clock.run(refused(listed(client)));

    expect(reason).toMatchObject({ code: "Unavailable" });
    expect(store.listings).toBeLessThanOrEqual(8);
  });

  test("that meets what no retry mends gives up at once", async () => {
    const store = new PagedStore(fivePages, ({ page }) => {
      if (page === 3) throw new StoreError("Denied", "403");
    });
    const { client } = over(store);

    const reason = await refused(listed(client));

    expect(reason).toMatchObject({ code: "Denied" });
    expect(store.requests).toBe(3);
  });

  test("has its deadline anew with each page: five pages of 14 s are 70 s", async () => {
    const clock = new VirtualClock();
    const store = new PagedStore(fivePages, async ({ page }) => {
      if (page <= fivePages.length) await clock.sleep(14_000);
    });
    const client = new StoreClient(store, retryPolicy(clock.retry()), () => undefined);

    const keys = await clock.run(listed(client));

    expect(keys).toEqual(allKeys);
    expect(clock.now()).toBe(70_000);
  });

  test("does not count the time that its consumer takes over a page", async () => {
    const { client, clock } = over(new PagedStore(fivePages, () => undefined));
    const pages = client.list("a/");

    const first = await pages.next();
    await clock.advance(60_000);
    const second = await pages.next();

    expect([first.value, second.value]).toEqual(fivePages.slice(0, 2));
  });

  test("that its consumer leaves early is told so, and asks for no more", async () => {
    const store = new PagedStore(fivePages, () => undefined);
    const { client } = over(store);

    const seen: string[] = [];
    for await (const page of client.list("a/")) {
      seen.push(...keysOf([page]));
      if (seen.length === 4) break;
    }

    expect(seen).toEqual(allKeys.slice(0, 4));
    expect([store.returned, store.requests]).toEqual([1, 2]);
  });

  test("that its consumer leaves by an error is told so", async () => {
    const store = new PagedStore(fivePages, () => undefined);
    const { client } = over(store);

    const reason = await refused(
      (async () => {
        for await (const page of client.list("a/")) throw new Error(keysOf([page])[0]);
      })(),
    );

    expect(reason).toHaveProperty("message", "a/0-first");
    expect([store.returned, store.requests]).toEqual([1, 1]);
  });

  test("that starts anew lets go of the one that failed", async () => {
    const store = new PagedStore(fivePages, ({ listing, page }) => {
      if (listing === 1 && page === 3) throw new StoreError("Unavailable", "503");
    });
    const { client, clock } = over(store);
    const pages = client.list("a/");

    for (let page = 1; page <= 3; page++) await clock.run(pages.next());

    expect([store.listings, store.returned]).toEqual([2, 1]);
    await pages.return();
  });

  test("asks for a page only when its consumer wants one", async () => {
    const store = new PagedStore(fivePages, () => undefined);
    const { client } = over(store);
    const pages = client.list("a/");

    await pages.next();
    await nextIteration();

    expect(store.requests).toBe(1);
    await pages.return();
  });
});

/** Responds to each delete request as the test says: failures by key, or an error of the whole request. */
class DeletingStore extends MapStore {
  readonly batches: (readonly string[])[] = [];
  readonly #respond: (keys: readonly string[], request: number) => readonly DeleteFailure[];

  constructor(respond: (keys: readonly string[], request: number) => readonly DeleteFailure[] = () => []) {
    super();
    this.#respond = respond;
  }

  override async delete(keys: readonly string[]): Promise<readonly DeleteFailure[]> {
    this.batches.push(keys);
    return this.#respond(keys, this.batches.length);
  }
}

describe("a delete", () => {
  test("tries again only those keys whose failure a retry may mend", async () => {
    const store = new DeletingStore((_, request) =>
      request === 1
        ? [
            failure("b", "Denied"),
            failure("c", "Unavailable"),
            failure("d", "Throttled"),
            failure("e", "Failed"),
          ]
        : [],
    );
    const { client, clock } = over(store);

    const failures = await clock.run(client.delete(["a", "b", "c", "d", "e"], undefined));

    expect(store.batches).toEqual([
      ["a", "b", "c", "d", "e"],
      ["c", "d"],
    ]);
    expect(outcomes(failures)).toEqual(["b Denied", "e Failed"]);
  });

  test("narrows down to what still fails, and reports that in the end", async () => {
    const store = new DeletingStore((keys) => keys.slice(-2).map((key) => failure(key, "Unavailable")));
    const { client, clock } = over(store, { attempts: 3 });

    const failures = await clock.run(client.delete(["a", "b", "c"], undefined));

    expect(store.batches).toEqual([
      ["a", "b", "c"],
      ["b", "c"],
      ["b", "c"],
    ]);
    expect(outcomes(failures)).toEqual(["b Unavailable", "c Unavailable"]);
  });

  test("reports of a key what its last attempt said", async () => {
    const store = new DeletingStore((_, request) => [failure("a", request === 1 ? "Unavailable" : "Denied")]);
    const { client, clock } = over(store);

    const failures = await clock.run(client.delete(["a"], undefined));

    expect(outcomes(failures)).toEqual(["a Denied"]);
    expect(store.batches).toHaveLength(2);
  });

  test("that rejects as a whole is tried again, and is a success when that works", async () => {
    const store = new DeletingStore((_, request) => {
      if (request === 1) throw new StoreError("Unavailable", "503");
      return [];
    });
    const { client, clock } = over(store);

    const failures = await clock.run(client.delete(["a", "b"], undefined));

    expect(failures).toEqual([]);
    expect(store.batches).toEqual([
      ["a", "b"],
      ["a", "b"],
    ]);
  });

  test("that rejects as a whole every time is reported key by key", async () => {
    const store = new DeletingStore(() => {
      throw new StoreError("Unavailable", "503");
    });
    const { client, clock } = over(store, { attempts: 3 });

    const failures = await clock.run(client.delete(["a", "b"], undefined));

    expect(outcomes(failures)).toEqual(["a Unavailable", "b Unavailable"]);
    expect(store.batches).toHaveLength(3);
  });

  test.each([
    { error: new StoreError("Denied", "403"), code: "Denied" },
    { error: new TypeError("not a function"), code: "Failed" },
  ])("that rejects as a whole for good is reported key by key at once: $error", async ({ error, code }) => {
    const store = new DeletingStore(() => {
      throw error;
    });
    const { client } = over(store);

    const failures = await client.delete(["a", "b"], undefined);

    expect(outcomes(failures)).toEqual([`a ${code}`, `b ${code}`]);
    expect(store.batches).toHaveLength(1);
  });

  test("that rejects as a whole later keeps what was said of a key before", async () => {
    const store = new DeletingStore((_, request) => {
      if (request > 1) throw new StoreError("Denied", "403");
      return [failure("a", "Failed"), failure("b", "Unavailable")];
    });
    const { client, clock } = over(store);

    const failures = await clock.run(client.delete(["a", "b", "c"], undefined));

    expect(failures.map(({ key }) => key)).toEqual(["a", "b"]);
    expect(outcomes(failures)[0]).toBe("a Failed");
  });

  test("whose response never comes is tried again, and reported key by key", async () => {
    class NeverResponds extends MapStore {
      deletes = 0;
      override delete(): Promise<readonly DeleteFailure[]> {
        this.deletes += 1;
        return new Promise(() => undefined);
      }
    }
    const store = new NeverResponds();
    const { client, clock } = over(store);

    const failures = await clock.run(client.delete(["a", "b"], undefined));

    expect(outcomes(failures)).toEqual(["a Unavailable", "b Unavailable"]);
    expect([store.deletes, clock.now()]).toEqual([3, 45_000]);
  });

  test("waits as long as the longest that the service asks for", async () => {
    const store = new DeletingStore((_, request) =>
      request > 1
        ? []
        : [
            { key: "a", error: new StoreError("Throttled", "slow down", { retryAfterMs: 2000 }) },
            { key: "b", error: new StoreError("Throttled", "slow down", { retryAfterMs: 7000 }) },
            { key: "c", error: new StoreError("Denied", "403", { retryAfterMs: 40_000 }) },
          ],
    );
    const { client, clock } = over(store);

    await clock.run(client.delete(["a", "b", "c"], undefined));

    expect(clock.slept).toEqual([7000]);
  });

  test("goes out in batches of at most 1,000 keys, each key once", async () => {
    const keys = Array.from({ length: 2_501 }, (_, index) => `k${index}`);
    const store = new DeletingStore();
    const { client } = over(store);

    await client.delete(keys, undefined);

    expect(store.batches.map(({ length }) => length)).toEqual([1000, 1000, 501]);
    expect(store.batches.flat()).toEqual(keys);
  });

  test("that fails in one batch goes on with the next", async () => {
    const keys = Array.from({ length: 1_500 }, (_, index) => `k${index}`);
    const store = new DeletingStore((_, request) => {
      if (request === 1) throw new StoreError("Denied", "403");
      return [];
    });
    const { client } = over(store);

    const failures = await client.delete(keys, undefined);

    expect(failures).toHaveLength(1000);
    expect(store.batches).toHaveLength(2);
  });

  test("of nothing sends nothing", async () => {
    const store = new DeletingStore();
    const { client } = over(store);

    expect(await client.delete([], undefined)).toEqual([]);
    expect(store.batches).toEqual([]);
  });

  test("rejects with the caller's own reason when it aborts", async () => {
    const store = new DeletingStore(() => [failure("a", "Unavailable")]);
    const { client } = over(store, { random: () => 0.5 });
    const controller = new AbortController();

    const call = refused(client.delete(["a"], controller.signal));
    await nextIteration();
    controller.abort("shutting down");

    expect(await call).toBe("shutting down");
    expect(store.batches).toHaveLength(1);
  });
});

/** Holds every response until the test lets one go, and counts how many requests are in flight. */
class GatedStore implements ObjectStore {
  readonly name = "gated";
  highest = 0;
  readonly #inner: ObjectStore;
  readonly #waiting: (() => void)[] = [];

  constructor(inner: ObjectStore) {
    this.#inner = inner;
  }

  async create(key: string, body: Uint8Array): Promise<"created" | "exists"> {
    await this.#gate();
    return this.#inner.create(key, body);
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    await this.#gate();
    return this.#inner.get(key);
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    const pages = this.#inner.list(prefix, options)[Symbol.asyncIterator]();
    for (;;) {
      await this.#gate();
      const step = await pages.next();
      if (step.done === true) return;
      yield step.value;
    }
  }

  async delete(keys: readonly string[]): Promise<readonly DeleteFailure[]> {
    await this.#gate();
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

  test("are eight by default", async () => {
    const { backend, store } = await gated({});

    await store.drive(backend.sealedEpochs());

    expect(store.highest).toBe(8);
  });

  test("of a call that was refused are not begun any more, but for those in flight", async () => {
    const { backend, store, gets } = await gated({ concurrency: 2 }, (key) =>
      key === "epoch=40/_COMMIT" ? new StoreError("Denied", "403") : undefined,
    );

    const reason = await store.drive(refused(backend.sealedEpochs()));

    expect(reason).toMatchObject({ code: "StoreFailed" });
    const begun = gets().length;
    await store.drain();
    expect(gets().length - begun).toBeLessThanOrEqual(1);
  });
});

/** One epoch has, once `grown`, 200 pages of 1,000 partials each, made when they are asked for. */
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
    const writer = await new World(store).open("A");
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

function over(store: ObjectStore, options: RetryOptions = {}): { client: StoreClient; clock: VirtualClock } {
  const clock = new VirtualClock();
  return { client: new StoreClient(store, retryPolicy(clock.retry(options)), () => undefined), clock };
}

/** Twenty sealed epochs and then twenty that are not, behind a store that holds its responses. */
async function gated(
  options: { readonly concurrency?: number },
  errorOf: (key: string) => StoreError | undefined = () => undefined,
): Promise<{ backend: ObjectStoreBackend; store: GatedStore; gets: () => readonly string[] }> {
  const asked: string[] = [];
  class Watched extends MapStore {
    override get(key: string): Promise<Uint8Array | undefined> {
      asked.push(key);
      const error = errorOf(key);
      return error === undefined ? super.get(key) : Promise.reject(error);
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
  return { backend, store, gets: () => asked };
}

/** Without a scripted store in between, which reads a whole listing at once. */
function reopened(store: ObjectStore): Promise<ObjectStoreBackend> {
  return ObjectStoreBackend.open({ store, instanceId: "B", vnodeCapacity });
}

function pageOf(keys: readonly string[]): ListPage {
  return { objects: keys.map((key) => ({ key, size: 1 })), prefixes: [] };
}

function keysOf(pages: readonly ListPage[]): string[] {
  return pages.flatMap(({ objects }) => objects.map(({ key }) => key));
}

async function collect(pages: AsyncIterable<ListPage>): Promise<ListPage[]> {
  const all: ListPage[] = [];
  for await (const page of pages) all.push(page);
  return all;
}

async function listed(client: StoreClient): Promise<string[]> {
  return keysOf(await collect(client.list("a/")));
}

function failure(key: string, code: StoreErrorCode): DeleteFailure {
  return { key, error: new StoreError(code, code, { key }) };
}

function outcomes(failures: readonly DeleteFailure[]): string[] {
  return failures.map(({ key, error }) => `${key} ${error.code}`);
}

function garbageCollector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}

/** What the promise rejects with. */
async function refused(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => expect.fail(`nothing was refused, the result was ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
}

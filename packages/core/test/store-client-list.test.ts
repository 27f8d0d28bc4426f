import { describe, expect, test } from "vitest";
import { nextIteration } from "../src/conformance/store-suite/operations.ts";
import { StoreError } from "../src/index.ts";
import { retryPolicy } from "../src/retry.ts";
import { StoreClient } from "../src/store-client.ts";
import type { ListPage } from "../src/store.ts";
import { over } from "./support/clocked-backend.ts";
import { MapStore } from "./support/map-store.ts";
import { keysOf, pageOf } from "./support/pages.ts";
import { rejectionOf } from "./support/rejection.ts";
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

    const reason = await clock.run(rejectionOf(listed(client)));

    expect(reason).toMatchObject({ code: "Unavailable" });
    expect(store.listings).toBe(8);
  });

  test("whose page hangs every time gives up, as any request does", async () => {
    const store = new PagedStore(fivePages, async ({ request, page }) => {
      if (request > 1000) throw new StoreError("Failed", "asked a thousand times");
      if (page === 3) await new Promise(() => undefined);
    });
    const { client, clock } = over(store);

    const reason = await clock.run(rejectionOf(listed(client)));

    expect(reason).toMatchObject({ code: "Unavailable" });
    expect(store.listings).toBeLessThanOrEqual(8);
  });

  test("that meets what no retry mends gives up at once", async () => {
    const store = new PagedStore(fivePages, ({ page }) => {
      if (page === 3) throw new StoreError("Denied", "403");
    });
    const { client } = over(store);

    const reason = await rejectionOf(listed(client));

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

    const reason = await rejectionOf(
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

async function collect(pages: AsyncIterable<ListPage>): Promise<ListPage[]> {
  const all: ListPage[] = [];
  for await (const page of pages) all.push(page);
  return all;
}

async function listed(client: StoreClient): Promise<string[]> {
  return keysOf(await collect(client.list("a/")));
}

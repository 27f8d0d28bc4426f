import { describe, expect, test } from "vitest";
import { nextIteration } from "../src/conformance/store-suite/operations.ts";
import { StoreError, type StoreErrorCode } from "../src/index.ts";
import type { DeleteFailure } from "../src/store.ts";
import { over } from "./support/clocked-backend.ts";
import { MapStore } from "./support/map-store.ts";
import { rejectionOf } from "./support/rejection.ts";

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

    const call = rejectionOf(client.delete(["a"], controller.signal));
    await nextIteration();
    controller.abort("shutting down");

    expect(await call).toBe("shutting down");
    expect(store.batches).toHaveLength(1);
  });
});

function failure(key: string, code: StoreErrorCode): DeleteFailure {
  return { key, error: new StoreError(code, code, { key }) };
}

function outcomes(failures: readonly DeleteFailure[]): string[] {
  return failures.map(({ key, error }) => `${key} ${error.code}`);
}

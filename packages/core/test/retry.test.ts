import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { textOf, World } from "../src/conformance/backend-suite/world.ts";
import { StoreError, type StoreErrorCode } from "../src/index.ts";
import { retryPolicy } from "../src/retry.ts";
import type { ObjectStore } from "../src/store.ts";
import { StoreClient } from "../src/store-client.ts";
import { over } from "./support/clocked-backend.ts";
import { always, FailingStore } from "./support/failing-stores.ts";
import { MapStore } from "./support/map-store.ts";
import { rejectionOf } from "./support/rejection.ts";

const justBelowOne = 1 - Number.EPSILON;

describe("between attempts", () => {
  test.each([
    { chance: 0, waits: [0, 0, 0, 0, 0, 0, 0] },
    { chance: 0.5, waits: [50, 100, 200, 400, 800, 1600, 3200] },
    { chance: justBelowOne, waits: [100, 200, 400, 800, 1600, 3200, 6400] },
  ])("the wait is a random part, here $chance, of a time that doubles", async ({ chance, waits }) => {
    const { client, clock } = over(always("Unavailable"), { random: () => chance });

    await clock.run(rejectionOf(client.get("key", client.operation(undefined))));

    expect(clock.slept.map(Math.round)).toEqual(waits);
  });

  test("each wait draws a chance of its own", async () => {
    const chances = [0.5, 0, 0.25];
    const { client, clock } = over(always("Unavailable"), {
      attempts: 4,
      random: () => chances.shift() ?? 1,
    });

    await clock.run(rejectionOf(client.get("key", client.operation(undefined))));

    expect(clock.slept).toEqual([50, 0, 100]);
  });

  test("the wait is capped by maxDelayMs, before the chance is taken", async () => {
    const { client, clock } = over(always("Unavailable"), {
      baseDelayMs: 300,
      maxDelayMs: 1000,
      random: () => 0.5,
    });

    await clock.run(rejectionOf(client.get("key", client.operation(undefined))));

    expect(clock.slept).toEqual([150, 300, 500, 500, 500, 500, 500]);
  });

  test.each([
    { asked: 12_000, waited: 12_000, than: "longer than the jitter and than maxDelayMs" },
    { asked: 70, waited: 70, than: "longer than the jitter" },
    { asked: 20, waited: 50, than: "shorter than the jitter, which is kept" },
  ])("a service that asks for $asked ms, $than, makes it wait $waited ms", async ({ asked, waited }) => {
    const { client, clock } = over(
      new FailingStore((get) =>
        get === 1 ? new StoreError("Throttled", "slow down", { retryAfterMs: asked }) : undefined,
      ),
      { random: () => 0.5 },
    );

    const body = await clock.run(client.get("key", client.operation(undefined)));

    expect(textOf(body)).toBe("body");
    expect(clock.slept).toEqual([waited]);
  });

  test.each([45_000, 60_000, Number.POSITIVE_INFINITY])(
    "a service that asks for %d ms, not before the deadline, ends the call at once",
    async (retryAfterMs) => {
      const error = new StoreError("Throttled", "slow down", { retryAfterMs });
      const store = new FailingStore(() => error);
      const { client, clock } = over(store);

      const reason = await clock.run(rejectionOf(client.get("key", client.operation(undefined))));

      expect(reason).toBe(error);
      expect([store.gets, clock.now()]).toEqual([1, 0]);
    },
  );
});

describe("the number of attempts", () => {
  test.each([
    { attempts: undefined, made: 8 },
    { attempts: 1, made: 1 },
    { attempts: 3, made: 3 },
  ])("is bounded: $attempts makes it $made", async ({ attempts, made }) => {
    const store = always("Unavailable");
    const { client, clock } = over(store, { attempts });

    const reason = await clock.run(rejectionOf(client.get("key", client.operation(undefined))));

    expect(reason).toMatchObject({ code: "Unavailable" });
    expect(store.gets).toBe(made);
  });

  test("is spent on no more than it takes: the first success ends the call", async () => {
    const store = new FailingStore((get) => (get < 4 ? new StoreError("Unavailable", "503") : undefined));
    const { client, clock } = over(store);

    const body = await clock.run(client.get("key", client.operation(undefined)));

    expect([textOf(body), store.gets]).toEqual(["body", 4]);
  });

  test("is counted anew for each request", async () => {
    const store = new FailingStore((get) =>
      get % 8 === 0 ? undefined : new StoreError("Unavailable", "503"),
    );
    const { client, clock } = over(store);
    const operation = client.operation(undefined);

    await clock.run(client.get("key", operation));
    await clock.run(client.get("key", operation));

    expect(store.gets).toBe(16);
  });
});

describe("an error that", () => {
  test.each<StoreErrorCode>(["Unavailable", "Throttled", "Corrupt"])("is %s is tried again", async (code) => {
    const store = new FailingStore((get) => (get === 1 ? new StoreError(code, "again") : undefined));
    const { client, clock } = over(store);

    const body = await clock.run(client.get("key", client.operation(undefined)));

    expect([textOf(body), store.gets]).toEqual(["body", 2]);
  });

  test.each<StoreErrorCode>(["Denied", "Misconfigured", "Unsupported", "InvalidKey", "Failed"])(
    "is %s ends the call as it is",
    async (code) => {
      const error = new StoreError(code, "for good");
      const store = new FailingStore(() => error);
      const { client, clock } = over(store);

      const reason = await clock.run(rejectionOf(client.get("key", client.operation(undefined))));

      expect(reason).toBe(error);
      expect(store.gets).toBe(1);
    },
  );

  test.each([new TypeError("not a function"), "a string", null, { code: "ECONNRESET" }])(
    "is no StoreError but %s is not tried again, and arrives as the cause",
    async (cause) => {
      const store = new FailingStore(() => cause);
      const { client, clock } = over(store);

      const reason = await clock.run(rejectionOf(client.get("key", client.operation(undefined))));

      expect(reason).toMatchObject({ code: "Failed", store: "map", key: "key" });
      expect(reason).toHaveProperty("cause", cause);
      expect(store.gets).toBe(1);
    },
  );

  test("is foreign becomes StoreFailed of the backend's call, and is its cause's cause", async () => {
    const foreign = new TypeError("not a function");
    // `open` reads the namespace, twice.
    const inner = new FailingStore((get) => (get > 2 ? foreign : undefined));
    const { backend } = await new World(inner).open("A");

    const reason = await rejectionOf(
      backend.readPartial({ vnode: 1, epoch: 5 }).then(() => backend.readPartial({ vnode: 1, epoch: 5 })),
    );

    expect(reason).toMatchObject({ code: "StoreFailed", sealed: "unknown", epoch: 5 });
    expect(reason).toHaveProperty("cause.code", "Failed");
    expect(reason).toHaveProperty("cause.cause", foreign);
  });

  test("comes from another copy of the package is told by its brand", async () => {
    const brand = Symbol.for("@state/core/StoreError");
    const other = Object.assign(new Error("503"), { code: "Unavailable", retryable: true, [brand]: true });
    const store = new FailingStore((get) => (get === 1 ? other : undefined));
    const { client, clock } = over(store);

    const body = await clock.run(client.get("key", client.operation(undefined)));

    expect([textOf(body), store.gets]).toEqual(["body", 2]);
  });
});

describe("the clock", () => {
  test("may be an instance of a class, whose methods use its own state", async () => {
    class Clock {
      time = 0;
      readonly waits: number[] = [];
      now(): number {
        return this.time;
      }
      async sleep(ms: number, signal?: AbortSignal): Promise<void> {
        // An attempt's timer has a signal; a wait of a call without one has not.
        if (signal !== undefined) return new Promise(() => undefined);
        this.waits.push(ms);
        this.time += ms;
      }
      random(): number {
        return 0.5;
      }
    }
    const clock = new Clock();
    const store = new FailingStore((get) => (get === 1 ? new StoreError("Unavailable", "503") : undefined));
    const client = new StoreClient(store, retryPolicy(clock), () => undefined);

    const body = await client.get("key", client.operation(undefined));

    expect(textOf(body)).toBe("body");
    expect(clock.waits).toEqual([50]);
  });
});

describe("without a clock of its own, an attempt", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  test("leaves no timer when it has ended", async () => {
    const client = overReal(new MapStore());
    await client.create("key", new Uint8Array(1), client.operation(undefined));
    expect(await client.get("key", client.operation(undefined))).toEqual(new Uint8Array(1));
    expect(vi.getTimerCount()).toBe(0);
  });

  test("that gets no response ends when its time is over, and not before", async () => {
    let attempt: AbortSignal | undefined;
    const silent = new MapStore();
    silent.get = (_key, options) => {
      attempt = options?.signal;
      return new Promise(() => undefined);
    };
    const client = overReal(silent);
    const ended = rejectionOf(client.get("key", client.operation(undefined)));

    await vi.advanceTimersByTimeAsync(499);
    expect(attempt?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);

    expect(await ended).toMatchObject({ code: "Unavailable", message: expect.stringContaining("500 ms") });
    expect(attempt?.aborted).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("ends with the caller's signal and its reason, and leaves no timer", async () => {
    const silent = new MapStore();
    silent.get = () => new Promise(() => undefined);
    const client = overReal(silent);
    const controller = new AbortController();
    const ended = rejectionOf(client.get("key", client.operation(controller.signal)));

    controller.abort("enough");

    expect(await ended).toBe("enough");
    expect(vi.getTimerCount()).toBe(0);
  });
});

function overReal(store: ObjectStore): StoreClient {
  return new StoreClient(store, retryPolicy({ attempts: 1, attemptTimeoutMs: 500 }), () => undefined);
}

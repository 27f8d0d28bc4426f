import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import type { ScriptedStore } from "../src/conformance/backend-suite/scripted-store.ts";
import { bytesOf, textOf, World } from "../src/conformance/backend-suite/world.ts";
import { type BackendEvent, type RequestEvent, StoreError, type StoreErrorCode } from "../src/index.ts";
import { type RetryOptions, retryPolicy } from "../src/retry.ts";
import { StoreClient } from "../src/store-client.ts";
import type { ObjectStore, OperationOptions } from "../src/store.ts";
import { MapStore } from "./support/map-store.ts";
import { nextIteration } from "../src/conformance/store-suite/operations.ts";
import { VirtualClock } from "./support/virtual-clock.ts";

const mebibyte = 1024 * 1024;
const justBelowOne = 1 - Number.EPSILON;

/** Fails a get with the error of its number, the first being 1, and returns the body where there is none. */
class FailingStore extends MapStore {
  gets = 0;
  readonly #errorOf: (get: number) => unknown;

  constructor(errorOf: (get: number) => unknown) {
    super(new Map([["key", bytesOf("body")]]));
    this.#errorOf = errorOf;
  }

  override async get(key: string, options?: OperationOptions): Promise<Uint8Array | undefined> {
    this.gets += 1;
    const error = this.#errorOf(this.gets);
    if (error !== undefined) throw error;
    return super.get(key, options);
  }
}

/** A get never returns. `onAbort` is what it rejects with once its signal aborts; without it the signal is ignored. */
class SilentStore extends MapStore {
  gets = 0;
  readonly #onAbort: (() => unknown) | undefined;

  constructor(onAbort?: () => unknown) {
    super();
    this.#onAbort = onAbort;
  }

  override get(_key: string, options?: OperationOptions): Promise<Uint8Array | undefined> {
    this.gets += 1;
    return new Promise((_, reject) => {
      const onAbort = this.#onAbort;
      if (onAbort !== undefined) options?.signal?.addEventListener("abort", () => reject(onAbort()));
    });
  }
}

describe("between attempts", () => {
  test.each([
    { chance: 0, waits: [0, 0, 0, 0, 0, 0, 0] },
    { chance: 0.5, waits: [50, 100, 200, 400, 800, 1600, 3200] },
    { chance: justBelowOne, waits: [100, 200, 400, 800, 1600, 3200, 6400] },
  ])("the wait is a random part, here $chance, of a time that doubles", async ({ chance, waits }) => {
    const { client, clock } = over(always("Unavailable"), { random: () => chance });

    await clock.run(refused(client.get("key", client.operation(undefined))));

    expect(clock.slept.map(Math.round)).toEqual(waits);
  });

  test("each wait draws a chance of its own", async () => {
    const chances = [0.5, 0, 0.25];
    const { client, clock } = over(always("Unavailable"), {
      attempts: 4,
      random: () => chances.shift() ?? 1,
    });

    await clock.run(refused(client.get("key", client.operation(undefined))));

    expect(clock.slept).toEqual([50, 0, 100]);
  });

  test("the wait is capped by maxDelayMs, before the chance is taken", async () => {
    const { client, clock } = over(always("Unavailable"), {
      baseDelayMs: 300,
      maxDelayMs: 1000,
      random: () => 0.5,
    });

    await clock.run(refused(client.get("key", client.operation(undefined))));

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

      const reason = await clock.run(refused(client.get("key", client.operation(undefined))));

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

    const reason = await clock.run(refused(client.get("key", client.operation(undefined))));

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

      const reason = await clock.run(refused(client.get("key", client.operation(undefined))));

      expect(reason).toBe(error);
      expect(store.gets).toBe(1);
    },
  );

  test.each([new TypeError("not a function"), "a string", null, { code: "ECONNRESET" }])(
    "is no StoreError but %s is not tried again, and arrives as the cause",
    async (cause) => {
      const store = new FailingStore(() => cause);
      const { client, clock } = over(store);

      const reason = await clock.run(refused(client.get("key", client.operation(undefined))));

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

    const reason = await refused(
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

describe("an attempt without a response", () => {
  test.each([
    { store: "ignores its signal", onAbort: undefined },
    { store: "rejects with its signal's reason", onAbort: () => new StoreError("Unavailable", "aborted") },
    { store: "rejects with an error of its own", onAbort: () => new DOMException("aborted", "AbortError") },
    { store: "rejects with a code that is not retried", onAbort: () => new StoreError("Failed", "aborted") },
  ])("ends after 15 s and is tried again, by a store that $store", async ({ onAbort }) => {
    const store = new SilentStore(onAbort);
    const { client, clock, requests } = over(store);

    const reason = await clock.run(refused(client.get("key", client.operation(undefined))));

    expect(reason).toMatchObject({ code: "Unavailable", retryable: true });
    expect(durations(requests)).toEqual([15_000, 15_000, 15_000]);
    expect(clock.now()).toBe(45_000);
  });

  test.each([
    { bytes: mebibyte, attempts: [16_000, 16_000, 13_000] },
    { bytes: 8 * mebibyte, attempts: [23_000, 22_000] },
    { bytes: 10 * mebibyte, attempts: [25_000, 22_000] },
    { bytes: 1024 * mebibyte, attempts: [1_039_000, 22_000] },
  ])(
    "has 1 s more for each MiB, and the call for each beyond 8: $bytes bytes",
    async ({ bytes, attempts }) => {
      const { client, clock, requests } = over(new SilentStore());

      await clock.run(refused(client.get("key", client.operation(undefined, bytes))));

      expect(durations(requests)).toEqual(attempts);
    },
  );

  test("is bounded by attemptTimeoutMs and deadlineMs where they are given", async () => {
    const { client, clock, requests } = over(new SilentStore(), { attemptTimeoutMs: 400, deadlineMs: 1000 });

    await clock.run(refused(client.get("key", client.operation(undefined))));

    expect(durations(requests)).toEqual([400, 400, 200]);
  });

  test("says how long was waited", async () => {
    const { client, clock } = over(new SilentStore());

    const reason = await clock.run(refused(client.get("key", client.operation(undefined))));

    expect(reason).toHaveProperty("message", expect.stringMatching(/15000 ms/));
  });

  test("leaves no timer behind when the response comes after all", async () => {
    const { client, clock } = over(new FailingStore(() => undefined));

    await client.get("key", client.operation(undefined));
    await nextIteration();

    expect(clock.sleepers).toBe(0);
  });
});

describe("the deadline of a call", () => {
  test("ends it when the next wait would pass it, without waiting first", async () => {
    const { client, clock } = over(always("Unavailable"), { attempts: 1000, random: () => justBelowOne });

    await clock.run(refused(client.get("key", client.operation(undefined))));

    expect(clock.slept.map(Math.round)).toEqual([
      100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000,
    ]);
    expect(Math.round(clock.now())).toBe(42_700);
  });

  test("is one for all requests of the operation", async () => {
    const { client, clock, requests } = over(new SilentStore(), { attempts: 2 });
    const operation = client.operation(undefined);

    await clock.run(refused(client.get("key", operation)));
    await clock.run(refused(client.get("key", operation)));

    expect(durations(requests)).toEqual([15_000, 15_000, 15_000]);
  });
});

describe("a create whose responses are all lost", () => {
  test("is still read back, and was a success if the object is there", async () => {
    const { backend, clock, requests } = await opened(new LandingStore());

    const receipt = await clock.run(write(backend));

    expect(receipt.key).toBe("epoch=5/vnode=1/partial.bin");
    expect(clock.now()).toBe(30_000);
    expect(requests.map(({ operation }) => operation)).toEqual(["create", "create", "get"]);
    expect(durations(requests)).toEqual([15_000, 15_000, 0]);
  });

  test("leaves the reading back a whole attempt's time, within the deadline", async () => {
    const { backend, clock, requests } = await opened(new LandingStore({ respondsToGets: false }));

    const reason = await clock.run(refused(write(backend)));

    expect(reason).toMatchObject({ code: "StoreFailed", cause: { code: "Unavailable" } });
    expect(requests.map(({ operation }) => operation)).toEqual(["create", "create", "get"]);
    expect(durations(requests)).toEqual([15_000, 15_000, 15_000]);
    expect(Math.round(clock.now())).toBe(45_000);
  });

  test("leaves the reading back a third of a deadline that is shorter than three attempts", async () => {
    const { backend, clock, requests } = await opened(new LandingStore({ respondsToGets: false }), {
      deadlineMs: 3000,
    });

    await clock.run(refused(write(backend)));

    expect(requests.map(({ operation }) => operation)).toEqual(["create", "get"]);
    expect(durations(requests)).toEqual([2000, 1000]);
  });

  test("seals the epoch all the same, when the seal is read back", async () => {
    const store = new LandingStore({ without: /_COMMIT$/ });
    const { backend, clock } = await opened(store);
    const part = await write(backend);

    const outcome = await clock.run(backend.epochComplete({ epoch: 5, parts: [part] }));

    expect(outcome).toMatchObject({ complete: true, seal: { epoch: 5, committer: "A" } });
  });
});

describe("the caller's abort", () => {
  const reasons = [
    { what: "an Error", reason: new Error("shutting down") },
    { what: "a string", reason: "shutting down" },
    { what: "null", reason: null },
    { what: "a StoreError that would be tried again", reason: new StoreError("Unavailable", "mine") },
    { what: "a StoreError that would not", reason: new StoreError("Denied", "mine") },
  ];

  test.each(reasons)("ends an attempt at once with its reason, $what, by identity", async ({ reason }) => {
    const { client, clock } = over(new SilentStore());
    const controller = new AbortController();

    const call = refused(client.get("key", client.operation(controller.signal)));
    await nextIteration();
    controller.abort(reason);

    expect(await call).toBe(reason);
    expect([clock.now(), clock.sleepers]).toEqual([0, 0]);
    expect(listenersOf(controller.signal)).toBe(0);
  });

  test.each(reasons)("ends a wait at once with its reason, $what, by identity", async ({ reason }) => {
    const store = always("Unavailable");
    const { client, clock } = over(store, { random: () => 0.5 });
    const controller = new AbortController();

    const call = refused(client.get("key", client.operation(controller.signal)));
    await nextIteration();
    controller.abort(reason);

    expect(await call).toBe(reason);
    expect([store.gets, clock.now(), clock.sleepers]).toEqual([1, 0, 0]);
    expect(listenersOf(controller.signal)).toBe(0);
  });

  test.each(reasons)("before the call sends nothing, for $what", async ({ reason }) => {
    const store = always("Unavailable");
    const { client } = over(store);

    const call = refused(client.get("key", client.operation(AbortSignal.abort(reason))));

    expect(await call).toBe(reason);
    expect(store.gets).toBe(0);
  });

  test.each(reasons)("reaches the store's own signal with its reason, $what", async ({ reason }) => {
    const seen: unknown[] = [];
    class Watched extends MapStore {
      override get(_key: string, options?: OperationOptions): Promise<undefined> {
        return new Promise((_, reject) => {
          options?.signal?.addEventListener("abort", () => {
            seen.push(options.signal?.reason);
            reject(new Error("the service's own words for an abort"));
          });
        });
      }
    }
    const { client } = over(new Watched());
    const controller = new AbortController();

    const call = refused(client.get("key", client.operation(controller.signal)));
    await nextIteration();
    controller.abort(reason);

    expect(await call).toBe(reason);
    expect(seen).toEqual([reason]);
  });

  test("while a create was sent is not read back, and rejects a backend's call with the reason", async () => {
    const { backend, requests } = await opened(new LandingStore());
    const controller = new AbortController();
    const reason = new StoreError("Throttled", "mine");

    const call = refused(write(backend, controller.signal));
    // A request listens to the call's signal while it is under way; before it is sent the body is digested.
    await until(() => listenersOf(controller.signal) > 0);
    controller.abort(reason);

    expect(await call).toBe(reason);
    expect(requests.map(({ operation }) => operation)).toEqual(["create"]);
    expect(listenersOf(controller.signal)).toBe(0);
  });

  test("ends an epochComplete that waits for another one, and not that one", async () => {
    const actor = await new World(new MapStore()).open("A");
    const { backend, store } = actor;
    const parts = [await actor.write(5, 1, "five"), await actor.write(6, 1, "six")];
    const held = store.hold("create epoch=5/_COMMIT");
    const controller = new AbortController();
    const first = backend.epochComplete({ epoch: 5, parts: parts.slice(0, 1) });
    await held.arrived;

    const second = refused(
      backend.epochComplete({ epoch: 6, parts: parts.slice(1) }, { signal: controller.signal }),
    );
    controller.abort("no longer needed");

    expect(await second).toBe("no longer needed");
    expect(listenersOf(controller.signal)).toBe(0);
    held.release();
    expect(await first).toMatchObject({ complete: true });
  });

  test("ends a listing on a page that hangs", async () => {
    const { backend, store } = await new World(new MapStore()).open("A");
    store.hold("list ");
    const controller = new AbortController();

    const call = refused(backend.latest({ signal: controller.signal }));
    await nextIteration();
    controller.abort(null);

    expect(await call).toBeNull();
    expect(listenersOf(controller.signal)).toBe(0);
  });

  test.each([
    { outcome: "succeeded", errors: [] },
    { outcome: "succeeded on a retry", errors: ["Unavailable", "Corrupt"] as const },
    { outcome: "failed", errors: ["Denied"] as const },
  ])("finds no listener left by a call that $outcome", async ({ errors }) => {
    const store = new FailingStore((get) => {
      const code = errors[get - 1];
      return code === undefined ? undefined : new StoreError(code, code);
    });
    const { client, clock } = over(store, { random: () => 0.5 });
    const { signal } = new AbortController();

    await clock.run(client.get("key", client.operation(signal)).catch(() => undefined));

    expect(listenersOf(signal)).toBe(0);
  });

  test("finds no listener left by any call of a backend", async () => {
    const { backend } = await new World(new MapStore()).open("A");
    const { signal } = new AbortController();
    const bytes = bytesOf("state");

    await backend.takeover({ version: 1 }, { signal });
    const part = await backend.writePartial({ epoch: 5, vnode: 1, assignmentVersion: 1, bytes }, { signal });
    const offsets = await backend.writeAttachment(
      { epoch: 5, name: "offsets", assignmentVersion: 1, bytes },
      { signal },
    );
    await backend.epochComplete({ epoch: 5, parts: [part], attachments: [offsets] }, { signal });
    const handle = await backend.latest({ signal });
    await handle?.read(1, { signal });
    await handle?.readAttachment("offsets", { signal });
    await backend.readPartial({ vnode: 1, epoch: 5 }, { signal });
    await backend.sealedEpochs({}, { signal });
    await backend.describeEpoch(5, { signal });
    await backend.latestCommittedEpoch({ signal });
    await backend.abort(6, { signal });
    await backend.pruneBefore(7, { signal });

    expect(listenersOf(signal)).toBe(0);
  });
});

describe("the seal's create", () => {
  const definite = ["Denied", "Misconfigured", "Unsupported", "InvalidKey"] as const;

  test.each(definite)("that was refused with %s sealed nothing: StoreFailed", async (code) => {
    const { backend, store, part } = await readyToSeal();
    store.refuse("create epoch=5/_COMMIT", code);

    const reason = await refused(backend.epochComplete({ epoch: 5, parts: [part] }));

    expect(reason).toMatchObject({ code: "StoreFailed", sealed: "no", epoch: 5, cause: { code } });
    expect(store.requests).not.toContain("get epoch=5/_COMMIT");
  });

  test.each(definite)(
    "that met Unavailable before it was refused with %s may have sealed: OutcomeUnknown",
    async (code) => {
      const { backend, clock, store, part } = await readyToSeal();
      store.lose("create epoch=5/_COMMIT");
      store.refuse("create epoch=5/_COMMIT", code);

      const reason = await clock.run(refused(backend.epochComplete({ epoch: 5, parts: [part] })));

      expect(reason).toMatchObject({ code: "OutcomeUnknown", sealed: "unknown", cause: { code } });
      expect(store.requests).toContain("get epoch=5/_COMMIT");
    },
  );

  test("that met Unavailable, landed, and was then denied is found to have sealed", async () => {
    const { backend, clock, store, part } = await readyToSeal();
    store.loseResponse("create epoch=5/_COMMIT");
    store.refuse("create epoch=5/_COMMIT", "Denied");

    const outcome = await clock.run(backend.epochComplete({ epoch: 5, parts: [part] }));

    expect(outcome).toMatchObject({ complete: true, seal: { epoch: 5 } });
  });

  test.each<StoreErrorCode>(["Unavailable", "Throttled", "Corrupt", "Failed"])(
    "that only ever met %s may have sealed: OutcomeUnknown",
    async (code) => {
      const { backend, clock, store, part } = await readyToSeal({ attempts: 2 });
      store.refuse("create epoch=5/_COMMIT", code);
      store.refuse("create epoch=5/_COMMIT", code);

      const reason = await clock.run(refused(backend.epochComplete({ epoch: 5, parts: [part] })));

      expect(reason).toMatchObject({ code: "OutcomeUnknown", sealed: "unknown", cause: { code } });
    },
  );

  test("that timed out every time may have sealed, or may yet: OutcomeUnknown", async () => {
    const { backend, clock, store, part } = await readyToSeal({ attempts: 1 });
    store.hold("create epoch=5/_COMMIT");

    const reason = await clock.run(refused(backend.epochComplete({ epoch: 5, parts: [part] })));

    expect(reason).toMatchObject({ code: "OutcomeUnknown", sealed: "unknown" });
    expect(store.requests).toContain("get epoch=5/_COMMIT");
  });

  test("that timed out every time, at a store that obeys its signal, may have sealed all the same", async () => {
    class Obedient extends MapStore {
      override create(
        key: string,
        body: Uint8Array,
        options?: OperationOptions,
      ): Promise<"created" | "exists"> {
        if (!key.endsWith("_COMMIT")) return super.create(key, body, options);
        const signal = options?.signal;
        return new Promise((_, reject) => {
          signal?.addEventListener("abort", () => reject(signal.reason));
        });
      }
    }
    const { backend, clock, part } = await readyToSeal({}, new Obedient());

    const reason = await clock.run(refused(backend.epochComplete({ epoch: 5, parts: [part] })));

    expect(reason).toMatchObject({ code: "OutcomeUnknown", sealed: "unknown" });
  });

  test("that timed out before it was refused may have sealed: OutcomeUnknown", async () => {
    const { backend, clock, store, part } = await readyToSeal();
    store.hold("create epoch=5/_COMMIT");
    store.refuse("create epoch=5/_COMMIT", "Denied");

    const reason = await clock.run(refused(backend.epochComplete({ epoch: 5, parts: [part] })));

    expect(reason).toMatchObject({ code: "OutcomeUnknown", sealed: "unknown" });
  });

  test("that failed with a foreign error may have sealed: OutcomeUnknown", async () => {
    const foreign = new TypeError("not a function");
    class Foreign extends MapStore {
      override create(key: string, body: Uint8Array): Promise<"created" | "exists"> {
        return key.endsWith("_COMMIT") ? Promise.reject(foreign) : super.create(key, body);
      }
    }
    const { backend, store, part } = await readyToSeal({}, new Foreign());

    const reason = await refused(backend.epochComplete({ epoch: 5, parts: [part] }));

    expect(reason).toMatchObject({ code: "OutcomeUnknown", cause: { code: "Failed", cause: foreign } });
    expect(store.requests.filter((request) => request === "create epoch=5/_COMMIT")).toHaveLength(1);
  });

  test("that returns neither created nor exists may have sealed: OutcomeUnknown", async () => {
    class Vague extends MapStore {
      override async create(key: string, body: Uint8Array): Promise<"created" | "exists"> {
        return key.endsWith("_COMMIT") ? ("ok" as "created") : super.create(key, body);
      }
    }
    const { backend, part } = await readyToSeal({}, new Vague());

    const reason = await refused(backend.epochComplete({ epoch: 5, parts: [part] }));

    expect(reason).toMatchObject({ code: "OutcomeUnknown", cause: { code: "Failed" } });
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

/** Takes every create; one whose key matches `without` gets no response. */
class LandingStore extends MapStore {
  readonly #without: RegExp;
  readonly #respondsToGets: boolean;

  constructor({ without = /\.bin$/, respondsToGets = true } = {}) {
    super();
    this.#without = without;
    this.#respondsToGets = respondsToGets;
  }

  override async create(key: string, body: Uint8Array): Promise<"created" | "exists"> {
    const response = await super.create(key, body);
    return this.#without.test(key) ? new Promise(() => undefined) : response;
  }

  override get(key: string): Promise<Uint8Array | undefined> {
    return this.#respondsToGets || key.startsWith("_control/")
      ? super.get(key)
      : new Promise(() => undefined);
  }
}

function always(code: StoreErrorCode): FailingStore {
  return new FailingStore(() => new StoreError(code, code));
}

/** The retry loop around a store, on a clock that stands still unless the test runs it. */
function over(
  store: ObjectStore,
  options: RetryOptions = {},
): { client: StoreClient; clock: VirtualClock; requests: RequestEvent[] } {
  const clock = new VirtualClock();
  const { requests, onEvent } = recorder();
  return { client: new StoreClient(store, retryPolicy(clock.retry(options)), onEvent), clock, requests };
}

type Backend = Awaited<ReturnType<World["open"]>>["backend"];

async function opened(
  store: ObjectStore,
  options: RetryOptions = {},
): Promise<{ backend: Backend; clock: VirtualClock; requests: RequestEvent[] }> {
  const clock = new VirtualClock();
  const { requests, onEvent } = recorder();
  const { backend } = await new World(store).open("A", { retry: clock.retry(options), onEvent });
  requests.length = 0;
  return { backend, clock, requests };
}

function recorder(): { requests: RequestEvent[]; onEvent: (event: BackendEvent) => void } {
  const requests: RequestEvent[] = [];
  const onEvent = (event: BackendEvent): void => {
    if (event.type === "request") requests.push(event);
  };
  return { requests, onEvent };
}

async function readyToSeal(
  options: RetryOptions = {},
  inner: ObjectStore = new MapStore(),
): Promise<{
  backend: Backend;
  clock: VirtualClock;
  store: ScriptedStore;
  part: Awaited<ReturnType<typeof write>>;
}> {
  const clock = new VirtualClock();
  const { backend, store } = await new World(inner).open("A", { retry: clock.retry(options) });
  return { backend, clock, store, part: await write(backend) };
}

function write(backend: Backend, signal?: AbortSignal): ReturnType<Backend["writePartial"]> {
  return backend.writePartial(
    { epoch: 5, vnode: 1, assignmentVersion: 0, bytes: bytesOf("state") },
    { signal },
  );
}

function durations(requests: readonly RequestEvent[]): number[] {
  return requests.map(({ durationMs }) => Math.round(durationMs));
}

function listenersOf(signal: AbortSignal): number {
  return getEventListeners(signal, "abort").length;
}

/** Iterations of the event loop until it is so. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await nextIteration();
}

/** What the promise rejects with. */
async function refused(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => expect.fail(`nothing was refused, the result was ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
}

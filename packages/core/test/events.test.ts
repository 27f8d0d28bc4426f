import { afterEach, describe, expect, test, vi } from "vitest";
import { ScriptedStore } from "../src/conformance/backend-suite/scripted-store.ts";
import { bytesOf, World } from "../src/conformance/backend-suite/world.ts";
import { nextIteration } from "../src/conformance/store-suite/operations.ts";
import { eventSink } from "../src/events.ts";
import { type BackendEvent, type RequestEvent, StoreError, type StoreErrorCode } from "../src/index.ts";
import { type RetryOptions, retryPolicy } from "../src/retry.ts";
import { StoreClient } from "../src/store-client.ts";
import type { DeleteFailure, ListOptions, ListPage, ObjectStore } from "../src/store.ts";
import { MapStore } from "./support/map-store.ts";
import { VirtualClock } from "./support/virtual-clock.ts";

describe("a request is reported", () => {
  test("once, with all that is known of it, on the injected clock", async () => {
    const { client, clock, events } = watched(new MapStore(), { latencyMs: 25 });
    const operation = client.operation(undefined);
    const body = bytesOf("state");

    await clock.run(client.create("a/b", body, operation));
    await clock.run(client.create("a/b", body, operation));
    await clock.run(client.get("a/b", operation));
    await clock.run(client.get("a/c", operation));
    await clock.run(drained(client.list("a/")));
    await clock.run(client.delete(["a/b", "a/c"], undefined));

    const common = { type: "request", attempt: 1, durationMs: 25 };
    expect(events).toEqual([
      { ...common, operation: "create", key: "a/b", bytes: 5, outcome: "ok" },
      { ...common, operation: "create", key: "a/b", bytes: 5, outcome: "exists" },
      { ...common, operation: "get", key: "a/b", bytes: 5, outcome: "ok" },
      { ...common, operation: "get", key: "a/c", bytes: 0, outcome: "absent" },
      { ...common, operation: "list", key: "a/", bytes: 0, outcome: "ok" },
      { ...common, operation: "delete", key: "a/b", bytes: 0, outcome: "ok" },
    ]);
  });

  test("for every attempt, with its number and its own outcome", async () => {
    const { client, clock, events, store } = watched(new MapStore());
    store.refuse("get a", "Throttled");
    store.refuse("get a", "Corrupt");
    store.lose("get a");

    await clock.run(client.get("a", client.operation(undefined)));

    expect(summary(events)).toEqual([
      "get a 1 Throttled",
      "get a 2 Corrupt",
      "get a 3 Unavailable",
      "get a 4 absent",
    ]);
  });

  test.each<StoreErrorCode>(["Denied", "Misconfigured", "Unsupported", "InvalidKey", "Failed"])(
    "with the code %s of the error that ended it",
    async (code) => {
      const { client, events, store } = watched(new MapStore());
      for (const operation of ["create", "get", "list", "delete"]) store.refuse(`${operation} a`, code);

      await client.create("a", bytesOf("state"), client.operation(undefined));
      await client.get("a", client.operation(undefined)).catch(() => undefined);
      await client.delete(["a"], undefined);

      expect(summary(events)).toEqual([`create a 1 ${code}`, `get a 1 ${code}`, `delete a 1 ${code}`]);
    },
  );

  test("as Failed when it met an error that is no StoreError", async () => {
    class Broken extends MapStore {
      override get(): Promise<undefined> {
        return Promise.reject(new TypeError("not a function"));
      }
    }
    const { client, events } = watched(new Broken());

    await client.get("a", client.operation(undefined)).catch(() => undefined);

    expect(summary(events)).toEqual(["get a 1 Failed"]);
  });

  test("as Failed when a create returned neither created nor exists", async () => {
    class Vague extends MapStore {
      override async create(): Promise<"created" | "exists"> {
        return "ok" as "created";
      }
    }
    const { client, events } = watched(new Vague());

    await client.create("a", bytesOf("state"), client.operation(undefined));

    expect(summary(events)).toEqual(["create a 1 Failed"]);
  });

  test("when it timed out, also if the store never responds, with the time that it had", async () => {
    const { client, clock, events, store } = watched(new MapStore(), { attempts: 2 });
    store.hold("get a");
    store.hold("get a");

    await clock.run(client.get("a", client.operation(undefined)).catch(() => undefined));

    const common = { type: "request", operation: "get", key: "a", bytes: 0, outcome: "Unavailable" };
    expect(events).toEqual([
      { ...common, attempt: 1, durationMs: 15_000 },
      { ...common, attempt: 2, durationMs: 15_000 },
    ]);
  });

  test("once, though its response comes after it timed out", async () => {
    const { client, clock, events, store } = watched(new MapStore());
    const held = store.hold("get a");

    await clock.run(client.get("a", client.operation(undefined)));
    await held.finish();
    await nextIteration();

    expect(summary(events)).toEqual(["get a 1 Unavailable", "get a 2 absent"]);
  });

  test.each([
    { what: "an Error", reason: new Error("shutting down") },
    { what: "a string", reason: "shutting down" },
    { what: "null", reason: null },
    { what: "a StoreError", reason: new StoreError("Denied", "mine") },
  ])("as aborted when the caller aborted it, with $what as the reason", async ({ reason }) => {
    const { client, events, store } = watched(new MapStore());
    const held = store.hold("get a");
    const controller = new AbortController();

    const call = client.get("a", client.operation(controller.signal)).catch(() => undefined);
    await held.arrived;
    controller.abort(reason);
    await call;

    expect(summary(events)).toEqual(["get a 1 aborted"]);
  });

  test("not at all when the caller's signal was aborted before it was sent", async () => {
    const { client, events } = watched(new MapStore());

    await client.get("a", client.operation(AbortSignal.abort())).catch(() => undefined);

    expect(events).toEqual([]);
  });

  test("of a listing for each page, the failed one among them", async () => {
    const { client, clock, events, store } = watched(new MapStore(new Map([["a/b", bytesOf("state")]])));
    store.refuse("list a/", "Unavailable");

    await clock.run(drained(client.list("a/")));

    expect(summary(events)).toEqual(["list a/ 1 Unavailable", "list a/ 2 ok"]);
  });

  test("of a delete with the first of its keys, and the first failure's code", async () => {
    const { client, clock, events, store } = watched(new MapStore());
    store.refuse("delete a b", "Throttled");

    await clock.run(client.delete(["a", "b"], undefined));

    expect(summary(events)).toEqual(["delete a 1 Throttled", "delete a 2 ok"]);
  });

  test("by a backend exactly as often as the store was asked", async () => {
    const events: BackendEvent[] = [];
    const world = new World(new MapStore());
    const actor = await world.open("A", { onEvent: (event) => events.push(event) });
    const { backend, store } = actor;

    await backend.takeover({ version: 1 });
    await actor.seal(5, { 0: "state" });
    await backend.latest();
    await actor.seal(6, { 0: "later" });
    await backend.pruneBefore(6);

    const reported = requestsOf(events).filter(({ operation }) => operation !== "list");
    const asked = store.requests.filter((request) => !request.startsWith("list "));
    expect(reported.map(({ operation, key }) => `${operation} ${key}`).toSorted()).toEqual(
      asked.map((request) => request.split(" ").slice(0, 2).join(" ")).toSorted(),
    );
  });
});

describe("an onEvent that throws", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  const hookError = new Error("the hook is broken");
  const throwing = (): never => {
    throw hookError;
  };

  test("disturbs no call, and its errors go to reportError where there is one", async () => {
    const reported: unknown[] = [];
    vi.stubGlobal("reportError", (error: unknown) => reported.push(error));
    const actor = await new World(new MapStore()).open("A", { onEvent: throwing });
    const { backend, store } = actor;

    await backend.takeover({ version: 1 });
    await actor.seal(5, { 0: "state" });
    const handle = await backend.latest();

    expect(handle?.epoch).toBe(5);
    expect(reported.length).toBeGreaterThan(store.requests.length);
    expect(new Set(reported)).toEqual(new Set([hookError]));
  });

  test("does not make a refusal its own error, or a success", async () => {
    vi.stubGlobal("reportError", () => undefined);
    const world = new World(new MapStore());
    const actor = await world.open("A", { onEvent: throwing });
    const { backend } = actor;
    await backend.abort(5);
    const part = await actor.write(5, 0, "too late");

    await expect(backend.epochComplete({ epoch: 5, parts: [part] })).rejects.toMatchObject({
      code: "EpochAborted",
    });
  });

  test("disturbs no retry and no abort", async () => {
    vi.stubGlobal("reportError", () => undefined);
    const clock = new VirtualClock();
    const store = new ScriptedStore(new MapStore());
    const client = new StoreClient(store, retryPolicy(clock.retry()), eventSink(throwing));
    store.lose("get a");
    const held = store.hold("get b");
    const controller = new AbortController();

    const absent = await clock.run(client.get("a", client.operation(undefined)));
    const call = client.get("b", client.operation(controller.signal)).catch((error: unknown) => error);
    await held.arrived;
    controller.abort("shutting down");

    expect(absent).toBeUndefined();
    expect(await call).toBe("shutting down");
  });

  test("becomes an uncaught error where there is no reportError", async () => {
    vi.stubGlobal("reportError", undefined);
    const later: (() => void)[] = [];
    vi.spyOn(globalThis, "queueMicrotask").mockImplementation((task) => {
      later.push(task);
    });

    const { store } = await new World(new MapStore()).open("A", { onEvent: throwing });

    expect(later.length).toBeGreaterThanOrEqual(store.requests.length);
    expect(later[0]).toThrow(hookError);
  });
});

/** Takes its time before each request. */
class SlowStore implements ObjectStore {
  readonly name = "slow";
  readonly #inner: ObjectStore;
  readonly #latency: () => Promise<void>;

  constructor(inner: ObjectStore, clock: VirtualClock, latencyMs: number) {
    this.#inner = inner;
    this.#latency = () => (latencyMs === 0 ? Promise.resolve() : clock.sleep(latencyMs));
  }

  async create(key: string, body: Uint8Array): Promise<"created" | "exists"> {
    await this.#latency();
    return this.#inner.create(key, body);
  }

  async get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    await this.#latency();
    return this.#inner.get(key);
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    await this.#latency();
    for await (const page of this.#inner.list(prefix, options)) {
      yield page;
      await this.#latency();
    }
  }

  async delete(keys: readonly string[]): Promise<readonly DeleteFailure[]> {
    await this.#latency();
    return this.#inner.delete(keys);
  }
}

/** The retry loop around a store, watched; every request takes `latencyMs` of the test's clock. */
function watched(
  inner: ObjectStore,
  { latencyMs = 0, ...options }: RetryOptions & { readonly latencyMs?: number } = {},
): { client: StoreClient; clock: VirtualClock; events: BackendEvent[]; store: ScriptedStore } {
  const clock = new VirtualClock();
  const events: BackendEvent[] = [];
  const store = new ScriptedStore(inner);
  const client = new StoreClient(
    new SlowStore(store, clock, latencyMs),
    retryPolicy(clock.retry(options)),
    (event) => events.push(event),
  );
  return { client, clock, events, store };
}

async function drained(pages: AsyncIterable<unknown>): Promise<void> {
  for await (const page of pages) expect(page).toBeDefined();
}

function requestsOf(events: readonly BackendEvent[]): RequestEvent[] {
  return events.filter((event) => event.type === "request");
}

function summary(events: readonly BackendEvent[]): string[] {
  return requestsOf(events).map(
    ({ operation, key, attempt, outcome }) => `${operation} ${key} ${attempt} ${outcome}`,
  );
}

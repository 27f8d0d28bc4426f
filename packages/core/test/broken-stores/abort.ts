import { StoreError } from "../../src/errors.ts";
import type { DeleteFailure, ListOptions, ListPage, OperationOptions } from "../../src/store.ts";
import { MapStore } from "../support/map-store.ts";
import type { BrokenStore, Created } from "./broken-store.ts";
import { SlowStore } from "./slow-store.ts";
import type { Operation } from "./slow-store.ts";

type Ending = (work: () => Promise<unknown>, signal: AbortSignal | undefined) => Promise<unknown>;

/** Treats the signals of one operation as `options` says. */
class TreatsSignals extends MapStore {
  readonly #operations: readonly Operation[];
  readonly #options: (options: OperationOptions | undefined) => OperationOptions;

  constructor(
    bodies: Map<string, Uint8Array>,
    operations: readonly Operation[],
    options: (options: OperationOptions | undefined) => OperationOptions,
  ) {
    super(bodies);
    this.#operations = operations;
    this.#options = options;
  }

  override create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    return super.create(key, body, this.#treated("create", options));
  }

  override get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return super.get(key, this.#treated("get", options));
  }

  override list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    return super.list(prefix, { ...this.#treated("list", options), delimiter: options?.delimiter });
  }

  override delete(keys: readonly string[], options?: OperationOptions): Promise<readonly DeleteFailure[]> {
    return super.delete(keys, this.#treated("delete", options));
  }

  #treated(operation: Operation, options: OperationOptions | undefined): OperationOptions {
    return this.#operations.includes(operation) ? this.#options(options) : { signal: options?.signal };
  }
}

function ignoring(operation: Operation): BrokenStore["open"] {
  return ({ bodies }) => new TreatsSignals(bodies, [operation], () => ({}));
}

const all = ["create", "get", "list", "delete"] as const;

/** Rejects with `reasonOf` what the signal says. */
function abortingWith(reasonOf: (reason: unknown) => unknown): BrokenStore["open"] {
  return ({ bodies }) =>
    new TreatsSignals(bodies, all, (options) =>
      options?.signal?.aborted === true
        ? { signal: AbortSignal.abort(reasonOf(options.signal.reason)) }
        : { signal: options?.signal },
    );
}

class WritesAndThenLooks extends MapStore {
  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    const response = await super.create(key, body);
    options?.signal?.throwIfAborted();
    return response;
  }
}

class DeletesAndThenLooks extends MapStore {
  override async delete(
    keys: readonly string[],
    options?: OperationOptions,
  ): Promise<readonly DeleteFailure[]> {
    const failures = await super.delete(keys);
    options?.signal?.throwIfAborted();
    return failures;
  }
}

class GivesFurtherPages extends MapStore {
  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    options?.signal?.throwIfAborted();
    yield* super.list(prefix, { delimiter: options?.delimiter });
  }
}

class LeavesListeners extends MapStore {
  override async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    options?.signal?.addEventListener("abort", () => this.entries());
    return super.get(key, options);
  }
}

class LeavesListenersOfStoppedListings extends MapStore {
  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    const listener = (): unknown => this.entries();
    options?.signal?.addEventListener("abort", listener);
    for await (const page of super.list(prefix, options)) yield page;
    options?.signal?.removeEventListener("abort", listener);
  }
}

class LooksOnlyBefore extends SlowStore {
  readonly #operation: Operation;

  constructor(bodies: Map<string, Uint8Array>, operation: Operation) {
    super(bodies);
    this.#operation = operation;
  }

  protected override look(operation: Operation, signal: AbortSignal | undefined): void {
    if (operation !== this.#operation) super.look(operation, signal);
  }
}

function lookingOnlyBefore(operation: Operation): BrokenStore["open"] {
  return ({ bodies }) => new LooksOnlyBefore(bodies, operation);
}

/** What becomes of a request whose signal aborts while it is on its way. */
class Meets extends SlowStore {
  readonly #end: Ending;

  constructor(bodies: Map<string, Uint8Array>, end: Ending) {
    super(bodies);
    this.#end = end;
  }

  protected override async request(operation: Operation, signal: AbortSignal | undefined): Promise<void> {
    await this.#end(() => super.request(operation, signal), signal);
  }
}

function meeting(end: Ending): BrokenStore["open"] {
  return ({ bodies }) => new Meets(bodies, end);
}

async function takeTheConnectionsError(work: () => Promise<unknown>, signal?: AbortSignal): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    throw signal?.aborted === true ? new StoreError("Unavailable", "ECONNRESET", { cause: error }) : error;
  }
}

async function neverEnd(work: () => Promise<unknown>, signal?: AbortSignal): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    return signal?.aborted === true ? new Promise(() => {}) : Promise.reject(error);
  }
}

/** One request at a time. If one is aborted, then the next one never begins. */
class BlocksTheQueue extends SlowStore {
  #last: Promise<void> = Promise.resolve();

  protected override async request(operation: Operation, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    await before;
    await super.request(operation, signal);
    resolve();
  }
}

/** All requests share one connection, and an abort ends the connection. */
class SharesAConnection extends SlowStore {
  #connection: AbortController = new AbortController();

  protected override async request(operation: Operation, signal: AbortSignal | undefined): Promise<void> {
    const connection = this.#connection;
    try {
      await super.request(operation, signal);
    } catch (error) {
      connection.abort(new StoreError("Unavailable", "the connection was closed"));
      this.#connection = new AbortController();
      throw error;
    }
    connection.signal.throwIfAborted();
  }
}

class GivesWhatItHasRead extends SlowStore {
  override async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      return await super.get(key, options);
    } catch (error) {
      const body = this.bodies.get(key);
      if (body === undefined || body.length < 2 ** 20 || options?.signal === undefined) throw error;
      return body.slice(0, 2 ** 16);
    }
  }
}

class KeepsWhatItHasSent extends SlowStore {
  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    this.check(key, body, options);
    try {
      return await super.create(key, body, options);
    } catch (error) {
      if (!this.bodies.has(key)) this.bodies.set(key, body.slice(0, body.length / 2));
      throw error;
    }
  }
}

export const brokenAborts: readonly BrokenStore[] = [
  { fault: "ignores the signal of create", caughtBy: "abort.before", open: ignoring("create") },
  { fault: "ignores the signal of get", caughtBy: "abort.before", open: ignoring("get") },
  {
    fault: "ignores the signal of list",
    caughtBy: "abort.before",
    alsoSeenBy: ["abort.between-pages"],
    open: ignoring("list"),
  },
  { fault: "ignores the signal of delete", caughtBy: "abort.before", open: ignoring("delete") },
  {
    fault: "aborts with an AbortError of its own",
    caughtBy: "abort.before",
    open: abortingWith(() => new DOMException("aborted", "AbortError")),
  },
  {
    fault: "wraps the signal's reason in a StoreError",
    caughtBy: "abort.before",
    open: abortingWith((cause) => new StoreError("Unavailable", "aborted", { cause })),
  },
  {
    fault: "makes an error of a reason that is none",
    caughtBy: "abort.before",
    open: abortingWith((reason) => (reason instanceof Error ? reason : new Error(String(reason)))),
  },
  {
    fault: "creates, and then looks at the signal",
    caughtBy: "abort.before",
    open: ({ bodies }) => new WritesAndThenLooks(bodies),
  },
  {
    fault: "deletes, and then looks at the signal",
    caughtBy: "abort.before",
    open: ({ bodies }) => new DeletesAndThenLooks(bodies),
  },
  {
    fault: "looks at the signal of a create only before it",
    caughtBy: "abort.in-flight",
    open: lookingOnlyBefore("create"),
  },
  {
    fault: "looks at the signal of a get only before it",
    caughtBy: "abort.in-flight",
    open: lookingOnlyBefore("get"),
  },
  {
    fault: "looks at the signal of a list only before it",
    caughtBy: "abort.in-flight",
    alsoSeenBy: ["abort.between-pages"],
    open: lookingOnlyBefore("list"),
  },
  {
    fault: "looks at the signal of a delete only before it",
    caughtBy: "abort.in-flight",
    open: lookingOnlyBefore("delete"),
  },
  {
    fault: "rejects with the connection's error when it was ended by the abort",
    caughtBy: "abort.during",
    alsoSeenBy: ["abort.in-flight", "abort.mid-body", "abort.neighbours"],
    open: meeting(takeTheConnectionsError),
  },
  {
    fault: "never ends what it has aborted",
    caughtBy: "abort.during",
    alsoSeenBy: ["abort.in-flight", "abort.mid-body", "abort.neighbours"],
    open: meeting(neverEnd),
  },
  {
    fault: "stands still after an abort",
    caughtBy: "abort.during",
    alsoSeenBy: ["abort.in-flight", "abort.mid-body", "abort.neighbours"],
    open: ({ bodies }) => new BlocksTheQueue(bodies),
  },
  {
    fault: "gives what it had read of a body when it was aborted",
    caughtBy: "abort.mid-body",
    alsoSeenBy: ["abort.during", "abort.in-flight"],
    open: ({ bodies }) => new GivesWhatItHasRead(bodies),
  },
  {
    fault: "keeps what it had sent of a body when it was aborted",
    caughtBy: "abort.mid-body",
    alsoSeenBy: ["abort.during"],
    open: ({ bodies }) => new KeepsWhatItHasSent(bodies),
  },
  {
    fault: "gives further pages after the abort",
    caughtBy: "abort.between-pages",
    open: ({ bodies }) => new GivesFurtherPages(bodies),
  },
  {
    fault: "ends its neighbours with it",
    caughtBy: "abort.neighbours",
    open: ({ bodies }) => new SharesAConnection(bodies),
  },
  {
    fault: "leaves listeners behind",
    caughtBy: "abort.listeners",
    open: ({ bodies }) => new LeavesListeners(bodies),
  },
  {
    fault: "leaves the listener of a listing that was stopped early",
    caughtBy: "abort.listeners",
    open: ({ bodies }) => new LeavesListenersOfStoppedListings(bodies),
  },
];

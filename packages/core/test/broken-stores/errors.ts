import { isStoreError, StoreError } from "../../src/errors.ts";
import type { DeleteFailure, ListOptions, ListPage, OperationOptions } from "../../src/store.ts";
import { MapStore } from "../support/map-store.ts";
import type { BrokenStore, Created } from "./broken-store.ts";
import type { Operation } from "./slow-store.ts";

type Change = (error: StoreError) => unknown;

const all = ["create", "get", "list", "delete"] as const;

/** Rejects with what `change` makes of the errors of some operations. */
class Changes extends MapStore {
  readonly #operations: readonly Operation[];
  readonly #change: Change;

  constructor(bodies: Map<string, Uint8Array>, operations: readonly Operation[], change: Change) {
    super(bodies);
    this.#operations = operations;
    this.#change = change;
  }

  override create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    return this.#changed("create", super.create(key, body, options));
  }

  override get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#changed("get", super.get(key, options));
  }

  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    const pages = super.list(prefix, options);
    try {
      for (;;) {
        const page = await this.#changed("list", pages.next());
        if (page.done === true) return;
        yield page.value;
      }
    } finally {
      await pages.return(undefined);
    }
  }

  override delete(keys: readonly string[], options?: OperationOptions): Promise<readonly DeleteFailure[]> {
    return this.#changed("delete", super.delete(keys, options));
  }

  async #changed<T>(operation: Operation, running: Promise<T>): Promise<T> {
    try {
      return await running;
    } catch (error) {
      throw isStoreError(error) && this.#operations.includes(operation) ? this.#change(error) : error;
    }
  }
}

export function changing(change: Change, operations: readonly Operation[] = all): BrokenStore["open"] {
  return ({ bodies }) => new Changes(bodies, operations, change);
}

/** What a service's client rejects with. */
class ClientError extends Error {
  readonly code: string = "InvalidKey";
}

/** An error of the right shape, which `isStoreError` does not know. */
class UnbrandedStoreError extends Error {
  override readonly name: string = "StoreError";
  readonly code: string = "InvalidKey";
  readonly retryable: boolean = false;
}

/** A method that is not async: what it checks is thrown, and not rejected with. */
function throwing(operation: Operation): BrokenStore["open"] {
  return ({ bodies }) => {
    const store = new MapStore(bodies);
    const works = store[operation].bind(store) as (...parameters: readonly unknown[]) => unknown;
    const throws = (first: string | readonly string[], ...others: readonly unknown[]): unknown => {
      const bad = [first].flat().find((key) => key.includes("//"));
      if (bad !== undefined) throw new StoreError("InvalidKey", `the key "${bad}" is not allowed`);
      return works(first, ...others);
    };
    Object.defineProperty(store, operation, { value: throws });
    return store;
  };
}

/** After one failure every other operation fails as the first did. */
class RemembersItsFailure extends MapStore {
  #failure: Promise<never> | undefined;

  override async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    options?.signal?.throwIfAborted();
    if (this.#failure !== undefined) return this.#failure;
    try {
      return await super.get(key, options);
    } catch (error) {
      this.#failure = Promise.reject(error);
      this.#failure.catch(() => "reported to whoever asks next");
      throw error;
    }
  }
}

/** A failed create leaves its connection unusable for the one after it. */
class FailsOnceMore extends MapStore {
  #isBroken = false;

  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    options?.signal?.throwIfAborted();
    if (this.#isBroken && !key.includes("//")) {
      this.#isBroken = false;
      throw new StoreError("Unavailable", "a transaction is still open");
    }
    this.#isBroken = key.includes("//");
    return super.create(key, body, options);
  }
}

export const brokenErrors: readonly BrokenStore[] = [
  {
    fault: "lets its client's error through, in create",
    caughtBy: "errors.store-error",
    alsoSeenBy: ["keys.forbidden"],
    open: changing((error) => new ClientError(error.message), ["create"]),
  },
  {
    fault: "lets its client's error through, in get",
    caughtBy: "errors.store-error",
    alsoSeenBy: ["keys.forbidden"],
    open: changing((error) => new ClientError(error.message), ["get"]),
  },
  {
    fault: "lets its client's error through, in list",
    caughtBy: "errors.store-error",
    alsoSeenBy: ["list.bad-prefix"],
    open: changing((error) => new ClientError(error.message), ["list"]),
  },
  {
    fault: "lets its client's error through, in delete",
    caughtBy: "errors.store-error",
    alsoSeenBy: ["keys.forbidden", "keys.one-bad"],
    open: changing((error) => new ClientError(error.message), ["delete"]),
  },
  {
    fault: "has an error class of its own, with the same fields",
    caughtBy: "errors.store-error",
    alsoSeenBy: ["keys.forbidden", "keys.one-bad", "list.bad-prefix"],
    open: changing((error) => new UnbrandedStoreError(error.message)),
  },
  {
    fault: "rejects with a plain object",
    caughtBy: "errors.store-error",
    alsoSeenBy: ["errors.works-on", "keys.forbidden", "keys.one-bad", "list.bad-prefix"],
    open: changing(({ code, message }) => ({ code, message, retryable: false })),
  },
  {
    fault: "rejects with a string",
    caughtBy: "errors.store-error",
    alsoSeenBy: ["keys.forbidden", "keys.one-bad", "list.bad-prefix"],
    open: changing(({ message }) => message),
  },
  {
    fault: "has errors without a message",
    caughtBy: "errors.store-error",
    alsoSeenBy: ["errors.works-on"],
    open: changing(({ code }) => new StoreError(code, "")),
  },
  {
    fault: "has errors that do not name the key",
    caughtBy: "errors.store-error",
    alsoSeenBy: ["errors.works-on"],
    open: changing(({ code }) => new StoreError(code, "bad request")),
  },
  {
    fault: "calls a bad key retryable",
    caughtBy: "errors.store-error",
    open: changing((error) => Object.assign(error, { retryable: true })),
  },
  {
    fault: "says Failed of a bad key",
    caughtBy: "errors.store-error",
    alsoSeenBy: ["keys.forbidden", "keys.one-bad", "list.bad-prefix"],
    open: changing(({ message }) => new StoreError("Failed", message)),
  },
  { fault: "throws from create", caughtBy: "errors.rejected", open: throwing("create") },
  { fault: "throws from get", caughtBy: "errors.rejected", open: throwing("get") },
  {
    fault: "throws from list",
    caughtBy: "errors.rejected",
    alsoSeenBy: ["list.bad-prefix"],
    open: throwing("list"),
  },
  { fault: "throws from delete", caughtBy: "errors.rejected", open: throwing("delete") },
  {
    fault: "remembers its first failure",
    caughtBy: "errors.works-on",
    open: ({ bodies }) => new RemembersItsFailure(bodies),
  },
  {
    fault: "fails once more after a failure",
    caughtBy: "errors.works-on",
    alsoSeenBy: ["keys.forbidden"],
    open: ({ bodies }) => new FailsOnceMore(bodies),
  },
];

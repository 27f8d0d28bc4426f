import { setTimeout as delay } from "node:timers/promises";
import type {
  DeleteFailure,
  ListOptions,
  ListPage,
  ObjectStore,
  OperationOptions,
} from "../../../packages/core/src/store.ts";
import type { Operation } from "./generated-store.ts";

/** How many keys a request deletes at most. */
const deleteBatch = 1_000;

/** `keys` is how many a delete has; 1 for all others. */
export type OnRequest = (operation: Operation, keys: number) => void;

/** Another store, which responds to each request after some milliseconds. */
export class SlowStore implements ObjectStore {
  readonly name: string;
  readonly wholeListings?: true;
  readonly #store: ObjectStore;
  readonly #latency: number;
  readonly #onRequest: OnRequest;

  /**
   * @param latency milliseconds; 0 waits for nothing
   * @param onRequest called when a request begins; a page of a listing is one
   */
  constructor(store: ObjectStore, latency: number, onRequest: OnRequest) {
    this.name = store.name;
    if (store.wholeListings === true) this.wholeListings = true;
    this.#store = store;
    this.#latency = latency;
    this.#onRequest = onRequest;
  }

  async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<"created" | "exists"> {
    await this.#request("create", 1, options);
    return this.#store.create(key, body, options);
  }

  async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    await this.#request("get", 1, options);
    return this.#store.get(key, options);
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage, void, undefined> {
    await this.#request("list", 1, options);
    let first = true;
    for await (const page of this.#store.list(prefix, options)) {
      if (!first) await this.#request("list", 1, options);
      first = false;
      yield page;
    }
  }

  async delete(keys: readonly string[], options?: OperationOptions): Promise<readonly DeleteFailure[]> {
    for (let start = 0; start < keys.length; start += deleteBatch)
      await this.#request("delete", Math.min(deleteBatch, keys.length - start), options);
    return this.#store.delete(keys, options);
  }

  async close(): Promise<void> {
    await this.#store.close?.();
  }

  async #request(operation: Operation, keys: number, options: OperationOptions | undefined): Promise<void> {
    options?.signal?.throwIfAborted();
    this.#onRequest(operation, keys);
    if (this.#latency === 0) return;
    try {
      await delay(this.#latency, undefined, { signal: options?.signal });
    } catch (error) {
      options?.signal?.throwIfAborted();
      throw error;
    }
  }
}

import { setImmediate, setTimeout } from "node:timers/promises";
import type { DeleteFailure, ListOptions, ListPage, ObjectStore } from "../../src/store.ts";

export interface Cost {
  /** How many requests had to wait for one another. */
  readonly depth: number;
  readonly requests: number;
}

/**
 * Counts requests, a page of a listing as one, and their sequential depth: a request is one deeper than the deepest
 * one whose response was there when it was sent.
 */
export class CountingStore implements ObjectStore {
  readonly name = "counting";
  readonly #inner: ObjectStore;
  /** Every request so far, with its depth in the call that was counted: `2 list epoch=5/`. */
  readonly schedule: string[] = [];
  /** How long a response takes. Digests run in other threads: a request behind one is not sent at once. */
  responseMs = 0;
  #requests = 0;
  #depth = 0;

  constructor(inner: ObjectStore) {
    this.#inner = inner;
  }

  /** What `call` costs. */
  async cost(call: () => Promise<unknown>): Promise<Cost> {
    this.#requests = 0;
    this.#depth = 0;
    await call();
    return { depth: this.#depth, requests: this.#requests };
  }

  create(key: string, body: Uint8Array): Promise<"created" | "exists"> {
    return this.#count(`create ${key}`, () => this.#inner.create(key, body));
  }

  get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#count(`get ${key}`, () => this.#inner.get(key));
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    const pages = this.#inner.list(prefix, { delimiter: options?.delimiter })[Symbol.asyncIterator]();
    let page = await this.#count(`list ${prefix}`, () => pages.next());
    while (page.done !== true) {
      yield page.value;
      // A store knows with a page whether it was the last one.
      const next = await pages.next();
      page = next.done === true ? next : await this.#count(`list ${prefix}`, async () => next);
    }
  }

  delete(keys: readonly string[]): Promise<readonly DeleteFailure[]> {
    return this.#count(`delete ${keys.join(" ")}`, () => this.#inner.delete(keys));
  }

  async #count<T>(name: string, request: () => Promise<T>): Promise<T> {
    this.#requests += 1;
    const depth = this.#depth + 1;
    this.schedule.push(`${depth} ${name}`);
    const response = await request();
    // Every request that does not wait for this response is sent before it is counted.
    await (this.responseMs > 0 ? setTimeout(this.responseMs) : setImmediate());
    this.#depth = Math.max(this.#depth, depth);
    return response;
  }
}

import { setImmediate } from "node:timers/promises";
import type { DeleteFailure, ListOptions, ListPage, ObjectStore } from "../../src/store.ts";

export interface Cost {
  /** How many requests had to wait for one another. */
  readonly depth: number;
  readonly requests: number;
}

/**
 * Counts requests, a page of a listing as one, and their sequential depth: a request is one deeper than the deepest
 * that had been answered when it was sent.
 */
export class CountingStore implements ObjectStore {
  readonly name = "counting";
  readonly #inner: ObjectStore;
  #requests = 0;
  #answered = 0;

  constructor(inner: ObjectStore) {
    this.#inner = inner;
  }

  /** What `call` costs. */
  async cost(call: () => Promise<unknown>): Promise<Cost> {
    this.#requests = 0;
    this.#answered = 0;
    await call();
    return { depth: this.#answered, requests: this.#requests };
  }

  create(key: string, body: Uint8Array): Promise<"created" | "exists"> {
    return this.#count(() => this.#inner.create(key, body));
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#count(() => this.#inner.get(key));
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    const pages = this.#inner.list(prefix, { delimiter: options?.delimiter })[Symbol.asyncIterator]();
    let page = await this.#count(() => pages.next());
    while (page.done !== true) {
      yield page.value;
      // A store knows with a page whether it was the last one.
      const next = await pages.next();
      page = next.done === true ? next : await this.#count(async () => next);
    }
  }

  delete(keys: readonly string[]): Promise<readonly DeleteFailure[]> {
    return this.#count(() => this.#inner.delete(keys));
  }

  async #count<T>(request: () => Promise<T>): Promise<T> {
    this.#requests += 1;
    const depth = this.#answered + 1;
    const answer = await request();
    // Whatever goes on beside this request was sent before it is answered.
    await setImmediate();
    this.#answered = Math.max(this.#answered, depth);
    return answer;
  }
}

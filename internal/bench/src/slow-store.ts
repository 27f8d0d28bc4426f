import { setTimeout as delay } from "node:timers/promises";
import type {
  DeleteFailure,
  ListOptions,
  ListPage,
  OperationOptions,
} from "../../../packages/core/src/store.ts";
import { MemoryStore } from "../../../packages/memory/src/index.ts";

/** Responds to each request after some milliseconds, and counts them. */
export class SlowStore extends MemoryStore {
  readonly #latency: number;
  readonly #counts: Counts;

  constructor(latency: number, counts: Counts) {
    super();
    this.#latency = latency;
    this.#counts = counts;
  }

  override async create(
    key: string,
    body: Uint8Array,
    options?: OperationOptions,
  ): Promise<"created" | "exists"> {
    await this.#request(options);
    return super.create(key, body, options);
  }

  override async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    await this.#request(options);
    return super.get(key, options);
  }

  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage, void, undefined> {
    await this.#request(options);
    let first = true;
    for await (const page of super.list(prefix, options)) {
      if (!first) await this.#request(options);
      first = false;
      yield page;
    }
  }

  override async delete(
    keys: readonly string[],
    options?: OperationOptions,
  ): Promise<readonly DeleteFailure[]> {
    for (let start = 0; start < keys.length; start += 1_000) await this.#request(options);
    return super.delete(keys, options);
  }

  async #request(options: OperationOptions | undefined): Promise<void> {
    options?.signal?.throwIfAborted();
    this.#counts.requests += 1;
    if (this.#latency === 0) return;
    try {
      await delay(this.#latency, undefined, { signal: options?.signal });
    } catch (error) {
      options?.signal?.throwIfAborted();
      throw error;
    }
  }
}

export interface Counts {
  requests: number;
}

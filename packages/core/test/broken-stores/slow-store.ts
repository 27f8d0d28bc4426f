import { checkKey, checkPrefix } from "../../src/keys.ts";
import type { DeleteFailure, ListOptions, ListPage, OperationOptions } from "../../src/store.ts";
import { nextIteration } from "../../src/conformance/store-suite/operations.ts";
import { OpenStore } from "./open-store.ts";

export type Operation = "create" | "get" | "list" | "delete";

/** Keeps the whole contract, and takes some iterations of the event loop for each request, as a service does. */
export class SlowStore extends OpenStore {
  /** A request on its way; rejects when the signal aborts. */
  protected async request(operation: Operation, signal: AbortSignal | undefined): Promise<void> {
    for (let iteration = 0; iteration < 4; iteration += 1) {
      await nextIteration();
      this.look(operation, signal);
    }
  }

  protected look(_: Operation, signal: AbortSignal | undefined): void {
    signal?.throwIfAborted();
  }

  override async create(
    key: string,
    body: Uint8Array,
    options?: OperationOptions,
  ): Promise<"created" | "exists"> {
    this.check(key, body, options);
    await this.request("create", options?.signal);
    return super.create(key, body);
  }

  override async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    options?.signal?.throwIfAborted();
    checkKey(key);
    await this.request("get", options?.signal);
    return super.get(key);
  }

  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    options?.signal?.throwIfAborted();
    checkPrefix(prefix);
    await this.request("list", options?.signal);
    for await (const page of super.list(prefix, { delimiter: options?.delimiter })) {
      this.look("list", options?.signal);
      yield page;
    }
  }

  override async delete(
    keys: readonly string[],
    options?: OperationOptions,
  ): Promise<readonly DeleteFailure[]> {
    options?.signal?.throwIfAborted();
    for (const key of keys) checkKey(key);
    await this.request("delete", options?.signal);
    return super.delete(keys);
  }
}

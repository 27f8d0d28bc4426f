import type { DeleteFailure, ListOptions, ListPage, ObjectStore, OperationOptions } from "@state/core";
import { nodeFileSystem } from "./file-system.ts";
import type { FsStoreOptions } from "./options.ts";
import { LocalStore } from "./store.ts";

/**
 * An object store in a directory of a local file system, safe between processes and durable before it answers.
 *
 * A key is a path beneath the root. Objects come to be by a hard link of a finished, flushed file, so that readers
 * see all of one or nothing, and one of many creators wins.
 *
 * @example
 * ```ts
 * const store = new FsStore({ root: "/var/lib/my-job/state" });
 * await store.create("epoch=1/_COMMIT", new TextEncoder().encode("me")); // "created"
 * ```
 */
export class FsStore implements ObjectStore {
  readonly name: string;
  // Held and not extended: so the declarations name none of Node's types.
  readonly #store: LocalStore;

  /** @throws `TypeError` for a root that is no path. Touches nothing: the root is made by the first create. */
  constructor(options: FsStoreOptions) {
    this.#store = new LocalStore(options, nodeFileSystem);
    this.name = this.#store.name;
  }

  create(key: string, body: Uint8Array, options?: OperationOptions): Promise<"created" | "exists"> {
    return this.#store.create(key, body, options);
  }

  get(key: string, options?: OperationOptions): Promise<Uint8Array | undefined> {
    return this.#store.get(key, options);
  }

  list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage, void, undefined> {
    return this.#store.list(prefix, options);
  }

  delete(keys: readonly string[], options?: OperationOptions): Promise<readonly DeleteFailure[]> {
    return this.#store.delete(keys, options);
  }

  /** Waits for what aborted operations left to do and stops the sweep. The store itself can go on being used. */
  close(): Promise<void> {
    return this.#store.close();
  }
}

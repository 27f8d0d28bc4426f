import type { DeleteFailure, ListOptions, ListPage, ObjectStore, OperationOptions } from "@state/core";
import { clientOf } from "./client.ts";
import { blobPrefix } from "./options.ts";
import type { AzureStoreOptions } from "./options.ts";
import { ContainerStore } from "./store.ts";

/**
 * An object store in a container of Azure Blob Storage.
 *
 * A key is a blob; a blob comes to be by one conditional Put Blob with its MD5. Each call sends one request, whatever
 * the client that was passed in is set to.
 *
 * @example
 * ```ts
 * const store = new AzureStore({
 *   accountUrl: "https://myaccount.blob.core.windows.net",
 *   containerName: "checkpoints",
 *   credential: new DefaultAzureCredential(),
 *   prefix: "my-job",
 * });
 * await store.create("epoch=1/_COMMIT", new TextEncoder().encode("me")); // "created"
 * ```
 */
export class AzureStore implements ObjectStore {
  readonly name: string;
  readonly #store: ContainerStore;

  /** @throws `TypeError` for options that cannot be meant. Sends nothing: the container must be there when it is used. */
  constructor(options: AzureStoreOptions) {
    this.#store = new ContainerStore(clientOf(options), blobPrefix(options.prefix));
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

  /** Has nothing to release: the SDK keeps one pool of connections for the whole process, idle ones do not hold it up. */
  async close(): Promise<void> {}
}

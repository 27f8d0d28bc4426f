import type { DeleteFailure, ListOptions, ListPage, ObjectStore, OperationOptions } from "@state/core";
import { clientOf } from "./client.ts";
import { prefixOf } from "./options.ts";
import type { AzureStoreOptions } from "./options.ts";
import { ContainerStore } from "./container-store.ts";

/**
 * An object store in a container of Azure Blob Storage.
 *
 * A create is one conditional Put Blob with the body's MD5. Every call is one request, whatever the
 * settings of the client that was passed in.
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

  /**
   * Sends nothing: the container must exist when the store is used.
   *
   * @throws `TypeError` for options that are invalid.
   */
  constructor(options: AzureStoreOptions) {
    this.#store = new ContainerStore(clientOf(options), prefixOf(options.prefix));
    this.name = this.#store.name;
  }

  create(key: string, body: Uint8Array, options?: OperationOptions): Promise<"created" | "exists"> {
    return this.#store.create(key, body, options);
  }

  get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#store.get(key, options);
  }

  list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage, void, undefined> {
    return this.#store.list(prefix, options);
  }

  delete(keys: readonly string[], options?: OperationOptions): Promise<readonly DeleteFailure[]> {
    return this.#store.delete(keys, options);
  }

  /**
   * Releases nothing: the SDK has one pool of connections for the whole process, and idle ones do
   * not keep it alive.
   */
  async close(): Promise<void> {}
}

import type { DeleteFailure, ListOptions, ListPage, ObjectStore, OperationOptions } from "@state/core";
import { nodeFileSystem } from "./file-system.ts";
import { LocalStore } from "./local-store.ts";
import { type FsStoreOptions, rootOf } from "./options.ts";

/**
 * An object store in a directory of a local file system. It is safe between processes, and durable
 * before it returns.
 *
 * A key is a path beneath the root. A create links a finished, flushed file to that path, so that
 * readers see all of an object or nothing, and one of many creators wins.
 *
 * @example
 * ```ts
 * const store = new FsStore({ root: "/var/lib/my-job/state" });
 * await store.create("epoch=1/_COMMIT", new TextEncoder().encode("me")); // "created"
 * ```
 */
export class FsStore implements ObjectStore {
  readonly name: string;
  /** See the limits in the README: the names of the directory have to fit into one read of the system. */
  readonly wholeListings = true;
  // Wrapped, not extended: so the declarations name none of Node's types.
  readonly #store: LocalStore;

  /**
   * Touches nothing: the root is made by the first create.
   *
   * @throws `TypeError` for a root that is no path, and for other options that cannot be
   */
  constructor(options: FsStoreOptions) {
    this.#store = new LocalStore(options, nodeFileSystem);
    this.name = this.#store.name;
  }

  /**
   * The store of a URL: `fs:/var/lib/state`, or `fs:state` from the working directory. A store's
   * `name` is such a URL.
   *
   * @throws `TypeError` for another scheme, a host, and parameters
   */
  static fromUrl(url: string | URL, options?: Omit<FsStoreOptions, "root">): FsStore {
    return new FsStore({ ...options, root: rootOf(url) });
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

  /** Waits for the work that aborted operations left behind. The store can still be used. */
  close(): Promise<void> {
    return this.#store.close();
  }
}

/** The schemes of the URLs that `storeFromUrl` takes. */
export const urlSchemes: readonly string[] = ["fs"];

/** The store of a URL, as `FsStore.fromUrl` makes it. */
export function storeFromUrl(url: string | URL): FsStore {
  return FsStore.fromUrl(url);
}

import type {
  DeleteFailure,
  ListOptions,
  ListPage,
  ObjectStore,
  OperationOptions,
  Remark,
} from "@state/core";
import { OnDemand } from "@state/core/adapter";
import type { LocalStore } from "./local-store.ts";
import { type FsStoreOptions, rootOf, settingsOf, urlOf } from "./options.ts";

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
  readonly #options: FsStoreOptions;
  /** What works on files, so that an import of the package costs little. */
  readonly #store: OnDemand<LocalStore> = new OnDemand(() => load(this.#options));

  /**
   * Touches nothing: the root is made by the first create.
   *
   * @throws `TypeError` for a root that is no path, and for other options that cannot be
   */
  constructor(options: FsStoreOptions) {
    const { root } = settingsOf(options);
    this.#options = { ...options, root };
    this.name = urlOf(root);
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

  async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<"created" | "exists"> {
    const store = this.#store.made ?? (await this.#store.get(options?.signal));
    return store.create(key, body, options);
  }

  async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const store = this.#store.made ?? (await this.#store.get(options?.signal));
    return store.get(key, options);
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage, void, undefined> {
    const store = this.#store.made ?? (await this.#store.get(options?.signal));
    yield* store.list(prefix, options);
  }

  async delete(keys: readonly string[], options?: OperationOptions): Promise<readonly DeleteFailure[]> {
    const store = this.#store.made ?? (await this.#store.get(options?.signal));
    return store.delete(keys, options);
  }

  /** Looks at the file system of the root, by the type that Linux gives it, and at how files are made durable. */
  async examine(options?: OperationOptions): Promise<readonly Remark[]> {
    const store = this.#store.made ?? (await this.#store.get(options?.signal));
    return store.examine(options);
  }

  /** Waits for the work that aborted operations left behind. The store can still be used. */
  async close(): Promise<void> {
    await (await this.#store.making)?.close();
  }
}

async function load(options: FsStoreOptions): Promise<LocalStore> {
  const [{ LocalStore: Loaded }, { nodeFileSystem }] = await Promise.all([
    import("./local-store.ts"),
    import("./file-system.ts"),
  ]);
  return new Loaded(options, nodeFileSystem);
}

/** The schemes of the URLs that `storeFromUrl` takes. */
export const urlSchemes: readonly string[] = ["fs"];

/** The store of a URL, as `FsStore.fromUrl` makes it. */
export function storeFromUrl(url: string | URL): FsStore {
  return FsStore.fromUrl(url);
}

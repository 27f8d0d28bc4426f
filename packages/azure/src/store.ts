import type {
  DeleteFailure,
  ListOptions,
  ListPage,
  ObjectStore,
  OperationOptions,
  Remark,
} from "@state/core";
import { checkBody, checkKey, checkPrefix, OnDemand } from "@state/core/adapter";
import type { Calls } from "./calls.ts";
import { type ClientParts, partsOf } from "./client.ts";
import { optionsFromUrl } from "./environment.ts";
import { type AzureStoreOptions, type Settings, settingsOf } from "./options.ts";

/**
 * An object store in a container of Azure Blob Storage.
 *
 * A create is one conditional Put Blob with the body's MD5. Every call is one request, whatever the
 * settings of the client that was passed in; the first create asks for the account's kind before.
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
  /** `azure://ACCOUNT/CONTAINER/PREFIX` */
  readonly name: string;
  readonly #parts: ClientParts;
  readonly #settings: Settings;
  /** What sends requests, so that an import of the package costs little. */
  readonly #calls: OnDemand<Calls> = new OnDemand(
    async () => new (await import("./calls.ts")).Calls(this.name, this.#parts, this.#settings),
  );

  /**
   * Sends nothing: the container must exist when the store is used.
   *
   * @throws `TypeError` or `RangeError` for options that are invalid
   */
  constructor(options: AzureStoreOptions) {
    this.#parts = partsOf(options);
    this.#settings = settingsOf(options, this.#parts.url);
    const { account, containerName } = this.#parts;
    const folder = this.#settings.root.slice(0, -1);
    this.name = `azure://${[account, containerName, folder].filter(Boolean).join("/")}`;
  }

  /**
   * The store of `azure://ACCOUNT/CONTAINER/PREFIX?endpoint=…`. Without an endpoint it is the account's in the public cloud.
   * The credentials come from the environment: `AZURE_STORAGE_CONNECTION_STRING`, `AZURE_STORAGE_KEY` or
   * `AZURE_STORAGE_SAS_TOKEN`, else from `DefaultAzureCredential`, if `@azure/identity` is installed.
   *
   * @throws `TypeError` for credentials in the URL, and for parameters that it does not know
   */
  static fromUrl(url: string | URL): AzureStore {
    return new AzureStore(optionsFromUrl(url));
  }

  /**
   * How creates and gets are sent: `direct` if the store makes them itself, `sdk` if the SDK does; `undefined` before the
   * first.
   */
  get requestPath(): "direct" | "sdk" | undefined {
    return this.#calls.made?.path?.requestPath;
  }

  /** Why `requestPath` is `sdk`. */
  get requestPathReason(): string | undefined {
    return this.#calls.made?.path?.requestPathReason;
  }

  async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<"created" | "exists"> {
    options?.signal?.throwIfAborted();
    checkKey(key);
    checkBody(key, body);
    const calls = this.#calls.made ?? (await this.#calls.get(options?.signal));
    return calls.create(key, body, options?.signal);
  }

  async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    options?.signal?.throwIfAborted();
    checkKey(key);
    const calls = this.#calls.made ?? (await this.#calls.get(options?.signal));
    return calls.get(key, options?.signal);
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage, void, undefined> {
    options?.signal?.throwIfAborted();
    checkPrefix(prefix);
    const calls = this.#calls.made ?? (await this.#calls.get(options?.signal));
    yield* calls.list(prefix, options);
  }

  async delete(keys: readonly string[], options?: OperationOptions): Promise<readonly DeleteFailure[]> {
    options?.signal?.throwIfAborted();
    for (const key of keys) checkKey(key);
    const calls = this.#calls.made ?? (await this.#calls.get(options?.signal));
    return calls.delete([...new Set(keys)], options?.signal);
  }

  /**
   * Looks at the account's namespace, the container's retention, soft delete, versions and tiers, at the clock, the proxies
   * and the request path. Four requests, of which each may be refused. Lifecycle rules cannot be seen from here.
   */
  async examine(options?: OperationOptions): Promise<readonly Remark[]> {
    options?.signal?.throwIfAborted();
    const calls = this.#calls.made ?? (await this.#calls.get(options?.signal));
    return calls.examine(options?.signal);
  }

  /** Ends the store's own connections. A client that was passed in keeps its own. */
  async close(): Promise<void> {
    (await this.#calls.making)?.close();
  }
}

/** The URLs that `storeFromUrl` takes, for tools that find a store by its package. */
export const urlSchemes: readonly string[] = ["azure"];

/** The same as `AzureStore.fromUrl`. @throws `TypeError` */
export function storeFromUrl(url: string | URL): AzureStore {
  return AzureStore.fromUrl(url);
}

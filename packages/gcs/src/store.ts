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
import { type GcsStoreOptions, optionsOfUrl, type Settings, settingsOf } from "./options.ts";

/**
 * An object store in a bucket of Google Cloud Storage.
 *
 * A call is one request, which the client's authenticated transport prepares. The SDK's methods on files are never used:
 * they retry, and after an upload whose hash does not match they delete the key, whoever wrote it.
 *
 * @example
 * ```ts
 * const store = new GcsStore({ bucket: "my-bucket", prefix: "jobs/flights" });
 * ```
 */
export class GcsStore implements ObjectStore {
  /** `gs://bucket/prefix`. */
  readonly name: string;
  readonly #settings: Settings;
  /** What sends requests, so that an import of the package costs little. */
  readonly #calls: OnDemand<Calls> = new OnDemand(
    async () => new (await import("./calls.ts")).Calls(this.#settings),
  );

  /** @throws `TypeError`, or `RangeError` for a time-out, if an option cannot be used */
  constructor(options: GcsStoreOptions) {
    this.#settings = settingsOf(options);
    this.name = this.#settings.name;
  }

  /**
   * A store by its URL: `gs://BUCKET/PREFIX`. With `?endpoint=http://…` it is an emulator, which gets no credentials.
   *
   * @throws `TypeError` for credentials in the URL, unknown parameters, and what is no such URL
   */
  static fromUrl(url: string | URL): GcsStore {
    return new GcsStore(optionsOfUrl(url));
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
    return calls.delete(keys, options?.signal);
  }

  /**
   * Looks at the bucket's versioning, lifecycle rules, retention, soft delete, storage class, namespace and access, at the
   * clock and the proxies. One request, which may be refused.
   */
  async examine(options?: OperationOptions): Promise<readonly Remark[]> {
    options?.signal?.throwIfAborted();
    const calls = this.#calls.made ?? (await this.#calls.get(options?.signal));
    return calls.examine(options?.signal);
  }

  /** Ends the store's own connections, with what is under way on them. A client that was passed in stays as it is. */
  async close(): Promise<void> {
    (await this.#calls.making)?.close();
  }
}

/** The store that `gs://BUCKET/PREFIX` names. */
export function storeFromUrl(url: string | URL): GcsStore {
  return GcsStore.fromUrl(url);
}

import type {
  CreateOptions,
  DeleteFailure,
  ListOptions,
  ListPage,
  ObjectStore,
  OperationOptions,
  Remark,
} from "@state/core";
import { checkBody, checkKey, checkPrefix, checkSha256, OnDemand } from "@state/core/adapter";
import type { Calls } from "./calls.ts";
import { optionsFromUrl, type S3StoreOptions, type Settings, settingsOf } from "./options.ts";

/**
 * An object store in a bucket of Amazon S3, or of a service that speaks its protocol and honours
 * `If-None-Match`.
 *
 * A create is one conditional put. Every call is one request: the store itself never retries.
 *
 * @example
 * ```ts
 * const store = new S3Store({ bucket: "my-bucket", prefix: "jobs/flights" });
 * await store.create("epoch=1/_COMMIT", new TextEncoder().encode("me")); // "created"
 * ```
 */
export class S3Store implements ObjectStore {
  readonly name: string;
  readonly #settings: Settings;
  /** What sends requests, so that an import of the package costs little. */
  readonly #calls: OnDemand<Calls> = new OnDemand(
    async () => new (await import("./calls.ts")).Calls(this.#settings),
  );

  /**
   * Sends nothing.
   *
   * @throws `TypeError` or `RangeError` for options that are invalid or contradict each other, and for a bucket that
   *   cannot hold checkpoints
   */
  constructor(options: S3StoreOptions) {
    this.#settings = settingsOf(options);
    this.name = this.#settings.name;
  }

  /**
   * The store of `s3://BUCKET/PREFIX?region=…&endpoint=…`. Region and credentials come by the SDK's own chain where the URL
   * does not say.
   *
   * @throws `TypeError` for credentials in the URL, and for parameters that it does not know
   */
  static fromUrl(url: string | URL): S3Store {
    return new S3Store(optionsFromUrl(url));
  }

  /**
   * How requests are sent: `direct` if they are signed and sent without the SDK's pipeline, which is several times as fast,
   * else `sdk`, as soon as one kind of request goes through it; `undefined` before the first.
   */
  get requestPath(): "direct" | "sdk" | undefined {
    return this.#calls.made?.way?.path;
  }

  /** Why `requestPath` is `sdk`: the kind of request, and how it is another one. */
  get requestPathReason(): string | undefined {
    return this.#calls.made?.way?.reason;
  }

  async create(key: string, body: Uint8Array, options?: CreateOptions): Promise<"created" | "exists"> {
    const { sha256, signal } = options ?? {};
    signal?.throwIfAborted();
    checkKey(key);
    checkBody(key, body);
    checkSha256(sha256);
    const calls = this.#calls.made ?? (await this.#calls.get(signal));
    return calls.create(key, body, { sha256, signal });
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
   * Looks at the bucket's kind, versioning, lifecycle rules, object lock and storage classes, at the clock, the proxies and
   * the request path. Five requests, of which each may be refused.
   */
  async examine(options?: OperationOptions): Promise<readonly Remark[]> {
    options?.signal?.throwIfAborted();
    const calls = this.#calls.made ?? (await this.#calls.get(options?.signal));
    return calls.examine(options?.signal);
  }

  /**
   * Closes the connections of a client that the store built. A client that was passed in is left
   * open.
   */
  async close(): Promise<void> {
    (await this.#calls.making)?.close();
  }
}

/** The store of a URL, for tools that find a store by its package. @throws `TypeError` */
export function storeFromUrl(url: string | URL): S3Store {
  return S3Store.fromUrl(url);
}

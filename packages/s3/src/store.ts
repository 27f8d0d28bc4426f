import type { DeleteFailure, ListOptions, ListPage, ObjectStore, OperationOptions } from "@state/core";
import { checkBody, checkKey, checkPrefix, storeError } from "@state/core/adapter";
import { digestsOf, plainBody, readBody, readPlain, saysCreated } from "./body.ts";
import { bufferOf } from "./commands.ts";
import { Deleter } from "./deleting.ts";
import { meansAbsent, meansExists } from "./errors.ts";
import { Listing } from "./listing.ts";
import { optionsFromUrl, type S3StoreOptions, type Settings, settingsOf } from "./options.ts";
import { Requester } from "./request.ts";

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
  readonly #deleter: Deleter = new Deleter();
  readonly #requester: Requester;

  /**
   * Sends nothing.
   *
   * @throws `TypeError` or `RangeError` for options that are invalid or contradict each other, and for a bucket that
   *   cannot hold checkpoints
   */
  constructor(options: S3StoreOptions) {
    this.#settings = settingsOf(options);
    this.name = this.#settings.name;
    this.#requester = new Requester(this.#settings);
  }

  /**
   * How requests are sent: `direct` if they are signed and sent without the SDK's pipeline, which is several times as fast,
   * else `sdk`; `undefined` before the first.
   */
  get requestPath(): "direct" | "sdk" | undefined {
    return this.#requester.way?.path;
  }

  /** Why `requestPath` is `sdk`. */
  get requestPathReason(): string | undefined {
    return this.#requester.way?.reason;
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

  async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<"created" | "exists"> {
    options?.signal?.throwIfAborted();
    checkKey(key);
    checkBody(key, body);
    const name = this.#settings.prefix + key;
    return this.#requester.run("create", key, options?.signal, async (request) => {
      const digests = await digestsOf(body, request.signal);
      const response = await request.direct("create", { name, body: bufferOf(body), digests });
      if (response !== undefined && saysCreated(response)) return "created";
      try {
        const { ETag: etag } = await request.send(await request.commands.create(name, body, digests));
        // A proxy may respond with 200 too, but without the object's ETag.
        if (etag !== undefined) return "created";
      } catch (error) {
        if (meansExists(error)) return "exists";
        throw error;
      }
      throw storeError(
        request.call,
        { code: "Unavailable" },
        "the response has no ETag: it is not the service's",
      );
    });
  }

  async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    options?.signal?.throwIfAborted();
    checkKey(key);
    const name = this.#settings.prefix + key;
    return this.#requester.run("get", key, options?.signal, async (request) => {
      const response = await request.direct("get", { name });
      const body = response === undefined ? undefined : plainBody(response);
      if (body !== undefined) return readPlain(body, request.call, request);
      try {
        return await readBody(await request.send(request.commands.get(name)), request.call, request);
      } catch (error) {
        if (meansAbsent(error)) return undefined;
        throw error;
      }
    });
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage, void, undefined> {
    options?.signal?.throwIfAborted();
    checkPrefix(prefix);
    const call = { store: this.name, operation: "list", key: prefix } as const;
    const listing = new Listing({ root: this.#settings.prefix, prefix, delimiter: options?.delimiter, call });
    for (let isLast = false; !isLast;) {
      const read = await this.#requester.run("list", prefix, options?.signal, (request) =>
        listing.next(request),
      );
      isLast = read.isLast;
      yield read.page;
    }
  }

  async delete(keys: readonly string[], options?: OperationOptions): Promise<readonly DeleteFailure[]> {
    options?.signal?.throwIfAborted();
    for (const key of keys) checkKey(key);
    const { prefix: root, deleteBatchSize: batchSize } = this.#settings;
    const signal = options?.signal;
    return this.#deleter.delete([...new Set(keys)], {
      root,
      batchSize,
      signal,
      run: (key, work) => this.#requester.run("delete", key, signal, work),
    });
  }

  /**
   * Closes the connections of a client that the store built. A client that was passed in is left
   * open.
   */
  async close(): Promise<void> {
    this.#settings.client.close();
  }
}

/** The store of a URL, for tools that find a store by its package. @throws `TypeError` */
export function storeFromUrl(url: string | URL): S3Store {
  return S3Store.fromUrl(url);
}

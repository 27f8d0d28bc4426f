import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { checkKey, checkPrefix } from "@state/core/adapter";
import type { DeleteFailure, ListOptions, ListPage, ObjectStore, OperationOptions } from "@state/core";
import { raceAbort } from "./abort-race.ts";
import { guardBody, readBody } from "./body.ts";
import { Deleter } from "./deleting.ts";
import {
  conditionUnsupported,
  meansAbsent,
  meansExists,
  meansNoCondition,
  storeError,
  toStoreError,
} from "./errors.ts";
import type { Operation } from "./errors.ts";
import { Listing } from "./listing.ts";
import { settingsOf } from "./options.ts";
import type { S3StoreOptions, Settings } from "./options.ts";

const bodyLimit = 2 ** 31;

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

  /**
   * Sends nothing.
   *
   * @throws `TypeError` for options that are invalid or contradict each other.
   */
  constructor(options: S3StoreOptions) {
    this.#settings = settingsOf(options);
    this.name = this.#settings.name;
  }

  async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<"created" | "exists"> {
    options?.signal?.throwIfAborted();
    checkKey(key);
    if (body.byteLength >= bodyLimit) {
      throw new RangeError(`the body of ${JSON.stringify(key)} is ${body.byteLength} bytes, 2^31 or more`);
    }
    const operation = this.#operation("create", key);
    const { bucket, prefix, client } = this.#settings;
    return this.#perform(operation, options?.signal, async (signal) => {
      const command = new PutObjectCommand({
        Bucket: bucket,
        Key: prefix + key,
        // A Buffer over the same memory: the SDK would copy other bytes, and send a stream in
        // chunks.
        Body: Buffer.from(body.buffer, body.byteOffset, body.byteLength),
        IfNoneMatch: "*",
      });
      let isSent = false;
      // A failure before the request is sent is not the service's: the source of credentials may
      // respond with 400 too.
      command.middlewareStack.add(
        (next) => (args) => {
          isSent = true;
          return next(args);
        },
        { step: "deserialize" },
      );
      try {
        const response = await client.send(command, this.#requestOptions(signal, body.byteLength));
        // A proxy may respond with 200 too, but without the object's ETag.
        if (response.ETag === undefined)
          throw storeError("Unavailable", operation, "the response has no ETag: it is not the service's");
        return "created";
      } catch (error) {
        if (isSent && meansExists(error)) return "exists";
        throw isSent && meansNoCondition(error) ? conditionUnsupported(error, operation) : error;
      }
    });
  }

  async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    options?.signal?.throwIfAborted();
    checkKey(key);
    const operation = this.#operation("get", key);
    const { bucket, prefix, client } = this.#settings;
    return this.#perform(operation, options?.signal, async (signal) => {
      try {
        const response = await client.send(
          guardBody(new GetObjectCommand({ Bucket: bucket, Key: prefix + key, ChecksumMode: "ENABLED" })),
          this.#requestOptions(signal),
        );
        return await readBody(response, operation);
      } catch (error) {
        if (meansAbsent(error)) return undefined;
        throw error;
      }
    });
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage, void, undefined> {
    options?.signal?.throwIfAborted();
    checkPrefix(prefix);
    const operation = this.#operation("list", prefix);
    const { bucket, prefix: root, client } = this.#settings;
    const listing = new Listing({ bucket, root, prefix, delimiter: options?.delimiter, operation });
    for (let isLast = false; !isLast;) {
      const read = await this.#perform(operation, options?.signal, async (signal) =>
        listing.read(await client.send(listing.command(), this.#requestOptions(signal))),
      );
      isLast = read.isLast;
      yield read.page;
    }
  }

  async delete(keys: readonly string[], options?: OperationOptions): Promise<readonly DeleteFailure[]> {
    options?.signal?.throwIfAborted();
    for (const key of keys) checkKey(key);
    const [first] = keys;
    if (first === undefined) return [];
    const { bucket, prefix: root, client } = this.#settings;
    return this.#perform(this.#operation("delete", first), options?.signal, (signal) =>
      this.#deleter.delete([...new Set(keys)], {
        bucket,
        root,
        operationOn: (key) => this.#operation("delete", key),
        signal,
        sendMany: (command) => client.send(command, this.#requestOptions(signal)),
        sendOne: (command) => client.send(command, this.#requestOptions(signal)),
      }),
    );
  }

  /**
   * Closes the connections of a client that the store built. A client that was passed in is left
   * open.
   */
  async close(): Promise<void> {
    this.#settings.close();
  }

  #requestOptions(
    signal: AbortSignal,
    bytes = 0,
  ): { readonly abortSignal: AbortSignal; readonly requestTimeout?: number } {
    const requestTimeout = this.#settings.requestTimeoutMs(bytes);
    return requestTimeout === undefined ? { abortSignal: signal } : { abortSignal: signal, requestTimeout };
  }

  async #perform<T>(
    operation: Operation,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return raceAbort(signal, async (own) => {
      try {
        return await work(own);
      } catch (error) {
        throw toStoreError(error, operation);
      }
    });
  }

  #operation(name: Operation["name"], key: string): Operation {
    return { store: this.name, name, key };
  }
}

import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { checkKey, checkPrefix } from "@state/core";
import type { DeleteFailure, ListOptions, ListPage, ObjectStore, OperationOptions } from "@state/core";
import { abortable } from "./abort.ts";
import { guardBody, readBody } from "./body.ts";
import { Deleter } from "./deleting.ts";
import { refusal, saysAbsent, saysExists, saysNoCondition, toStoreError, unsupported } from "./errors.ts";
import type { Place } from "./errors.ts";
import { Listing } from "./listing.ts";
import { settingsOf } from "./options.ts";
import type { S3StoreOptions, Settings } from "./options.ts";

const bodyLimit = 2 ** 31;

/**
 * An object store in a bucket of Amazon S3, or of a service that speaks its protocol and honours `If-None-Match`.
 *
 * A create is one conditional put. Every call is one request: nothing is sent twice behind the caller's back.
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

  /** @throws `TypeError` for options that cannot be meant. Sends nothing. */
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
    const place = this.#place("create", key);
    const { bucket, prefix, client } = this.#settings;
    return this.#perform(place, options?.signal, async (signal) => {
      const command = new PutObjectCommand({
        Bucket: bucket,
        Key: prefix + key,
        // A Buffer: of other bytes the SDK makes one of its own, and a stream would be sent in chunks.
        Body: Buffer.from(body.buffer, body.byteOffset, body.byteLength),
        IfNoneMatch: "*",
      });
      let isSent = false;
      // What fails before is not the service's word: where credentials come from answers 400 as well.
      command.middlewareStack.add(
        (next) => (args) => {
          isSent = true;
          return next(args);
        },
        { step: "deserialize" },
      );
      try {
        const answer = await client.send(command, this.#requestOptions(signal, body.byteLength));
        // Somebody in between can answer 200 as well.
        if (answer.ETag === undefined)
          throw refusal("Unavailable", place, "the answer has no ETag: the service did not write it");
        return "created";
      } catch (error) {
        if (isSent && saysExists(error)) return "exists";
        throw isSent && saysNoCondition(error) ? unsupported(error, place) : error;
      }
    });
  }

  async get(key: string, options?: OperationOptions): Promise<Uint8Array | undefined> {
    options?.signal?.throwIfAborted();
    checkKey(key);
    const place = this.#place("get", key);
    const { bucket, prefix, client } = this.#settings;
    return this.#perform(place, options?.signal, async (signal) => {
      try {
        const answer = await client.send(
          guardBody(new GetObjectCommand({ Bucket: bucket, Key: prefix + key, ChecksumMode: "ENABLED" })),
          this.#requestOptions(signal),
        );
        return await readBody(answer, place);
      } catch (error) {
        if (saysAbsent(error)) return undefined;
        throw error;
      }
    });
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage, void, undefined> {
    options?.signal?.throwIfAborted();
    checkPrefix(prefix);
    const place = this.#place("list", prefix);
    const { bucket, prefix: root, client } = this.#settings;
    const listing = new Listing({ bucket, root, prefix, delimiter: options?.delimiter, place });
    for (let isLast = false; !isLast;) {
      const read = await this.#perform(place, options?.signal, async (signal) =>
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
    return this.#perform(this.#place("delete", first), options?.signal, (signal) =>
      this.#deleter.delete([...new Set(keys)], {
        bucket,
        root,
        placeOf: (key) => this.#place("delete", key),
        signal,
        sendMany: (command) => client.send(command, this.#requestOptions(signal)),
        sendOne: (command) => client.send(command, this.#requestOptions(signal)),
      }),
    );
  }

  /** Closes the connections of a client that the store built. One that was passed in stays as it is. */
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
    place: Place,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return abortable(signal, async (own) => {
      try {
        return await work(own);
      } catch (error) {
        throw toStoreError(error, place);
      }
    });
  }

  #place(operation: Place["operation"], key: string): Place {
    return { store: this.name, operation, key };
  }
}

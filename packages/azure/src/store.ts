import { createHash } from "node:crypto";
import { checkKey, checkPrefix } from "@state/core";
import type { DeleteFailure, ListOptions, ListPage, ObjectStore, OperationOptions } from "@state/core";
import { readBody } from "./body.ts";
import { bounded, type Bounds } from "./bounded.ts";
import { Deleter } from "./deleting.ts";
import { failure, type Place, refusalOf, saysAbsent, saysExists, toStoreError } from "./errors.ts";
import { Listing } from "./listing.ts";
import { type AzureStoreOptions, type Settings, settingsOf } from "./options.ts";

const bodyLimit = 2 ** 31;

/**
 * An object store in a container of Azure Blob Storage.
 *
 * A create is one Put Blob with `If-None-Match: *`. Every call is one request: nothing is sent twice behind the
 * caller's back, and a download that breaks off is not taken up again.
 *
 * @example
 * ```ts
 * const store = new AzureStore({ accountUrl, containerName: "checkpoints", credential, prefix: "jobs/flights" });
 * await store.create("epoch=1/_COMMIT", new TextEncoder().encode("me")); // "created"
 * ```
 */
export class AzureStore implements ObjectStore {
  readonly name: string;
  readonly #settings: Settings;
  readonly #deleter: Deleter = new Deleter();

  /** @throws `TypeError` for options that cannot be meant. Sends nothing. */
  constructor(options: AzureStoreOptions) {
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
    const { container, prefix } = this.#settings;
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    return this.#perform(place, options?.signal, async ({ signal, moved }) => {
      try {
        const answer = await container.getBlockBlobClient(prefix + key).upload(bytes, bytes.length, {
          conditions: { ifNoneMatch: "*" },
          // The service compares it before the blob exists.
          transactionalContentMD5: createHash("md5").update(bytes).digest(),
          blobHTTPHeaders: { blobContentType: "application/octet-stream" },
          abortSignal: signal,
          onProgress: moved,
        });
        // Somebody in between can answer 201 as well.
        if (answer.etag === undefined)
          throw failure("Unavailable", place, "the answer has no etag: the service did not write it");
        return "created";
      } catch (error) {
        if (saysExists(error)) return "exists";
        throw error;
      }
    });
  }

  async get(key: string, options?: OperationOptions): Promise<Uint8Array | undefined> {
    options?.signal?.throwIfAborted();
    checkKey(key);
    const place = this.#place("get", key);
    const { container, prefix } = this.#settings;
    return this.#perform(place, options?.signal, async ({ signal, moved }) => {
      try {
        const answer = await container
          .getBlobClient(prefix + key)
          // A body that breaks off is not fetched on: the attempt has failed.
          .download(0, undefined, { abortSignal: signal, maxRetryRequests: 0 });
        // A directory of a hierarchical namespace is an empty blob.
        if (answer.metadata?.["hdi_isfolder"] === "true") return undefined;
        return await readBody(answer, place, moved);
      } catch (error) {
        if (saysAbsent(refusalOf(error))) return undefined;
        throw error;
      }
    });
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage, void, undefined> {
    options?.signal?.throwIfAborted();
    checkPrefix(prefix);
    const place = this.#place("list", prefix);
    const { container, prefix: root } = this.#settings;
    const listing = new Listing({ container, root, prefix, delimiter: options?.delimiter, place });
    for (let isLast = false; !isLast;) {
      const read = await this.#perform(place, options?.signal, ({ signal }) => listing.next(signal));
      isLast = read.isLast;
      yield read.page;
    }
  }

  async delete(keys: readonly string[], options?: OperationOptions): Promise<readonly DeleteFailure[]> {
    options?.signal?.throwIfAborted();
    for (const key of keys) checkKey(key);
    const [first] = keys;
    if (first === undefined) return [];
    const { container, prefix: root } = this.#settings;
    return this.#perform(this.#place("delete", first), options?.signal, ({ signal, moved }) =>
      this.#deleter.delete([...new Set(keys)], {
        container,
        root,
        placeOf: (key) => this.#place("delete", key),
        signal,
        moved,
      }),
    );
  }

  async #perform<T>(
    place: Place,
    signal: AbortSignal | undefined,
    work: (bounds: Bounds) => Promise<T>,
  ): Promise<T> {
    try {
      return await bounded(signal, work);
    } catch (error) {
      if (signal?.aborted === true) throw error;
      throw toStoreError(error, place);
    }
  }

  #place(operation: Place["operation"], key: string): Place {
    return { store: this.name, operation, key };
  }
}

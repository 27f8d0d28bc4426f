import type { ContainerClient } from "@azure/storage-blob";
import { checkKey, checkPrefix } from "@state/core";
import type { DeleteFailure, ListOptions, ListPage, ObjectStore, OperationOptions } from "@state/core";
import { attempt } from "./attempt.ts";
import type { Attempt } from "./attempt.ts";
import { md5 } from "./checksum.ts";
import { Deleter } from "./deleting.ts";
import { answerOf, meaningOf, toStoreError } from "./errors.ts";
import type { Operation, Place } from "./errors.ts";
import { listSegment, Order } from "./listing.ts";
import { read } from "./reading.ts";
import { secretsOf } from "./secrets.ts";

const bodyLimit = 2 ** 31;
/** How long nothing may come: the first byte of an answer, and each next one. */
const silenceMs = 30_000;
/** What a body on its way up is given on top: 1 MiB a second. */
const bytesPerMs = 2 ** 20 / 1_000;

/** Limits of the service, lower in tests. */
export interface Sizes {
  readonly page: number;
  readonly batch: number;
}

/** What `AzureStore` does, with any client. */
export class ContainerStore implements ObjectStore {
  readonly name: string;
  readonly #container: ContainerClient;
  readonly #root: string;
  readonly #secrets: readonly string[];
  readonly #sizes: Sizes;
  readonly #deleter: Deleter;

  /** @param root the prefix of every blob's name: `""`, or ending in `/` */
  constructor(container: ContainerClient, root: string, sizes: Sizes = { page: 5_000, batch: 256 }) {
    this.#container = container;
    this.#root = root;
    this.#sizes = sizes;
    this.#secrets = secretsOf(container);
    this.#deleter = new Deleter(container, root, sizes.batch);
    this.name = `azure://${[container.containerName, root.slice(0, -1)].filter(Boolean).join("/")}`;
  }

  async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<"created" | "exists"> {
    checkKey(key);
    if (body.byteLength >= bodyLimit) {
      throw new RangeError(`the body of ${JSON.stringify(key)} is ${body.byteLength} bytes, 2^31 or more`);
    }
    const limitMs = silenceMs + body.byteLength / bytesPerMs;
    return this.#request(this.#place("create", key), options?.signal, limitMs, async ({ signal }) => {
      try {
        const blob = this.#container.getBlockBlobClient(`${this.#root}${key}`);
        const transactionalContentMD5 = await md5(body);
        signal.throwIfAborted();
        await blob.upload(Buffer.from(body.buffer, body.byteOffset, body.byteLength), body.byteLength, {
          abortSignal: signal,
          conditions: { ifNoneMatch: "*" },
          transactionalContentMD5,
        });
        return "created";
      } catch (error) {
        const answer = answerOf(error);
        if (answer !== undefined && meaningOf(answer, "create") === "exists") return "exists";
        throw error;
      }
    });
  }

  async get(key: string, options?: OperationOptions): Promise<Uint8Array | undefined> {
    checkKey(key);
    const place = this.#place("get", key);
    return this.#request(place, options?.signal, silenceMs, (running) =>
      read(this.#container, `${this.#root}${key}`, place, running),
    );
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage, void, undefined> {
    checkPrefix(prefix);
    const place = this.#place("list", prefix);
    const order = new Order(place);
    let marker: string | undefined;
    do {
      const request = { prefix, delimiter: options?.delimiter, pageSize: this.#sizes.page, marker };
      const segment = await this.#request(place, options?.signal, silenceMs, ({ signal }) =>
        listSegment(this.#container, this.#root, { ...request, signal }, place),
      );
      order.check(segment);
      yield segment.page;
      marker = segment.next;
    } while (marker !== undefined);
  }

  async delete(keys: readonly string[], options?: OperationOptions): Promise<readonly DeleteFailure[]> {
    options?.signal?.throwIfAborted();
    for (const key of keys) checkKey(key);
    return this.#deleter.delete([...new Set(keys)], {
      placeOf: (key) => this.#place("delete", key),
      request: async (run) => {
        try {
          return { value: await attempt(options?.signal, silenceMs, ({ signal }) => run(signal)) };
        } catch (error) {
          if (options?.signal?.aborted === true) throw options.signal.reason;
          return { failed: error };
        }
      },
    });
  }

  async #request<T>(
    place: Place,
    signal: AbortSignal | undefined,
    limitMs: number,
    run: (attempt: Attempt) => Promise<T>,
  ): Promise<T> {
    try {
      return await attempt(signal, limitMs, run);
    } catch (error) {
      // Not by the error's name: the SDK has one for the caller's abort and for a connection that was dropped.
      if (signal?.aborted === true) throw signal.reason;
      throw toStoreError(error, place);
    }
  }

  #place(operation: Operation, key: string): Place {
    return { store: this.name, operation, key, secrets: this.#secrets };
  }
}

import type { ContainerClient } from "@azure/storage-blob";
import { checkKey, checkPrefix } from "@state/core/adapter";
import type { DeleteFailure, ListOptions, ListPage, ObjectStore, OperationOptions } from "@state/core";
import { md5Of, readBody } from "./body.ts";
import { Deleter } from "./deleting.ts";
import { meansExists, toStoreError } from "./errors.ts";
import type { Operation, OperationName } from "./errors.ts";
import { PageOrder, requestPage } from "./listing.ts";
import { runRequest } from "./request.ts";
import type { RunningRequest } from "./request.ts";
import { secretsOf } from "./secrets.ts";

const bodyLimit = 2 ** 31;
/**
 * How long a request may make no progress: until its response begins, and between any two parts of
 * its body.
 */
const idleTimeoutMs = 30_000;
/** A create has a second more for each MiB of its body. */
const bytesPerMs = 2 ** 20 / 1_000;

/** Limits of the service. Tests set lower ones. */
export interface ServiceLimits {
  readonly page: number;
  readonly batch: number;
}

/** The operations of `AzureStore`, on a client that is given. */
export class ContainerStore implements ObjectStore {
  readonly name: string;
  readonly #container: ContainerClient;
  readonly #root: string;
  readonly #secrets: readonly string[];
  readonly #limits: ServiceLimits;
  readonly #deleter: Deleter;

  /** @param root the prefix of every blob's name: `""`, or ending in `/` */
  constructor(container: ContainerClient, root: string, limits: ServiceLimits = { page: 5_000, batch: 256 }) {
    this.#container = container;
    this.#root = root;
    this.#limits = limits;
    this.#secrets = secretsOf(container);
    this.#deleter = new Deleter(container, root, limits.batch);
    this.name = `azure://${[container.containerName, root.slice(0, -1)].filter(Boolean).join("/")}`;
  }

  async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<"created" | "exists"> {
    checkKey(key);
    if (body.byteLength >= bodyLimit) {
      throw new RangeError(`the body of ${JSON.stringify(key)} is ${body.byteLength} bytes, 2^31 or more`);
    }
    const timeoutMs = idleTimeoutMs + body.byteLength / bytesPerMs;
    return this.#request(this.#operation("create", key), options?.signal, timeoutMs, async ({ signal }) => {
      try {
        const blob = this.#container.getBlockBlobClient(`${this.#root}${key}`);
        const transactionalContentMD5 = await md5Of(body);
        signal.throwIfAborted();
        await blob.upload(Buffer.from(body.buffer, body.byteOffset, body.byteLength), body.byteLength, {
          abortSignal: signal,
          conditions: { ifNoneMatch: "*" },
          transactionalContentMD5,
        });
        return "created";
      } catch (error) {
        if (meansExists(error)) return "exists";
        throw error;
      }
    });
  }

  async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    checkKey(key);
    const operation = this.#operation("get", key);
    return this.#request(operation, options?.signal, idleTimeoutMs, (request) =>
      readBody(this.#container, `${this.#root}${key}`, operation, request),
    );
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage, void, undefined> {
    checkPrefix(prefix);
    const operation = this.#operation("list", prefix);
    const order = new PageOrder(operation);
    let marker: string | undefined;
    do {
      const request = { prefix, delimiter: options?.delimiter, pageSize: this.#limits.page, marker };
      const listed = await this.#request(operation, options?.signal, idleTimeoutMs, ({ signal }) =>
        requestPage(this.#container, this.#root, { ...request, signal }, operation),
      );
      order.check(listed);
      yield listed.page;
      marker = listed.next;
    } while (marker !== undefined);
  }

  async delete(keys: readonly string[], options?: OperationOptions): Promise<readonly DeleteFailure[]> {
    options?.signal?.throwIfAborted();
    for (const key of keys) checkKey(key);
    return this.#deleter.delete([...new Set(keys)], {
      operationOn: (key) => this.#operation("delete", key),
      outcomeOf: async (run) => {
        try {
          return { value: await runRequest(options?.signal, idleTimeoutMs, ({ signal }) => run(signal)) };
        } catch (error) {
          if (options?.signal?.aborted === true) throw options.signal.reason;
          return { error };
        }
      },
    });
  }

  async #request<T>(
    operation: Operation,
    signal: AbortSignal | undefined,
    timeoutMs: number,
    run: (request: RunningRequest) => Promise<T>,
  ): Promise<T> {
    try {
      return await runRequest(signal, timeoutMs, run);
    } catch (error) {
      // The error's name does not tell whose abort it was: the SDK has the same one for a
      // connection that was dropped.
      if (signal?.aborted === true) throw signal.reason;
      throw toStoreError(error, operation);
    }
  }

  #operation(name: OperationName, key: string): Operation {
    return { store: this.name, name, key, secrets: this.#secrets };
  }
}

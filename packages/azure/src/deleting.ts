import { BlobBatch } from "@azure/storage-blob";
import type { ContainerClient } from "@azure/storage-blob";
import type { DeleteFailure, StoreError } from "@state/core";
import { isCredentialError, meaningOf, meansAbsent, storeError, toStoreError } from "./errors.ts";
import type { Operation } from "./errors.ts";
import { readSdkError, UnreadableResponse } from "./sdk-error.ts";

/** How many blobs are deleted at a time where batches cannot be used. */
const concurrentDeletes = 16;
/**
 * If a batch is refused as a whole with one of these statuses, its blobs may still be deleted one
 * by one: a compatible service may have no batches, and a SAS needs `w` for a batch where it needs
 * `d` for a delete.
 */
const batchRefusals: ReadonlySet<number> = new Set([400, 403, 405, 501]);

export interface DeleteRequest {
  readonly operationOn: (key: string) => Operation;
  /** Runs one request. Rejects only if the caller has aborted, with the caller's reason. */
  outcomeOf<T>(run: (signal: AbortSignal) => Promise<T>): Promise<Outcome<T>>;
}

/** What a request returned, or the error that it rejected with. */
export type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/**
 * Deletes in batches of up to `batchSize`. Once a batch was refused whose first blob could be
 * deleted by itself, all further blobs are deleted one by one.
 */
export class Deleter {
  readonly #container: ContainerClient;
  readonly #root: string;
  readonly #batchSize: number;
  #hasBatches = true;

  constructor(container: ContainerClient, root: string, batchSize: number) {
    this.#container = container;
    this.#root = root;
    this.#batchSize = batchSize;
  }

  async delete(keys: readonly string[], request: DeleteRequest): Promise<readonly DeleteFailure[]> {
    const failures: DeleteFailure[] = [];
    // One batch at a time: the service works long on each, and several at once would all end late.
    for (let from = 0; from < keys.length; from += this.#batchSize) {
      failures.push(...(await this.#deleteBatch(keys.slice(from, from + this.#batchSize), request)));
    }
    return failures;
  }

  async #deleteBatch(keys: readonly string[], request: DeleteRequest): Promise<readonly DeleteFailure[]> {
    if (!this.#hasBatches || keys.length === 1) return this.#deleteSingly(keys, request);
    const outcome = await request.outcomeOf((signal) => this.#submitBatch(keys, signal));
    if ("error" in outcome) {
      const failures = keys.map((key) => ({
        key,
        error: toStoreError(outcome.error, request.operationOn(key)),
      }));
      return batchRefusals.has(readSdkError(outcome.error)?.status ?? 0)
        ? this.#deleteAfterRefusal(keys, request, failures)
        : failures;
    }
    const responses = outcome.value;
    // If the service responds to a batch as one request, the SDK returns no response to any part.
    if (responses.every((response) => response === undefined)) {
      const failures = keys.map((key) => ({ key, error: missingError(request.operationOn(key)) }));
      return this.#deleteAfterRefusal(keys, request, failures);
    }
    return keys.flatMap((key, index) => {
      const error = errorOf(responses[index], request.operationOn(key));
      return error === undefined ? [] : [{ key, error }];
    });
  }

  /**
   * Deletes the first blob by itself. If that succeeds, only the batch was refused, and the others
   * are deleted one by one. If it fails too, the others keep the failures of the batch.
   */
  async #deleteAfterRefusal(
    keys: readonly string[],
    request: DeleteRequest,
    failures: readonly DeleteFailure[],
  ): Promise<readonly DeleteFailure[]> {
    const [first = "", ...others] = keys;
    const error = await this.#deleteOne(first, request);
    if (error !== undefined) return [{ key: first, error }, ...failures.slice(1)];
    this.#hasBatches = false;
    return this.#deleteSingly(others, request);
  }

  async #submitBatch(
    keys: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly (SubResponse | undefined)[]> {
    const batch = new BlobBatch();
    for (const key of keys) {
      await batch.deleteBlob(this.#container.getBlobClient(`${this.#root}${key}`), { abortSignal: signal });
    }
    const client = this.#container.getBlobBatchClient();
    try {
      const { subResponses } = await client.submitBatch(batch, { abortSignal: signal });
      return subResponses;
    } catch (error) {
      if (readSdkError(error) !== undefined || isCredentialError(error)) throw error;
      // The SDK's own error is left out: it quotes the response.
      throw new UnreadableResponse("the response to the batch cannot be read");
    }
  }

  async #deleteSingly(keys: readonly string[], request: DeleteRequest): Promise<readonly DeleteFailure[]> {
    return concurrently(keys, concurrentDeletes, async (key) => {
      const error = await this.#deleteOne(key, request);
      return error === undefined ? [] : [{ key, error }];
    });
  }

  async #deleteOne(key: string, request: DeleteRequest): Promise<StoreError | undefined> {
    const blob = this.#container.getBlobClient(`${this.#root}${key}`);
    const outcome = await request.outcomeOf((signal) => blob.delete({ abortSignal: signal }));
    if (!("error" in outcome) || meansAbsent(outcome.error, "delete")) return undefined;
    return toStoreError(outcome.error, request.operationOn(key));
  }
}

interface SubResponse {
  readonly status: number;
  readonly errorCode?: string;
}

/** The failure that a part of a batch's response reports, or `undefined` if the blob is gone. */
function errorOf(response: SubResponse | undefined, operation: Operation): StoreError | undefined {
  const { status, errorCode: code } = response ?? {};
  if (status === undefined || Number.isNaN(status)) return missingError(operation);
  if (status >= 200 && status < 300) return undefined;
  const meaning = meaningOf({ status, code, isFromService: true }, "delete");
  if (typeof meaning === "string") return undefined;
  // The status and a code that is one word, and no text: texts may echo what the part was signed
  // by.
  const said = [status, code].filter((part) => /^\w+$/.test(String(part ?? ""))).join(" ");
  return storeError(meaning[0], operation, `${said}${meaning[1]}`, { cause: new Error(said) });
}

function missingError(operation: Operation): StoreError {
  return storeError("Unavailable", operation, "the response to its batch does not contain it");
}

/** Runs `work` for each item, `limit` at a time. The results are in the order of the items. */
async function concurrently<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<readonly DeleteFailure[]>,
): Promise<readonly DeleteFailure[]> {
  const results: (readonly DeleteFailure[])[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results.flat();
}

import type { ContainerClient } from "@azure/storage-blob";
import type { DeleteFailure, StoreError } from "@state/core";
import {
  failure,
  type Place,
  type Refusal,
  refusalOf,
  saysAbsent,
  saysNoBatch,
  toPartError,
  toStoreError,
} from "./errors.ts";

export interface DeleteRequest {
  readonly container: ContainerClient;
  readonly root: string;
  readonly placeOf: (key: string) => Place;
  readonly signal: AbortSignal;
  readonly moved: () => void;
}

/** What the service takes in one request. */
const batchSize = 256;
const inFlight = 32;
const options = { deleteSnapshots: "include" } as const;

/** Deletes in batches, or one by one where the service has none, which it remembers. */
export class Deleter {
  #hasBatches = true;

  async delete(keys: readonly string[], request: DeleteRequest): Promise<readonly DeleteFailure[]> {
    const failures: DeleteFailure[] = [];
    for (let from = 0; from < keys.length; from += batchSize) {
      const batch = keys.slice(from, from + batchSize);
      failures.push(...(await this.#deleteBatch(batch, request)));
      request.moved();
    }
    return failures;
  }

  async #deleteBatch(keys: readonly string[], request: DeleteRequest): Promise<readonly DeleteFailure[]> {
    if (!this.#hasBatches) return deleteOneByOne(keys, request);
    const { container, root, placeOf, signal } = request;
    const client = container.getBlobBatchClient();
    const batch = client.createBatch();
    for (const key of keys) await batch.deleteBlob(container.getBlobClient(root + key), options);
    try {
      const { subResponses } = await client.submitBatch(batch, { abortSignal: signal });
      return keys.flatMap((key, index) => {
        const part = subResponses[index];
        if (part === undefined)
          return [failed(key, failure("Unavailable", placeOf(key), "the answer has no part for it"))];
        if (part.status === 202) return [];
        const refusal: Refusal = {
          status: part.status,
          code: part.errorCode ?? part.headers.get("x-ms-error-code"),
          message: part.statusMessage,
        };
        return saysAbsent(refusal) ? [] : [failed(key, toPartError(refusal, placeOf(key)))];
      });
    } catch (error) {
      if (signal.aborted) throw error;
      if (saysNoBatch(refusalOf(error))) {
        this.#hasBatches = false;
        return deleteOneByOne(keys, request);
      }
      return keys.map((key) => failed(key, toStoreError(error, placeOf(key))));
    }
  }
}

async function deleteOneByOne(
  keys: readonly string[],
  { container, root, placeOf, signal, moved }: DeleteRequest,
): Promise<readonly DeleteFailure[]> {
  const failures: DeleteFailure[] = [];
  const queue = keys.values();
  const worker = async (): Promise<void> => {
    for (const key of queue) {
      try {
        await container.getBlobClient(root + key).delete({ ...options, abortSignal: signal });
      } catch (error) {
        if (signal.aborted) throw error;
        if (!saysAbsent(refusalOf(error))) failures.push(failed(key, toStoreError(error, placeOf(key))));
      }
      moved();
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return failures;
}

function failed(key: string, error: unknown): DeleteFailure {
  return { key, error: error as StoreError };
}

import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  type DeleteObjectsCommandOutput,
} from "@aws-sdk/client-s3";
import type { DeleteFailure } from "@state/core";
import { meansAbsent, meansNoBulkDelete, storeError, toStoreError } from "./errors.ts";
import type { Operation } from "./errors.ts";

const batchSize = 1_000;
const concurrentDeletes = 32;

export interface DeleteRequest {
  readonly bucket: string;
  readonly root: string;
  readonly operationOn: (key: string) => Operation;
  readonly signal: AbortSignal;
  readonly sendMany: (command: DeleteObjectsCommand) => Promise<DeleteObjectsCommandOutput>;
  readonly sendOne: (command: DeleteObjectCommand) => Promise<unknown>;
}

/**
 * Deletes in batches. Once the service has refused a batch as such, all further keys are deleted
 * one by one.
 */
export class Deleter {
  #hasBulk = true;

  async delete(keys: readonly string[], request: DeleteRequest): Promise<readonly DeleteFailure[]> {
    const failures: DeleteFailure[] = [];
    for (let start = 0; start < keys.length; start += batchSize) {
      request.signal.throwIfAborted();
      failures.push(...(await this.#deleteBatch(keys.slice(start, start + batchSize), request)));
    }
    return failures;
  }

  async #deleteBatch(keys: readonly string[], request: DeleteRequest): Promise<readonly DeleteFailure[]> {
    if (this.#hasBulk) {
      try {
        return await deleteMany(keys, request);
      } catch (error) {
        if (!meansNoBulkDelete(error)) {
          return keys.map((key) => ({ key, error: toStoreError(error, request.operationOn(key)) }));
        }
        this.#hasBulk = false;
      }
    }
    return deleteSingly(keys, request);
  }
}

async function deleteMany(
  keys: readonly string[],
  { bucket, root, operationOn, sendMany }: DeleteRequest,
): Promise<readonly DeleteFailure[]> {
  const response = await sendMany(
    new DeleteObjectsCommand({
      Bucket: bucket,
      // Without `Quiet`: with it, a response that lost its body would say that every key was
      // deleted.
      Delete: { Objects: keys.map((key) => ({ Key: root + key })) },
    }),
  );
  const deleted = new Set(response.Deleted?.map(({ Key: name }) => name));
  const errors = new Map(response.Errors?.map((error) => [error.Key, error]));
  const failures: DeleteFailure[] = [];
  for (const key of keys) {
    const error = errors.get(root + key);
    if (error !== undefined) {
      if (error.Code === "NoSuchKey") continue;
      const reason = Object.assign(new Error(error.Message), { name: error.Code ?? "Error" });
      failures.push({ key, error: toStoreError(reason, operationOn(key)) });
    } else if (!deleted.has(root + key)) {
      failures.push({
        key,
        error: storeError("Unavailable", operationOn(key), "the response does not name the key"),
      });
    }
  }
  return failures;
}

async function deleteSingly(
  keys: readonly string[],
  { bucket, root, operationOn, signal, sendOne }: DeleteRequest,
): Promise<readonly DeleteFailure[]> {
  const failures: DeleteFailure[] = [];
  const waiting = keys.values();
  const work = async (): Promise<void> => {
    for (const key of waiting) {
      signal.throwIfAborted();
      try {
        await sendOne(new DeleteObjectCommand({ Bucket: bucket, Key: root + key }));
      } catch (error) {
        if (!meansAbsent(error)) failures.push({ key, error: toStoreError(error, operationOn(key)) });
      }
    }
  };
  await Promise.all(Array.from({ length: concurrentDeletes }, work));
  return failures;
}

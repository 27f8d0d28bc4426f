import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  type DeleteObjectsCommandOutput,
} from "@aws-sdk/client-s3";
import type { DeleteFailure } from "@state/core";
import { refusal, saysAbsent, saysNoBulkDelete, toStoreError } from "./errors.ts";
import type { Place } from "./errors.ts";

const batchSize = 1_000;
const singlesAtOnce = 32;

export interface DeleteRequest {
  readonly bucket: string;
  readonly root: string;
  readonly placeOf: (key: string) => Place;
  readonly signal: AbortSignal;
  readonly sendMany: (command: DeleteObjectsCommand) => Promise<DeleteObjectsCommandOutput>;
  readonly sendOne: (command: DeleteObjectCommand) => Promise<unknown>;
}

/** Deletes in batches, or one by one where the service cannot do batches, which it is asked once. */
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
        if (!saysNoBulkDelete(error)) {
          return keys.map((key) => ({ key, error: toStoreError(error, request.placeOf(key)) }));
        }
        this.#hasBulk = false;
      }
    }
    return deleteSingly(keys, request);
  }
}

async function deleteMany(
  keys: readonly string[],
  { bucket, root, placeOf, sendMany }: DeleteRequest,
): Promise<readonly DeleteFailure[]> {
  const answer = await sendMany(
    new DeleteObjectsCommand({
      Bucket: bucket,
      // Not `Quiet`: then an answer without a body would say that all are gone.
      Delete: { Objects: keys.map((key) => ({ Key: root + key })) },
    }),
  );
  const deleted = new Set(answer.Deleted?.map(({ Key: name }) => name));
  const errors = new Map(answer.Errors?.map((error) => [error.Key, error]));
  const failures: DeleteFailure[] = [];
  for (const key of keys) {
    const error = errors.get(root + key);
    if (error !== undefined) {
      if (error.Code === "NoSuchKey") continue;
      const reason = Object.assign(new Error(error.Message), { name: error.Code ?? "Error" });
      failures.push({ key, error: toStoreError(reason, placeOf(key)) });
    } else if (!deleted.has(root + key)) {
      failures.push({
        key,
        error: refusal("Unavailable", placeOf(key), "the answer does not say what became of it"),
      });
    }
  }
  return failures;
}

async function deleteSingly(
  keys: readonly string[],
  { bucket, root, placeOf, signal, sendOne }: DeleteRequest,
): Promise<readonly DeleteFailure[]> {
  const failures: DeleteFailure[] = [];
  const waiting = keys.values();
  const work = async (): Promise<void> => {
    for (const key of waiting) {
      signal.throwIfAborted();
      try {
        await sendOne(new DeleteObjectCommand({ Bucket: bucket, Key: root + key }));
      } catch (error) {
        if (!saysAbsent(error)) failures.push({ key, error: toStoreError(error, placeOf(key)) });
      }
    }
  };
  await Promise.all(Array.from({ length: singlesAtOnce }, work));
  return failures;
}

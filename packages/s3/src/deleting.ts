import type { DeleteObjectsCommandOutput } from "@aws-sdk/client-s3";
import { type DeleteFailure, isStoreError } from "@state/core";
import { deleteEach, failuresOf, storeError } from "@state/core/adapter";
import { digestsOf } from "./body.ts";
import { deleteBody, readDeleted } from "./direct/pages.ts";
import { meansAbsent, meansNoBulkDelete, toStoreError } from "./errors.ts";
import type { S3Request } from "./request.ts";
import { readText } from "./wire.ts";

const concurrentDeletes = 32;

export interface DeleteRequest {
  readonly root: string;
  readonly batchSize: number;
  readonly signal: AbortSignal | undefined;
  /** Runs one request, whose errors name the key. */
  readonly run: <T>(key: string, work: (request: S3Request) => Promise<T>) => Promise<T>;
}

/**
 * Deletes in batches. Once the service has refused a batch as such, all further keys are deleted
 * one by one.
 */
export class Deleter {
  #hasBulk = true;

  async delete(keys: readonly string[], request: DeleteRequest): Promise<readonly DeleteFailure[]> {
    const failures: DeleteFailure[] = [];
    for (let start = 0; start < keys.length; start += request.batchSize) {
      request.signal?.throwIfAborted();
      failures.push(...(await this.#deleteBatch(keys.slice(start, start + request.batchSize), request)));
    }
    return failures;
  }

  async #deleteBatch(keys: readonly string[], request: DeleteRequest): Promise<readonly DeleteFailure[]> {
    if (this.#hasBulk) {
      const failures = await this.#deleteMany(keys, request);
      if (failures !== undefined) return failures;
      this.#hasBulk = false;
    }
    return deleteSingly(keys, request);
  }

  async #deleteMany(
    keys: readonly string[],
    request: DeleteRequest,
  ): Promise<readonly DeleteFailure[] | undefined> {
    try {
      return await request.run(keys[0] ?? "", (running) => deleteMany(keys, request, running));
    } catch (error) {
      request.signal?.throwIfAborted();
      if (!isStoreError(error)) throw error;
      return failuresOf(keys, error);
    }
  }
}

/** @returns what failed, or `undefined` if the service refuses to delete many at once */
async function deleteMany(
  keys: readonly string[],
  { root }: DeleteRequest,
  request: S3Request,
): Promise<readonly DeleteFailure[] | undefined> {
  const { call } = request;
  const names = keys.map((key) => root + key);
  const gone = await deleteDirectly(names, request);
  if (gone !== undefined && names.every((name) => gone.has(name))) return [];
  let response: DeleteObjectsCommandOutput;
  try {
    response = await request.send(request.commands.deleteMany(names));
  } catch (error) {
    if (meansNoBulkDelete(error)) return undefined;
    throw error;
  }
  const deleted = new Set(response.Deleted?.map(({ Key: name }) => name));
  const errors = new Map(response.Errors?.map((error) => [error.Key, error]));
  const failures: DeleteFailure[] = [];
  for (const key of keys) {
    const error = errors.get(root + key);
    if (error !== undefined) {
      const { Code: code = "Error", Message: message } = error;
      if (code === "NoSuchKey") continue;
      const reason = Object.assign(new Error(message), { name: code, Code: code });
      failures.push({ key, error: toStoreError(reason, { ...call, key }) });
    } else if (!deleted.has(root + key)) {
      const why = "the response does not name the key";
      failures.push({ key, error: storeError({ ...call, key }, { code: "Unavailable" }, why) });
    }
  }
  return failures;
}

/** The names that the response has; `undefined` if the SDK has to read it, or to send the request. */
async function deleteDirectly(
  names: readonly string[],
  request: S3Request,
): Promise<ReadonlySet<string> | undefined> {
  const body = deleteBody(names);
  const digests = await digestsOf(body, request);
  const response = await request.direct("delete", { body, digests });
  const text = response === undefined ? undefined : await readText(response, request);
  return text === undefined ? undefined : readDeleted(text);
}

async function deleteSingly(
  keys: readonly string[],
  { root, signal, run }: DeleteRequest,
): Promise<readonly DeleteFailure[]> {
  return deleteEach(keys, concurrentDeletes, signal, (key) =>
    run(key, async ({ send, commands }) => {
      try {
        await send(commands.delete(root + key));
      } catch (error) {
        if (!meansAbsent(error)) throw error;
      }
    }),
  );
}

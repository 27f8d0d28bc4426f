import { BlobBatch } from "@azure/storage-blob";
import type { ContainerClient } from "@azure/storage-blob";
import type { DeleteFailure, StoreError } from "@state/core";
import { answerOf, failure, isCredentialError, meaningOf, toStoreError, Unreadable } from "./errors.ts";
import type { Place } from "./errors.ts";

/** Where the service or the credential knows no batches. */
const singlesAtOnce = 16;
/**
 * A batch that is refused as a whole in one of these ways may be possible blob by blob: a compatible service may not
 * know batches, and of a SAS a batch wants `w` where a delete wants `d`.
 */
const refusals: ReadonlySet<number> = new Set([400, 403, 405, 501]);

export interface Deletion {
  /** Runs one request. Rejects only once the caller has aborted, with the caller's reason. */
  request<T>(run: (signal: AbortSignal) => Promise<T>): Promise<Result<T>>;
  placeOf(key: string): Place;
}

/** What a request gave, or what it failed with. */
export type Result<T> = { readonly value: T } | { readonly failed: unknown };

/** Deletes by batches of up to `batchSize`, or, once that was refused and single deletes were not, one by one. */
export class Deleter {
  readonly #container: ContainerClient;
  readonly #root: string;
  readonly #batchSize: number;
  #singly = false;

  constructor(container: ContainerClient, root: string, batchSize: number) {
    this.#container = container;
    this.#root = root;
    this.#batchSize = batchSize;
  }

  async delete(keys: readonly string[], deletion: Deletion): Promise<readonly DeleteFailure[]> {
    const failures: DeleteFailure[] = [];
    // One after the other: a service works long on a batch, and several at once make each wait for all.
    for (let from = 0; from < keys.length; from += this.#batchSize) {
      failures.push(...(await this.#deleteSome(keys.slice(from, from + this.#batchSize), deletion)));
    }
    return failures;
  }

  async #deleteSome(keys: readonly string[], deletion: Deletion): Promise<readonly DeleteFailure[]> {
    if (this.#singly || keys.length === 1) return this.#deleteSingly(keys, deletion);
    const result = await deletion.request((signal) => this.#submit(keys, signal));
    if ("failed" in result) {
      const { failed } = result;
      const failures = keys.map((key) => ({ key, error: toStoreError(failed, deletion.placeOf(key)) }));
      return refusals.has(answerOf(failed)?.status ?? 0)
        ? this.#deleteRefused(keys, deletion, failures)
        : failures;
    }
    const lacking = keys.map((key) => ({ key, error: lacks(deletion.placeOf(key)) }));
    // So the service answers a batch that it did not take apart.
    if (result.value.every((answer) => answer === undefined))
      return this.#deleteRefused(keys, deletion, lacking);
    return keys.flatMap((key, index) => {
      const error = this.#failureOf(result.value[index], deletion.placeOf(key));
      return error === undefined ? [] : [{ key, error }];
    });
  }

  /** One blob shows whether it was the batch that was refused. If it is refused too, it stands for the others. */
  async #deleteRefused(
    keys: readonly string[],
    deletion: Deletion,
    failures: readonly DeleteFailure[],
  ): Promise<readonly DeleteFailure[]> {
    const [first = "", ...others] = keys;
    const failed = await this.#deleteOne(first, deletion);
    if (failed !== undefined) return [{ key: first, error: failed }, ...failures.slice(1)];
    this.#singly = true;
    return this.#deleteSingly(others, deletion);
  }

  async #submit(keys: readonly string[], signal: AbortSignal): Promise<readonly (SubAnswer | undefined)[]> {
    const batch = new BlobBatch();
    for (const key of keys) {
      await batch.deleteBlob(this.#container.getBlobClient(`${this.#root}${key}`), { abortSignal: signal });
    }
    const client = this.#container.getBlobBatchClient();
    try {
      const { subResponses } = await client.submitBatch(batch, { abortSignal: signal });
      return subResponses;
    } catch (error) {
      if (answerOf(error) !== undefined || isCredentialError(error)) throw error;
      // Without the SDK's own, which quotes the answer.
      throw new Unreadable("the answer to the batch cannot be read");
    }
  }

  #failureOf(answer: SubAnswer | undefined, place: Place): StoreError | undefined {
    const { status, errorCode: code } = answer ?? {};
    if (status === undefined || Number.isNaN(status)) return lacks(place);
    if (status >= 200 && status < 300) return undefined;
    const meaning = meaningOf({ status, code, isServices: true }, "delete");
    if (typeof meaning === "string") return undefined;
    // Of the sub-response only what is a word: its texts may repeat what signed it.
    const said = [status, code].filter((part) => /^\w+$/.test(String(part ?? ""))).join(" ");
    return failure(meaning[0], place, `${said}${meaning[1]}`, { cause: new Error(said) });
  }

  async #deleteSingly(keys: readonly string[], deletion: Deletion): Promise<readonly DeleteFailure[]> {
    return inTurns(keys, singlesAtOnce, async (key) => {
      const error = await this.#deleteOne(key, deletion);
      return error === undefined ? [] : [{ key, error }];
    });
  }

  async #deleteOne(key: string, deletion: Deletion): Promise<StoreError | undefined> {
    const blob = this.#container.getBlobClient(`${this.#root}${key}`);
    const result = await deletion.request((signal) => blob.delete({ abortSignal: signal }));
    if (!("failed" in result)) return undefined;
    const answer = answerOf(result.failed);
    if (answer !== undefined && meaningOf(answer, "delete") === "absent") return undefined;
    return toStoreError(result.failed, deletion.placeOf(key));
  }
}

interface SubAnswer {
  readonly status: number;
  readonly errorCode?: string;
}

function lacks(place: Place): StoreError {
  return failure("Unavailable", place, "the answer to its batch lacks it");
}

/** Runs `work` for each item, `limit` at a time; what it gave, in the order of the items. */
async function inTurns<T>(
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

import { type DeleteFailure, isStoreError, type StoreError } from "@state/core";
import { codeOf, deleteEach, failuresOf, type StoreCall, storeError } from "@state/core/adapter";
import { meaningOf, meansAbsent, readRefusal, UnreadableResponse } from "./errors.ts";
import type { SdkClient } from "./sdk.ts";
import type { Requester } from "./request.ts";

/** How many blobs are deleted at a time where batches cannot be used. */
const concurrentDeletes = 16;
/**
 * If the service refuses a batch as a whole with one of these statuses, its blobs may still be deleted one
 * by one: a compatible service may have no batches, and a SAS needs `w` for a batch where it needs
 * `d` for a delete.
 */
const batchRefusals: ReadonlySet<number> = new Set([400, 403, 405, 501]);

/** The names of errors that are about the request, and not about how the SDK took the response apart. */
const namesOfRequest: ReadonlySet<string> = new Set([
  "AbortError",
  "ForeignResponse",
  "RestError",
  "TokenFailure",
  "UnreadableResponse",
]);

/**
 * Deletes in batches of up to `batchSize`. Once a batch was refused whose first blob could be
 * deleted by itself, all further blobs are deleted one by one.
 */
export class Deleter {
  readonly #root: string;
  readonly #batchSize: number;
  readonly #requester: Requester;
  #hasBatches = true;

  constructor(root: string, batchSize: number, requester: Requester) {
    this.#root = root;
    this.#batchSize = batchSize;
    this.#requester = requester;
  }

  /** Rejects only if the signal aborts, with its reason. */
  async delete(keys: readonly string[], signal: AbortSignal | undefined): Promise<readonly DeleteFailure[]> {
    const failures: DeleteFailure[] = [];
    // One batch at a time: the service works long on each, and several at once would all end late.
    for (let from = 0; from < keys.length; from += this.#batchSize) {
      failures.push(...(await this.#deleteBatch(keys.slice(from, from + this.#batchSize), signal)));
    }
    return failures;
  }

  async #deleteBatch(
    keys: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<readonly DeleteFailure[]> {
    const [first = "", ...others] = keys;
    if (!this.#hasBatches || keys.length === 1) return this.#deleteSingly(keys, signal);
    let isRefused = false;
    try {
      return await this.#requester.run("delete", first, signal, async (request, call, client) => {
        try {
          const responses = await this.#submit(keys, client, request.signal);
          if (responses.some((response) => response !== undefined)) return failuresIn(responses, keys, call);
        } catch (error) {
          isRefused = batchRefusals.has(readRefusal(error)?.status ?? 0);
          throw error;
        }
        // The service has responded to the batch as to one request.
        isRefused = true;
        throw new UnreadableResponse("the response to the batch names none of its blobs");
      });
    } catch (error) {
      signal?.throwIfAborted();
      if (!isStoreError(error)) throw error;
      if (!isRefused) return failuresOf(keys, error);
      // If the first blob can be deleted by itself, only the batch was refused.
      const alone = await this.#deleteSingly([first], signal);
      if (alone.length > 0) return [...alone, ...failuresOf(others, error)];
      this.#hasBatches = false;
      return this.#deleteSingly(others, signal);
    }
  }

  async #submit(
    keys: readonly string[],
    { container, newBatch }: SdkClient,
    signal: AbortSignal,
  ): Promise<readonly (SubResponse | undefined)[]> {
    const batch = newBatch();
    for (const key of keys) {
      await batch.deleteBlob(container.getBlobClient(`${this.#root}${key}`), { abortSignal: signal });
    }
    try {
      const { subResponses } = await container
        .getBlobBatchClient()
        .submitBatch(batch, { abortSignal: signal });
      return subResponses;
    } catch (error) {
      if (codeOf(error) !== undefined || namesOfRequest.has(error instanceof Error ? error.name : ""))
        throw error;
      // The SDK's own error is left out: it quotes the response.
      throw new UnreadableResponse("the response to the batch cannot be read");
    }
  }

  #deleteSingly(keys: readonly string[], signal: AbortSignal | undefined): Promise<readonly DeleteFailure[]> {
    return deleteEach(keys, concurrentDeletes, signal, (key) =>
      this.#requester.run("delete", key, signal, async (request, _, { container }) => {
        try {
          await container.getBlobClient(`${this.#root}${key}`).delete({ abortSignal: request.signal });
        } catch (error) {
          if (!meansAbsent(error, "delete")) throw error;
        }
      }),
    );
  }
}

interface SubResponse {
  readonly status: number;
  readonly errorCode?: string;
}

function failuresIn(
  responses: readonly (SubResponse | undefined)[],
  keys: readonly string[],
  call: StoreCall,
): readonly DeleteFailure[] {
  return keys.flatMap((key, index) => {
    const error = failureOf(responses[index], { ...call, key });
    return error === undefined ? [] : [{ key, error }];
  });
}

/** The failure that a part of a batch's response reports, or `undefined` if the blob is gone. */
function failureOf(response: SubResponse | undefined, call: StoreCall): StoreError | undefined {
  const { status, errorCode: code } = response ?? {};
  if (status === undefined || Number.isNaN(status))
    return storeError(call, { code: "Unavailable" }, "the response to its batch does not contain it");
  if (status >= 200 && status < 300) return undefined;
  const meaning = meaningOf({ status, code }, "delete");
  if (typeof meaning === "string") return undefined;
  // The status and a code that is one word, and no text: texts may echo what the part was signed
  // by.
  const said = [status, code].filter((part) => /^\w+$/.test(String(part ?? ""))).join(" ");
  return storeError(call, meaning, said, { cause: new Error(said) });
}

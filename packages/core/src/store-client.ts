import { isStoreError, StoreError, messageOf } from "./errors.ts";
import type { EventSink, RequestEvent } from "./events.ts";
import { Listing } from "./listing.ts";
import { AttemptTimeout, Operation, type RetryPolicy } from "./retry.ts";
import type { DeleteFailure, ListPage, ObjectStore } from "./store.ts";

/**
 * What a create and its retries came to. `refused`: every attempt was refused in time, so nothing was written.
 * `lost`: an attempt may have created the object, or may yet.
 */
export type CreateResponse =
  /** `attempts` were sent in all. */
  | { readonly outcome: "created"; readonly attempts: number }
  | { readonly outcome: "exists" }
  | { readonly outcome: "refused"; readonly error: StoreError }
  | { readonly outcome: "lost"; readonly error: StoreError };

/** The codes of a service that says no before it writes. */
const refusalCodes = new Set(["Denied", "Misconfigured", "Unsupported", "InvalidKey"]);

/** Whether the service has said no before it did anything. */
export function isRefusal({ code }: StoreError): boolean {
  return refusalCodes.has(code);
}

const deleteBatch = 1000;

/** The store with the retry loop around it; reports every attempt. Rejects with `StoreError`, or the abort's reason. */
export class StoreClient {
  readonly #store: ObjectStore;
  readonly #policy: RetryPolicy;
  readonly #emit: EventSink;
  /** The call whose requests go through here. */
  readonly callId: number | undefined;

  constructor(store: ObjectStore, policy: RetryPolicy, emit: EventSink, callId?: number) {
    this.#store = store;
    this.#policy = policy;
    this.#emit = emit;
    this.callId = callId;
  }

  /** The same client for one call: each request is told with its id. */
  ofCall(id: number): StoreClient {
    return new StoreClient(this.#store, this.#policy, this.#emit, id);
  }

  now(): number {
    return this.#policy.now();
  }

  get name(): string {
    return this.#store.name;
  }

  /** A budget of time for requests that belong together, such as a create and its reading back. */
  operation(signal: AbortSignal | undefined, bytes = 0): Operation {
    return new Operation(this.#policy, signal, bytes);
  }

  async create(
    key: string,
    body: Uint8Array,
    operation: Operation,
    { sha256, ...options }: { readonly attempts?: number; readonly sha256?: string | undefined } = {},
  ): Promise<CreateResponse> {
    let attempts = 0;
    /** Attempts that may have created the object, or may yet: all that were sent and not refused. */
    let unrefused = 0;
    const attempt = async (signal: AbortSignal, number: number): Promise<CreateResponse> => {
      attempts += 1;
      // rule: timed-out-create-may-land
      unrefused += 1;
      try {
        const outcome = await this.#observed("create", key, number, signal, async (seen) => {
          seen.bytes = body.length;
          const response = checkedResponse(await this.#store.create(key, body, { signal, sha256 }), key);
          seen.outcome = response === "created" ? "ok" : response;
          return response;
        });
        return outcome === "created" ? { outcome, attempts } : { outcome };
      } catch (error) {
        // If the attempt timed out before it was refused, nobody waited for the refusal: it may still land.
        if (isStoreError(error) && isRefusal(error) && !signal.aborted) unrefused -= 1;
        throw error;
      }
    };
    try {
      return await operation.retry(attempt, { request: `create ${key}`, readBack: true, ...options });
    } catch (error) {
      operation.throwIfAborted();
      if (!isStoreError(error)) throw error;
      // rule: refused-by-every-attempt
      const refused = attempts > 0 && unrefused === 0;
      return { outcome: refused ? "refused" : "lost", error };
    }
  }

  async get(key: string, operation: Operation): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return operation.retry(
      (signal, number) =>
        this.#observed("get", key, number, signal, async (seen) => {
          const body = await this.#store.get(key, { signal });
          seen.bytes = body?.length ?? 0;
          seen.outcome = body === undefined ? "absent" : "ok";
          return body;
        }),
      { request: `get ${key}` },
    );
  }

  /** Every page under `prefix`. After a failure the listing starts anew and leaves out what it has already given. */
  async *list(
    prefix: string,
    options: { readonly delimiter?: "/"; readonly signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<ListPage, void, undefined> {
    const operation = this.operation(options.signal);
    const listing = new Listing(this.#store, prefix, options.delimiter);
    let number = 1;
    try {
      for (;;) {
        const page = await operation.retry(
          (signal, attempt) => {
            number = attempt;
            return this.#observed("list", prefix, attempt, signal, async (seen) => {
              const given = await listing.next(signal);
              // That a listing is over was known with its last page.
              seen.sent = given !== undefined || !listing.begun;
              return given;
            });
          },
          { number, request: `list ${prefix}` },
        );
        if (page === undefined) return;
        const unseen = listing.accept(page);
        // A page that was given before is no progress: a later page that always fails must come to an end.
        if (unseen.objects.length + unseen.prefixes.length > 0) number = 1;
        yield unseen;
        operation.progress();
      }
    } finally {
      listing.stop();
    }
  }

  /** Deletes in bulk. What a retry cannot mend is returned key by key. */
  async delete(keys: readonly string[], signal: AbortSignal | undefined): Promise<readonly DeleteFailure[]> {
    const failures: DeleteFailure[] = [];
    for (let start = 0; start < keys.length; start += deleteBatch) {
      failures.push(...(await this.#deleteBatch(keys.slice(start, start + deleteBatch), signal)));
    }
    return failures;
  }

  async #deleteBatch(
    batch: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<readonly DeleteFailure[]> {
    const operation = this.operation(signal);
    const failures = new Map<string, StoreError>();
    let left = batch;
    const attempt = async (attemptSignal: AbortSignal, number: number): Promise<void> => {
      const failed = await this.#observed("delete", left[0] ?? "", number, attemptSignal, async (seen) => {
        const response = await this.#store.delete(left, { signal: attemptSignal });
        seen.outcome = response[0]?.error.code ?? "ok";
        return response;
      });
      for (const key of left) failures.delete(key);
      for (const { key, error } of failed) failures.set(key, error);
      left = failed.filter(({ error }) => error.retryable).map(({ key }) => key);
      const longest = longestWait(failed);
      if (longest !== undefined) throw longest;
    };
    try {
      await operation.retry(attempt, { request: `delete ${batch[0] ?? ""}` });
    } catch (error) {
      operation.throwIfAborted();
      if (!isStoreError(error)) throw error;
      for (const key of left) if (!failures.has(key)) failures.set(key, error);
    }
    return Array.from(failures, ([key, error]) => ({ key, error }));
  }

  async #observed<T>(
    operation: RequestEvent["operation"],
    key: string,
    attempt: number,
    signal: AbortSignal,
    run: (seen: Seen) => Promise<T>,
  ): Promise<T> {
    const started = this.#policy.now();
    const seen: Seen = { bytes: 0, outcome: "ok", sent: true };
    let reported = false;
    const report = (outcome: RequestEvent["outcome"]): void => {
      if (reported || !seen.sent) return;
      reported = true;
      signal.removeEventListener("abort", abandoned);
      this.#emit?.({
        type: "request",
        callId: this.callId,
        operation,
        key,
        attempt,
        durationMs: this.#policy.now() - started,
        bytes: seen.bytes,
        outcome,
      });
    };
    // An attempt that does not end when its signal aborts is reported all the same.
    const abandoned = (): void =>
      report(signal.reason instanceof AttemptTimeout ? signal.reason.code : "aborted");
    signal.addEventListener("abort", abandoned, { once: true });
    try {
      const result = await run(seen);
      report(seen.outcome);
      return result;
    } catch (error) {
      const failure = classified(error, this.#store.name, key);
      report(failure.code);
      throw failure;
    }
  }
}

/** What an attempt reports of itself. */
interface Seen {
  bytes: number;
  outcome: RequestEvent["outcome"];
  /** False where nothing was sent after all. */
  sent: boolean;
}

function checkedResponse(response: string, key: string): "created" | "exists" {
  if (response === "created" || response === "exists") return response;
  throw new StoreError("Failed", `the store returned from a create ${JSON.stringify(response)}`, { key });
}

/** Of the failures that a retry may mend, the one whose service asked for the longest wait. */
function longestWait(failures: readonly DeleteFailure[]): StoreError | undefined {
  const waits = failures.map(({ error }) => error).filter(({ retryable }) => retryable);
  return waits.toSorted((a, b) => (b.retryAfterMs ?? 0) - (a.retryAfterMs ?? 0))[0];
}

/** A store that rejects with anything but a `StoreError` has failed for good: nothing is known about it. */
function classified(error: unknown, store: string, key: string): StoreError {
  if (isStoreError(error)) return error;
  return new StoreError("Failed", messageOf(error), { store, key, cause: error });
}

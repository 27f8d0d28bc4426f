import { isStoreError, StoreError } from "../errors.ts";
import type { DeleteFailure } from "../store.ts";

/** Runs a piece of work as soon as there is room for it. */
export type Pool = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * Runs at most `limit` pieces of work at a time. The others wait, and start in the order in which they came.
 *
 * @param limit a function, if it is not known from the beginning; it is called whenever work comes or ends
 */
export function poolOf(limit: number | (() => number)): Pool {
  let running = 0;
  const waiting: (() => void)[] = [];
  const start = (): void => {
    if (waiting.length === 0) return;
    const most = mostOf(limit);
    while (running < most) {
      const next = waiting.shift();
      if (next === undefined) return;
      // The next in line takes the place at once, so that no other work can take it.
      running += 1;
      next();
    }
  };
  return async (work) => {
    if (waiting.length === 0 && running < mostOf(limit)) running += 1;
    else {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        start();
      });
    }
    try {
      return await work();
    } finally {
      running -= 1;
      start();
    }
  };
}

function mostOf(limit: number | (() => number)): number {
  return typeof limit === "number" ? limit : limit();
}

/**
 * Deletes keys one by one, at most `limit` at a time, where a service has no request for many.
 *
 * @param remove rejects with a `StoreError` if the key could not be deleted; an absent key is deleted
 * @returns what failed. If the signal aborts it rejects with the signal's reason, which may itself be a `StoreError`
 */
export async function deleteEach(
  keys: Iterable<string>,
  limit: number,
  signal: AbortSignal | undefined,
  remove: (key: string) => Promise<void>,
): Promise<readonly DeleteFailure[]> {
  const failures: DeleteFailure[] = [];
  const waiting = new Set(keys).values();
  const work = async (): Promise<void> => {
    for (const key of waiting) {
      signal?.throwIfAborted();
      const error = await failureOf(remove(key), signal);
      if (error !== undefined) failures.push({ key, error });
    }
  };
  await Promise.all(Array.from({ length: limit }, work));
  return failures;
}

/** @returns the `StoreError` that `work` rejected with, or `undefined` */
async function failureOf(
  work: Promise<void>,
  signal: AbortSignal | undefined,
): Promise<StoreError | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    signal?.throwIfAborted();
    if (!isStoreError(error)) throw error;
    return error;
  }
}

/** A request that failed as a whole has failed for each of its keys. */
export function failuresOf(keys: readonly string[], error: StoreError): readonly DeleteFailure[] {
  const { code, message, store, retryAfterMs, cause } = error;
  return keys.map((key) => ({
    key,
    error: key === error.key ? error : new StoreError(code, message, { key, store, retryAfterMs, cause }),
  }));
}

import { isStoreError } from "@state/core";
import type { DeleteFailure } from "@state/core";

/** Cloud Storage has no bulk delete: each key is a request. */
const concurrentDeletes = 48;

/**
 * Deletes the keys concurrently, each by one request. If the signal aborts, it rejects with the
 * signal's reason.
 */
export async function deleteAll(
  keys: ReadonlySet<string>,
  signal: AbortSignal | undefined,
  remove: (key: string) => Promise<void>,
): Promise<readonly DeleteFailure[]> {
  const failures: DeleteFailure[] = [];
  const waiting = keys.values();
  const work = async (): Promise<void> => {
    for (const key of waiting) {
      try {
        await remove(key);
      } catch (error) {
        // The reason of an abort may itself be a StoreError, as that of core's time-outs is: it is
        // no failure of this key.
        signal?.throwIfAborted();
        if (!isStoreError(error)) throw error;
        failures.push({ key, error });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrentDeletes, keys.size) }, work));
  return failures;
}

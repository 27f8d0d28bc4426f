import { isStoreError } from "@state/core";
import type { DeleteFailure } from "@state/core";

/** Cloud Storage has no bulk delete. */
const atOnce = 48;

/** Deletes the keys in parallel, each by one request; an abort ends all of them. */
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
        // The reason of an abort may be a StoreError itself, as that of core's time-outs is.
        signal?.throwIfAborted();
        if (!isStoreError(error)) throw error;
        failures.push({ key, error });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, keys.size) }, work));
  return failures;
}

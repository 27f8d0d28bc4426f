import { setTimeout as sleep } from "node:timers/promises";
import { isStoreError, type ObjectStore } from "@state/core";

const attempts = 5;
const keysAtOnce = 16;

/** A store makes one attempt a call, and a service that is busy is no finding. */
export async function patiently<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (attempt === attempts || !isStoreError(error) || !error.retryable) throw error;
      await sleep(error.retryAfterMs ?? 100 * 2 ** attempt);
    }
  }
}

/** Creates keys that nobody else creates, each with so many bytes. */
export async function createAll(store: ObjectStore, keys: readonly string[], bytes: number): Promise<void> {
  const queue = keys.values();
  const work = async (): Promise<void> => {
    for (const key of queue) await patiently(() => store.create(key, new Uint8Array(bytes)));
  };
  await Promise.all(Array.from({ length: keysAtOnce }, work));
}

export async function removeAll(store: ObjectStore, keys: readonly string[]): Promise<void> {
  await patiently(async () => {
    const [failure] = await store.delete(keys);
    if (failure !== undefined) throw failure.error;
  });
}

import { setTimeout as sleep } from "node:timers/promises";
import type { ObjectStore } from "@state/core";
import { isKey } from "@state/core/adapter";

/** What is left of a run, and why. */
export interface Left {
  /** A key; or the folder, if what it holds could not be listed. */
  readonly key: string;
  readonly message: string;
}

const keysAtOnce = 1_000;
const passes = 3;
const limitMs = 120_000;

/**
 * Deletes everything beneath the folder, and every other key that may have been created. Not by the signal of the run: that
 * is aborted when somebody has pressed Ctrl-C, and what was made is to go all the more.
 */
export async function clean(
  store: ObjectStore,
  folder: string,
  made: ReadonlySet<string>,
): Promise<readonly Left[]> {
  const signal = AbortSignal.timeout(limitMs);
  // One bad key of a delete sends nothing.
  const keys = new Set([...made].filter(isKey));
  let left: readonly Left[] = [];
  // More than once: what a process had sent when it ended may have landed since.
  for (let pass = 0; pass < passes; pass += 1) {
    try {
      await sleep(pass * 500, undefined, { signal });
      for (const key of await listed(store, folder, signal)) keys.add(key);
      if (keys.size === 0) return [];
      left = await removed(store, [...keys], signal);
      keys.clear();
      for (const { key } of left) keys.add(key);
    } catch (error) {
      left = [{ key: folder, message: messageOf(error) }];
    }
  }
  return left;
}

async function listed(store: ObjectStore, folder: string, signal: AbortSignal): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { objects } of store.list(folder, { signal })) keys.push(...objects.map(({ key }) => key));
  // A store whose prefixes match too much would else have other people's objects deleted.
  return keys.filter((key) => key.startsWith(folder) && isKey(key));
}

async function removed(
  store: ObjectStore,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<readonly Left[]> {
  const left: Left[] = [];
  for (let from = 0; from < keys.length; from += keysAtOnce) {
    const failures = await store.delete(keys.slice(from, from + keysAtOnce), { signal });
    for (const { key, error } of failures) left.push({ key, message: error.message });
  }
  return left;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

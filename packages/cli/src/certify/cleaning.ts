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
/** A slow store has tens of thousands of objects of the suite to delete. Another Ctrl-C ends it. */
const limitMs = 600_000;

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
    const unlisted = await faultOf(folder, async () => {
      await sleep(pass * 500, undefined, { signal });
      for (const key of await listed(store, folder, signal)) keys.add(key);
      return [];
    });
    if (keys.size === 0 && unlisted.length === 0) return [];
    // Also if a store cannot be listed, for instance because of the order of its keys: without them it may be.
    const unremoved = await faultOf(folder, () => removed(store, [...keys], signal));
    keys.clear();
    for (const { key } of unremoved) if (key !== folder) keys.add(key);
    left = [...unlisted, ...unremoved];
  }
  return left;
}

/** What is left after the work; if it fails, all of the folder may be. */
async function faultOf(folder: string, work: () => Promise<readonly Left[]>): Promise<readonly Left[]> {
  try {
    return await work();
  } catch (error) {
    return [{ key: folder, message: messageOf(error) }];
  }
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

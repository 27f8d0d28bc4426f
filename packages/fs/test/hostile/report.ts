// How the processes of this folder report what they saw.
import { once } from "node:events";
import { writeSync } from "node:fs";
import process from "node:process";
import { isStateError, isStoreError } from "@state/core";
import type { ObjectStore } from "@state/core";

/**
 * What an operation returned, or the codes of its error and of the system's: `Unavailable ENOSPC`.
 */
export async function outcome(running: Promise<unknown>): Promise<unknown> {
  try {
    return await running;
  } catch (error) {
    return describeError(error);
  }
}

export function describeError(error: unknown): string {
  if (isStoreError(error)) return `${error.code} ${errnoOf(error.cause)}`;
  if (isStateError(error)) return `${error.code}, sealed: ${error.sealed} (${describeError(error.cause)})`;
  return String(error);
}

function errnoOf(cause: unknown): string {
  return cause instanceof Error ? String(Reflect.get(cause, "code")) : "without a cause";
}

/** `deleted`, or the codes of the failure of a delete of one key. */
export async function deleteOutcome(store: ObjectStore, key: string): Promise<string> {
  const [failure] = await store.delete([key]);
  return failure === undefined ? "deleted" : describeError(failure.error);
}

export async function keys(store: ObjectStore, prefix = ""): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { objects } of store.list(prefix)) found.push(...objects.map(({ key }) => key));
  return found;
}

/** Writes a line of JSON for the test. */
export function report(what: unknown): void {
  writeSync(1, `${JSON.stringify(what)}\n`);
}

/** Waits until the parent says so. */
export async function untilTold(): Promise<void> {
  await once(process.stdin, "data");
  process.stdin.pause();
}

// What the processes of this folder share: how they say what they saw.
import { once } from "node:events";
import { writeSync } from "node:fs";
import process from "node:process";
import { isStateError, isStoreError } from "@state/core";
import type { ObjectStore } from "@state/core";

/** Answers, or the code that they were refused with and the system's own: `Unavailable ENOSPC`. */
export async function outcome(running: Promise<unknown>): Promise<unknown> {
  try {
    return await running;
  } catch (error) {
    return seen(error);
  }
}

export function seen(error: unknown): string {
  if (isStoreError(error)) return `${error.code} ${errnoOf(error.cause)}`;
  if (isStateError(error)) return `${error.code}, sealed: ${error.sealed} (${seen(error.cause)})`;
  return String(error);
}

function errnoOf(cause: unknown): string {
  return cause instanceof Error ? String(Reflect.get(cause, "code")) : "without a cause";
}

/** What a delete of one key came to. */
export async function deletion(store: ObjectStore, key: string): Promise<string> {
  const [failure] = await store.delete([key]);
  return failure === undefined ? "deleted" : seen(failure.error);
}

export async function keys(store: ObjectStore, prefix = ""): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { objects } of store.list(prefix)) found.push(...objects.map(({ key }) => key));
  return found;
}

export function tell(what: unknown): void {
  writeSync(1, `${JSON.stringify(what)}\n`);
}

/** Waits until the parent says so. */
export async function told(): Promise<void> {
  await once(process.stdin, "data");
  process.stdin.pause();
}

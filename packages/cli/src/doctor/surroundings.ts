import { isStoreError, type Remark } from "@state/core";
import type { Call } from "../command.ts";

/** What one check has come to. */
export interface Result {
  readonly check: string;
  readonly outcome: Remark["outcome"];
  readonly message: string;
  /** The line that mends it. */
  readonly next?: string;
}

const check = "surroundings";

/** What the store itself says of what surrounds its objects. It is asked after requests of each kind were sent. */
export async function* surroundings({ store, signal }: Call): AsyncGenerator<Result, void, undefined> {
  if (store.examine === undefined) {
    const message =
      "this adapter does not look: versioning, lifecycle rules and storage classes are not known";
    yield { check, outcome: "unknown", message };
    return;
  }
  try {
    for (const { about, outcome, message, next } of await store.examine({ signal }))
      yield { check: about, outcome, message, ...(next === undefined ? {} : { next }) };
  } catch (error) {
    if (signal.aborted || !isStoreError(error)) throw error;
    yield { check, outcome: "unknown", message: `the store could not look: ${error.message}` };
  }
}

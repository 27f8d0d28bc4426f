import assert from "node:assert/strict";
import process from "node:process";
import type { ObjectStore } from "../../store.ts";
import type { StoreMust } from "./musts.ts";

export type StoreFamily =
  | "create"
  | "get"
  | "list"
  | "delete"
  | "freshness"
  | "keys"
  | "abort"
  | "errors"
  | "durability";

/** What can be said of a case without running it. */
export interface StoreCaseSummary {
  /** Stable: `family.what`. A test's name begins with it. */
  readonly id: string;
  /** One sentence. */
  readonly title: string;
  readonly family: StoreFamily;
  /** The MUST of the contract that the case checks. */
  readonly must: StoreMust;
}

export type Need = "reopen" | "severalClients" | "wholeListings";

export interface StoreCase extends StoreCaseSummary {
  /** Milliseconds: long enough for a service far away. */
  readonly timeoutMs: number;
  /** What the harness must have for the case to run. */
  readonly needs?: readonly Need[] | undefined;
  run(context: StoreContext): Promise<void>;
}

export interface StoreContext {
  /** Fresh, and this case's own. */
  readonly store: ObjectStore;
  /** Whether the harness says that its stores declare `wholeListings`. */
  readonly saysWholeListings: boolean;
  /** Whether the harness says that the stores refuse a key that differs only in case from one that is there. */
  readonly foldsCase: boolean;
  /** Another fresh store, with other data. */
  readonly another: () => Promise<ObjectStore>;
  /** Another client of the same data, beside those before; by a harness with `singleOwner`, after the last of them was closed. */
  readonly secondClient: () => Promise<ObjectStore>;
  /** Closes `store` and opens another client of its data, as a restarted process would. */
  readonly restart: () => Promise<ObjectStore>;
  /** Tells that the case does not check all that it is for, because the store gave it no occasion to. */
  readonly notReached: (what: string) => void;
}

/** A handful of requests. */
export const short = 60_000;
/** Thousands of requests, or megabytes. */
export const long = 300_000;

/** How a harness that has no `notReached` of its own tells. */
export function warnNotReached(id: string, what: string): void {
  process.emitWarning(`${id} did not reach ${what}`, { type: "ConformanceWarning" });
}

/** Fails the case with what was seen and what usually causes it; the runner puts the MUST before it. */
export function expect(holds: boolean, seen: string, usualCause: string): asserts holds {
  assert.ok(holds, `  seen: ${seen}\n  usual cause: ${usualCause}`);
}

import type { ObjectStore } from "../store.ts";

/**
 * A test runner, as the suite sees it: those of vitest, `node:test`, jest and `bun:test` fit as they are.
 *
 * What the functions return is not looked at; those of `node:test` return promises that it waits for itself.
 */
export interface Runner {
  describe(name: string, body: () => void): unknown;
  test: {
    (name: string, body: () => Promise<void>, timeoutMs?: number): unknown;
    skip(name: string, body: () => Promise<void>): unknown;
    /** Declares a test that may run concurrently with others. If there is one, then it declares every case. */
    concurrent?(name: string, body: () => Promise<void>, timeoutMs?: number): unknown;
  };
}

/** Declares a case. It runs concurrently with the others if the runner can do that, else after them. */
export function declare({ test }: Runner, name: string, body: () => Promise<void>, timeoutMs: number): void {
  if (test.concurrent === undefined) test(name, body, timeoutMs);
  else test.concurrent(name, body, timeoutMs);
}

/** How the suite comes by the stores that it tests. */
export interface StoreHarness {
  /** Names the store in the runner's output. */
  readonly name: string;
  /** A fresh, empty store each time; a new prefix is enough. Every case has one of its own. */
  open(): Promise<ObjectStore>;
  /** A second client of the same data, as another process would have it. Without it, the cases that need one are skipped by name. */
  reopen?(store: ObjectStore): Promise<ObjectStore>;
  /**
   * Says that one client at a time can have the data, as where an embedded database locks its directory: the client before
   * is closed when `reopen` is called. The cases that need two clients at once are skipped by name.
   */
  readonly singleOwner?: boolean;
  /**
   * Says that the stores declare `wholeListings`. Without it, the cases of L8 are skipped by name, and a store that
   * declares it all the same fails.
   */
  readonly wholeListings?: boolean;
  /**
   * Says that the stores are on a medium that takes names which differ only in case for one, and refuse the later key.
   * Without it, both keys have to be held.
   */
  readonly foldsCase?: boolean;
  /**
   * Called if a case passed without checking all that it is for, because the store gave it no occasion to: for instance if a
   * listing has one page. Default: a process warning of the type `ConformanceWarning`.
   */
  notReached?(id: string, what: string): void;
  /** Called for everything that `open` and `reopen` gave, when a case is over. */
  close?(store: ObjectStore): Promise<void>;
}

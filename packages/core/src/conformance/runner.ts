import type { ObjectStore } from "../store.ts";

/** A test runner, as the suite sees it: those of vitest, `node:test`, jest and `bun:test` fit as they are. */
export interface Runner {
  describe(name: string, body: () => void): void;
  test: {
    (name: string, body: () => Promise<void>, timeoutMs?: number): void;
    skip(name: string, body: () => Promise<void>): void;
  };
}

/** How the suite comes by the stores that it tests. */
export interface StoreHarness {
  /** Names the store in the runner's output. */
  readonly name: string;
  /** A fresh, empty store each time; a new prefix is enough. Every case has one of its own. */
  open(): Promise<ObjectStore>;
  /** A second client of the same data, as another process would have it. Without it, the cases that need one are skipped by name. */
  reopen?(store: ObjectStore): Promise<ObjectStore>;
  /** Called for everything that `open` and `reopen` gave, when a case is over. */
  close?(store: ObjectStore): Promise<void>;
}

import type { ObjectStore } from "../../src/store.ts";

/** A store that is wrong in exactly one way. */
export interface BrokenStore {
  /** What is wrong with it, as one would say it of a real adapter. */
  readonly fault: string;
  /** The case of the suite that is about that fault. */
  readonly caughtBy: string;
  readonly open: () => ObjectStore;
}

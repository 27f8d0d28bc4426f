import type { ObjectStore } from "../../src/store.ts";

/** What a broken store keeps its data in. The clients of one store have the same medium. */
export interface Medium {
  /** What the store holds. */
  readonly bodies: Map<string, Uint8Array>;
  /** What all stores of a case lie in, as prefixes of one bucket do. */
  readonly bucket: Map<string, Uint8Array>;
  /** 1 for the first store of a case, 2 for the second. */
  readonly number: number;
}

/** What `create` resolves to. */
export type Created = "created" | "exists";

/** A store that is wrong in exactly one way. */
export interface BrokenStore {
  /** What is wrong with it, as one would say it of a real adapter. */
  readonly fault: string;
  /** The case of the suite that is about that fault. */
  readonly caughtBy: string;
  /** The cases that meet the fault while they are about something else. */
  readonly alsoSeenBy?: readonly string[];
  /** A client of the medium: called again for the client of another process. */
  readonly open: (medium: Medium) => ObjectStore;
}

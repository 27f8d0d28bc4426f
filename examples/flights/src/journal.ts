import type { End } from "./crew.ts";
import type { Struck } from "./messages.ts";

/** How the job recovered after a leader had ended. */
export interface Recovery {
  readonly cause: End;
  /** The version that took over. */
  readonly version: number;
  /** The newest epoch that was known to be sealed until then. */
  readonly sealedBefore: number | undefined;
  /** The epoch that the job went on from; `undefined` is the beginning. */
  readonly base: number | undefined;
  /** The first row that was processed from there on. */
  readonly nextRow: number;
  /** From the end of one leader to the restored state of the next. */
  readonly milliseconds: number;
}

/** How a leader ended that went on after its successor had taken over. */
export interface Deposed {
  readonly version: number;
  /** The pause that it woke up from; `undefined`: it was slow. */
  readonly struck: Struck | undefined;
  readonly end: End;
}

/** What happened in a run: the supervisor writes it, the checks and the summary read it. */
export interface Journal {
  /** The highest version that was claimed. */
  versions: number;
  epochs: number;
  readonly written: { partials: number; bytes: number };
  readonly unchanged: { partials: number; bytes: number };
  readonly pruned: { objects: number; bytes: number };
  readonly recoveries: Recovery[];
  readonly deposed: Deposed[];
  /** Epochs that a deposed leader sealed nevertheless: there must be none. */
  readonly usurped: number[];
}

export function emptyJournal(): Journal {
  return {
    versions: 0,
    epochs: 0,
    written: { partials: 0, bytes: 0 },
    unchanged: { partials: 0, bytes: 0 },
    pruned: { objects: 0, bytes: 0 },
    recoveries: [],
    deposed: [],
    usurped: [],
  };
}

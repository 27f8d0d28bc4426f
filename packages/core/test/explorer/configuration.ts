import type { OpenOptions } from "../../src/open-options.ts";
import type { Call } from "./calls.ts";
import type { Habits } from "./request.ts";
import type { Fate } from "./scheduler.ts";

/** Where a configuration's starting state is made: every request takes effect at once. */
export interface Stage {
  open(id: string, options?: Partial<OpenOptions>): Promise<void>;
  call(id: string, ...calls: readonly Call[]): Promise<void>;
  /** Puts something into the store that no backend has made. */
  put(key: string, text: string): void;
  /** Puts other bytes where something is. */
  damage(key: string, text: string): void;
  /** Takes something away that no prune has deleted. */
  lose(key: string): void;
}

/** One thread of calls. Two roles of one instance call the same backend, which is opened before, or by the first call. */
export interface Role {
  readonly instance: string;
  readonly calls: readonly Call[];
}

/** A few actors on a store, small enough to try every schedule of it. */
export interface Configuration {
  readonly name: string;
  /** What happens in it, in one sentence. */
  readonly says: string;
  /** Calls of processes that are gone. Run once; what it leaves in the store is all that stays. */
  readonly past: (stage: Stage) => Promise<void>;
  /** Opens the backends of those who act, and brings them to where the choices begin. */
  readonly present: (stage: Stage) => Promise<readonly Role[]>;
  /** The backends anchor the epochs to come. Without it they look at each epoch before they seal it. */
  readonly anchors?: true;
  /** Which listings take names first and look at each of them later: those of `_control/`, unless it says other. */
  readonly torn?: "none" | "control" | "all";
  /** Whether the keys of one delete go at once, as they do unless it says other. */
  readonly deletes?: "together" | "each";
  readonly faults?: {
    readonly budget: number;
    readonly kinds: readonly Exclude<Fate, "answered">[];
    /** Matches `create epoch=5/_COMMIT`, `get …`, `list …`, `delete …`. */
    readonly on: RegExp;
  };
  /** The actors whose callers may give up. */
  readonly callersGiveUp?: readonly string[];
  /** To the end of which number of preemptions it is tried, unless the caller says other. */
  readonly preemptions: number;
}

/** How the requests of a configuration take effect. */
export function habitsOf({ torn = "control", deletes = "together", faults }: Configuration): Habits {
  return {
    looks: (prefix) => torn === "all" || (torn === "control" && prefix === "_control/"),
    deletesOneByOne: deletes === "each",
    fates: (operation, key) => {
      if (faults === undefined || !faults.on.test(`${operation} ${key}`)) return [];
      const isRead = operation === "get" || operation === "list";
      return faults.kinds.filter((kind) => isRead === (kind === "failed"));
    },
  };
}

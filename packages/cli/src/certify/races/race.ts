import type { ObjectStore } from "@state/core";
import type { Worker } from "../crew.ts";
import type { Findings } from "../messages.ts";

/** Something that several processes do to the store at once, and what must hold afterwards. */
export interface Race {
  /** Stable: `race.what`. */
  readonly id: string;
  /** One sentence. */
  readonly title: string;
  /** The MUST of the store contract that it is about. */
  readonly must: string;
  /** What it means for checkpoints if it is broken. */
  readonly meaning: string;
  /** Its share of the time. */
  readonly share: number;
  run(context: RaceContext): Promise<RaceCounts>;
}

export interface RaceContext {
  /** At least two. */
  readonly crew: readonly Worker[];
  /** The client of the parent of all processes, in the folder of the races. */
  readonly store: ObjectStore;
  /** How long the race takes, at least a round. */
  readonly forMs: number;
  readonly findings: Findings;
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
}

/** How often what was done. */
export type RaceCounts = Readonly<Record<string, number>>;

/** What a race came to. */
export interface RaceResult {
  readonly id: string;
  readonly title: string;
  readonly must: string;
  readonly meaning: string;
  readonly outcome: "passed" | "failed" | "skipped";
  readonly ms: number;
  readonly counts: RaceCounts;
  /** What was seen, the first of it in words. */
  readonly wrong: readonly string[];
  readonly wrongCount: number;
}

/** The elements, two by two of which no process is missing: the first half, and the others. */
export function halves(crew: readonly Worker[]): readonly [readonly Worker[], readonly Worker[]] {
  const middle = Math.ceil(crew.length / 2);
  return [crew.slice(0, middle), crew.slice(middle)];
}

/** The process whose turn it is. */
export function inTurn(crew: readonly Worker[], round: number): Worker {
  const worker = crew[round % crew.length];
  if (worker === undefined) throw new RangeError("a race needs a process");
  return worker;
}

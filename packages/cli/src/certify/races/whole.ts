import { Findings } from "../messages.ts";
import { rowKey } from "../actor.ts";
import { createAll } from "../patience.ts";
import { inTurn, type RaceContext } from "./race.ts";

const prefix = "whole/";

/** Whether the store lists whole pages: L8 of the store contract, which is not required. */
export interface WholeListings {
  /** Whether the store declares `wholeListings`. */
  readonly claimed: boolean;
  /** `torn` is proof. `kept` is what was seen, and proves nothing for a store that declares nothing. */
  readonly seen: "kept" | "torn" | "not looked at";
  readonly listings: number;
  readonly torn: number;
  readonly wrong: readonly string[];
  /** What remains because of it; left out if nothing does. */
  readonly residual?: string | undefined;
}

export const wholeId = "race.whole-listing";

export const wholeShare = 0.1;

export const wholeMust =
  "L8: A store that declares `wholeListings` never tears a page, so that of a row of keys the highest, or a higher one, is always shown.";

const residual =
  "A look at the newest fence or floor is wrong if more than 16 floors are published, and the highest one that the page had named is deleted by one of those prunes, while one page is answered.";

export function notLookedAt(claimed: boolean): WholeListings {
  return {
    claimed,
    seen: "not looked at",
    listings: 0,
    torn: 0,
    wrong: [],
    ...(claimed ? {} : { residual }),
  };
}

/** One process moves a row of keys on, and the others list it, among keys that a listing has to look at too. */
export async function followRow({ crew, store, forMs }: RaceContext): Promise<WholeListings> {
  const neighbours = Array.from({ length: 200 }, (_, number) => String(number).padStart(3, "0"));
  const beside = neighbours.flatMap((number) => [`${prefix}a-${number}`, `${prefix}z-${number}`]);
  await createAll(store, [...beside, rowKey(prefix, 1)], 1);
  const [mover, ...followers] = crew;
  const [, ...looks] = await Promise.all([
    (mover ?? inTurn(crew, 0)).ask({ name: "move", prefix, forMs }),
    // Several at a time in each process: they keep one another waiting between two looks.
    ...followers.flatMap((worker) => [1, 2, 3].map(() => worker.ask({ name: "follow", prefix, forMs }))),
  ]);
  const findings = new Findings();
  for (const look of looks) findings.addAll(look);
  const { wrong, wrongCount } = findings.result;
  const claimed = store.wholeListings === true;
  return {
    claimed,
    seen: wrongCount > 0 ? "torn" : "kept",
    listings: looks.reduce((sum, { count }) => sum + count, 0),
    torn: wrongCount,
    wrong,
    ...(claimed && wrongCount === 0 ? {} : { residual }),
  };
}

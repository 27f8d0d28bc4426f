import {
  type Check,
  checkDeposed,
  checkEnds,
  checkRanges,
  checkRecoveries,
  checkRows,
  checkStatistics,
  checkStrikes,
} from "./checks.ts";
import { readExpected } from "./expected.ts";
import { flightsFile } from "./flights.ts";
import type { Journal } from "./journal.ts";
import type { Options } from "./options.ts";
import { readReleased, readStatistics } from "./result.ts";
import type { Sink } from "./sink.ts";
import type { Strike } from "./strike-plan.ts";

/** Compares what is in the store and in the output folder with a plain read of the input. */
export async function verify(
  { records, workers }: Options,
  plan: readonly Strike[],
  journal: Journal,
  store: string,
  sink: Sink,
): Promise<readonly Check[]> {
  const expected = await readExpected(flightsFile, records);
  const statistics = (await readStatistics(store)) ?? new Map();
  const released = await readReleased(sink);
  return [
    checkStatistics(expected, statistics),
    checkRows(expected, released),
    checkRanges(released, records, workers),
    checkEnds(journal),
    ...(plan.length === 0
      ? []
      : [checkStrikes(plan, journal), checkRecoveries(journal), checkDeposed(plan, journal, released)]),
  ];
}

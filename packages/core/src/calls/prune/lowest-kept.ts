import { damagedPlainTexts, readPossibleSeal } from "../../commit.ts";
import { outcomeOf } from "../../concurrency.ts";
import type { Namespace } from "../../namespace.ts";
import type { PlainText } from "../../seal.ts";
import type { Newest } from "../latest.ts";

/** How many `_COMMIT`s are read at once, at least, where voids stand between the seals. */
const batchSize = 8;

/**
 * The lowest of the newest `keep` seals; the floor if there are fewer.
 *
 * If the listing left out a seal, or a later one has come since, then the result is lower than it could be, and more
 * seals stay than were asked for. A stray seal stands below a floor that was published: if it is counted, the result is
 * below that floor too, and nothing goes that had not gone before.
 */
export async function lowestKept(
  namespace: Namespace,
  keep: number,
  found: Newest,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { seal: newest, epochs, control } = found;
  const { floor } = control;
  if (newest === undefined) return floor;
  let lowest = newest.epoch;
  let missing = keep - 1;
  const plainTexts = new Map<number, PlainText>();
  const descending = epochs.filter((epoch) => epoch >= floor && epoch < newest.epoch).toReversed();
  for (let start = 0, size = missing; missing > 0; start += size, size = Math.max(missing, batchSize)) {
    const batch = descending.slice(start, start + size);
    if (batch.length === 0) {
      // rule: fewer-seals-than-kept-prune-nothing
      return floor;
    }
    const commits = await namespace.map(batch, async (epoch) => ({
      epoch,
      commit: await outcomeOf(readPossibleSeal(namespace, epoch, signal)),
    }));
    for (const { epoch, commit } of commits) {
      if (missing === 0) break;
      // If it were taken for a seal and is none, or the other way round, one seal too many would go.
      // rule: unreadable-seal-is-not-counted
      if (commit.status === "rejected") throw commit.reason;
      // rule: keep-counts-nothing-but-seals
      if (commit.value === undefined) continue;
      if (typeof commit.value === "object") plainTexts.set(epoch, commit.value);
      lowest = epoch;
      missing -= 1;
    }
  }
  // rule: damaged-plain-text-is-not-counted
  const damaged = await damagedPlainTexts(namespace, plainTexts, signal);
  if (damaged.length === 0) return lowest;
  const others = epochs.filter((epoch) => !damaged.includes(epoch));
  return lowestKept(namespace, keep, { ...found, epochs: others }, signal);
}

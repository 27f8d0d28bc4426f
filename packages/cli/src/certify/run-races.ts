import { setTimeout as sleep } from "node:timers/promises";
import type { ObjectStore } from "@state/core";
import { endCrew, startCrew, type Worker } from "./crew.ts";
import { Findings, type Place } from "./messages.ts";
import { createRace, largeCreateRace } from "./races/create.ts";
import { listingRace } from "./races/listing.ts";
import { protocolRace } from "./races/protocol.ts";
import type { Race, RaceContext, RaceCounts, RaceResult } from "./races/race.ts";
import { createSeenRace, deleteSeenRace } from "./races/seen.ts";
import { followRow, notLookedAt, type WholeListings, wholeId, wholeMust, wholeShare } from "./races/whole.ts";

export const races: readonly Race[] = [
  createRace,
  largeCreateRace,
  listingRace,
  createSeenRace,
  deleteSeenRace,
  protocolRace,
];

/** Of everything that takes a share of the time. */
export const raceIds: readonly string[] = [...races.map(({ id }) => id), wholeId];

export interface RacesOptions {
  /** A client of the folder in which the races are. */
  readonly store: ObjectStore;
  readonly place: Omit<Place, "index">;
  readonly processes: number;
  readonly seconds: number;
  /** The ids of the races to run. Default: all. */
  readonly only: ReadonlySet<string> | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (id: string, text: string) => void;
  readonly onEnd: (result: RaceResult) => void;
}

export interface RacesReport {
  readonly races: readonly RaceResult[];
  readonly listings: WholeListings;
}

/** Runs the races, one after another. Rejects with the signal's reason if it aborts; no process is left then. */
export async function runRaces(options: RacesOptions): Promise<RacesReport> {
  const { store, place, processes, only, signal, onProgress, onEnd } = options;
  signal.throwIfAborted();
  const claimed = store.wholeListings === true;
  const asked = races.filter(({ id }) => only?.has(id) ?? true);
  const isFollowed = only?.has(wholeId) ?? true;
  if (asked.length === 0 && !isFollowed) return { races: [], listings: notLookedAt(claimed) };
  const total = asked.reduce((sum, { share }) => sum + share, isFollowed ? wholeShare : 0);
  const msOf = (share: number): number => (options.seconds * 1_000 * share) / total;
  onProgress("races", `${processes} processes open the store`);
  const crew = await startCrew(place, processes);
  try {
    const results: RaceResult[] = [];
    const end = (result: RaceResult): void => {
      results.push(result);
      onEnd(result);
    };
    for (const race of asked) {
      const context = contextOf(options, { id: race.id, crew, forMs: msOf(race.share) });
      end(await resultOf(race, context, () => race.run(context)));
    }
    if (!isFollowed) return { races: results, listings: notLookedAt(claimed) };
    const context = contextOf(options, { id: wholeId, crew, forMs: msOf(wholeShare) });
    let listings = notLookedAt(claimed);
    const followed = await resultOf(wholeRace, context, async () => {
      listings = await followRow(context);
      // It is a fault of who has claimed it. Of any other store it is said what it is.
      if (claimed) context.findings.addAll({ wrong: listings.wrong, wrongCount: listings.torn });
      return { listings: listings.listings, torn: listings.torn };
    });
    end(followed);
    return { races: results, listings };
  } finally {
    await endCrew(crew);
  }
}

const wholeRace: Omit<Race, "run"> = {
  id: wholeId,
  title: "a listing of a row of keys that moves on shows the highest that was there, or a higher one",
  must: wholeMust,
  meaning:
    "The store says of itself that its listings are whole, and they are not: it must not declare `wholeListings`.",
  share: wholeShare,
};

function contextOf(
  { store, signal, onProgress }: RacesOptions,
  { id, crew, forMs }: { readonly id: string; readonly crew: readonly Worker[]; readonly forMs: number },
): RaceContext {
  const seconds = Math.max(1, Math.round(forMs / 1_000));
  onProgress(id, `${seconds} s`);
  return {
    crew,
    store,
    forMs,
    findings: new Findings(),
    signal,
    onProgress: (text) => onProgress(id, text),
  };
}

/** Beyond its time, for what is under way, and for what is looked at afterwards. */
const patienceMs = 300_000;

async function resultOf(
  { id, title, must, meaning }: Omit<Race, "run">,
  { findings, forMs, signal }: RaceContext,
  run: () => Promise<RaceCounts>,
): Promise<RaceResult> {
  const began = performance.now();
  const ended = new AbortController();
  const limit = AbortSignal.any([signal, ended.signal]);
  let counts: RaceCounts = {};
  try {
    // A process that hangs is killed when all is over.
    const late = sleep(forMs + patienceMs, undefined, { signal: limit }).then(() => {
      throw new Error(`it had not ended after ${Math.round((forMs + patienceMs) / 1_000)} s`);
    });
    counts = await Promise.race([run(), late]);
  } catch (error) {
    signal.throwIfAborted();
    findings.add(`it could not finish: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    ended.abort();
  }
  const { wrong, wrongCount } = findings.result;
  const outcome = wrongCount === 0 ? "passed" : "failed";
  const ms = Math.round(performance.now() - began);
  return { id, title, must, meaning, outcome, ms, counts, wrong, wrongCount };
}

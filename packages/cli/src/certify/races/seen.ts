import type { Worker } from "../crew.ts";
import { inTurn, type Race, type RaceContext, type RaceCounts } from "./race.ts";

const about = {
  must: "R1: Every create and delete that has returned is seen by the next `get` and `list`, whoever asks.",
  meaning:
    "A new leader can miss what the one before has sealed, and begin again below it; or a prune comes back to what is gone.",
} as const;

const bytes = 50;
/** However long they take. */
const fewestRounds = 8;

export const createSeenRace: Race = {
  id: "race.create-seen",
  title: "what one process has created the others get and list at once",
  ...about,
  share: 0.1,
  run: (context) => roundsOf(context, "create"),
};

export const deleteSeenRace: Race = {
  id: "race.delete-seen",
  title: "what one process has deleted the others neither get nor list",
  ...about,
  share: 0.1,
  run: (context) => roundsOf(context, "delete"),
};

async function roundsOf(context: RaceContext, looksAfter: "create" | "delete"): Promise<RaceCounts> {
  const { crew, findings, forMs, signal, onProgress } = context;
  const prefix = `seen-${looksAfter}/`;
  const until = performance.now() + forMs;
  let [rounds, undecided] = [0, 0];
  do {
    signal.throwIfAborted();
    const key = `${prefix}${rounds}`;
    const [creator, deleter] = [inTurn(crew, rounds), inTurn(crew, rounds + 1)];
    const [created] = await creator.ask({ name: "create", keys: [key], bytes, at: 0, everyMs: 0 });
    if (created?.outcome === "created") {
      if (looksAfter === "create") {
        for (const text of await missedBy(crew, { key, prefix, isThere: true })) findings.add(text);
      }
      await deleter.ask({ name: "delete", keys: [key] });
      if (looksAfter === "delete") {
        for (const text of await missedBy(crew, { key, prefix, isThere: false })) findings.add(text);
      }
    } else if (created?.outcome === "exists") findings.add(`${key} was never created, and exists`);
    else undecided += 1;
    rounds += 1;
    onProgress(`${rounds} rounds`);
  } while (rounds < fewestRounds || performance.now() < until);
  return { rounds, undecided };
}

interface Expected {
  readonly key: string;
  readonly prefix: string;
  readonly isThere: boolean;
}

/** All processes look at once, as soon as the one that wrote has its response. */
async function missedBy(
  crew: readonly Worker[],
  { key, prefix, isThere }: Expected,
): Promise<readonly string[]> {
  const looks = await Promise.all(crew.map((worker) => worker.ask({ name: "look", key, prefix })));
  const what = isThere ? "was created" : "was deleted";
  return looks.flatMap((look, index) => [
    ...(look.isThere === isThere
      ? []
      : [`${key} ${what}, and process ${index} then got ${look.isThere ? "its body" : "nothing"}`]),
    ...(look.isListed === isThere
      ? []
      : [`${key} ${what}, and a listing of process ${index} then ${look.isListed ? "had" : "lacked"} it`]),
  ]);
}

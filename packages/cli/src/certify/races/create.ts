import { type Created, now, type Seen } from "../messages.ts";
import { inTurn, type Race, type RaceContext, type RaceCounts } from "./race.ts";

const about = {
  must: "C1: Of any number of concurrent callers that create one key, exactly one gets `created`.",
  meaning:
    "Two leaders can both be told that their seal of an epoch counts. A job restores what one of them wrote, after sinks released what the other one did.",
} as const;

export const createRace: Race = {
  id: "race.create",
  title: "of the processes that create one key at one moment one is told created, and all read its bytes",
  ...about,
  share: 0.25,
  run: (context) => raceFor(context, { folder: "create", bytes: 100, keysAtOnce: 16 }),
};

export const largeCreateRace: Race = {
  id: "race.create-large",
  title: "so it is with bodies of 1 MiB",
  ...about,
  share: 0.15,
  run: (context) => raceFor(context, { folder: "create-large", bytes: 2 ** 20, keysAtOnce: 4 }),
};

interface Rounds {
  readonly folder: string;
  readonly bytes: number;
  /** How many keys are created one after another before the processes hear of their parent again. */
  readonly keysAtOnce: number;
}

/** A message takes a process longer to get than a small create: the keys of some rounds are said beforehand. */
const noticeMs = 15;
const longestStepMs = 5_000;
/** However long they take. */
const fewestRounds = 8;

async function raceFor(context: RaceContext, { folder, bytes, keysAtOnce }: Rounds): Promise<RaceCounts> {
  const { crew, findings, forMs, signal, onProgress } = context;
  let until = performance.now() + forMs;
  let [batch, rounds, undecided, everyMs] = [0, 0, 0, 100];
  do {
    signal.throwIfAborted();
    // The first one is slow, and takes none of the time: the processes open connections, and load code.
    if (batch === 1) until = performance.now() + forMs;
    const most = batch === 0 ? 1 : Math.max(1, Math.trunc((until - performance.now()) / everyMs));
    const keys = Array.from(
      { length: Math.min(keysAtOnce, most) },
      (_, place) => `${folder}/${batch}-${place}`,
    );
    const at = now() + noticeMs;
    const created = await Promise.all(
      crew.map((worker) => worker.ask({ name: "create", keys, bytes, at, everyMs })),
    );
    const later = await inTurn(crew, batch).ask({ name: "read", keys, bytes });
    for (const [place, key] of keys.entries()) {
      const responses = created.flatMap((each) => each[place] ?? []);
      if (responses.some(({ outcome }) => outcome === "unknown")) undecided += 1;
      const wrong = faultOf(responses, later[place]);
      if (wrong !== undefined) findings.add(`${key}: ${wrong}`);
    }
    await inTurn(crew, batch + 1).ask({ name: "delete", keys });
    // So that most of the processes are ready again when the next key's moment comes.
    const slowest = keys.map((_, place) => Math.max(...created.map((each) => each[place]?.ms ?? 0)));
    everyMs = Math.min(Math.max(2, median(slowest) * 1.5), longestStepMs);
    batch += 1;
    rounds += keys.length;
    onProgress(`${rounds} rounds`);
  } while (rounds < fewestRounds || performance.now() < until);
  return { rounds, processes: crew.length, undecided };
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.trunc(numbers.length / 2)] ?? 0;
}

/** What is wrong with the responses to one key. `later` is what was read when all of them were there. */
export function faultOf(responses: readonly Created[], later: Seen | undefined): string | undefined {
  const winners = [...responses.keys()].filter((index) => responses[index]?.outcome === "created");
  const isDecided = responses.every(({ outcome }) => outcome !== "unknown");
  if (winners.length > 1) return `${winners.length} of ${responses.length} processes were told created`;
  if (winners.length === 0 && isDecided) return `all ${responses.length} processes were told exists`;
  const [winner] = winners;
  const reads = [...responses.flatMap(({ seen }) => seen ?? []), ...(later === undefined ? [] : [later])];
  for (const seen of reads) {
    if ("fault" in seen) return `a process read ${seen.fault}`;
    if (seen.writer === undefined) {
      if (winner !== undefined || responses.some(({ outcome }) => outcome === "exists"))
        return "it was told created or exists, and read nothing";
    } else if (winner !== undefined && seen.writer !== winner)
      return `process ${winner} was told created, and the bytes of process ${seen.writer} were read`;
  }
  return undefined;
}

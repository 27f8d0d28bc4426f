import type { End } from "./crew.ts";
import { describeEnd } from "./descriptions.ts";
import type { ExpectedStatistic } from "./expected.ts";
import type { Journal, Recovery } from "./journal.ts";
import { grouped } from "./number-formats.ts";
import type { ReleasedFile } from "./result.ts";
import { add } from "./statistics.ts";
import type { Statistic, Statistics } from "./statistics.ts";
import { killPoints } from "./strike-plan.ts";
import type { Point, Strike } from "./strike-plan.ts";

/** Something that must hold after a run, and the differences found. */
export interface Check {
  readonly name: string;
  /** The things that were compared: `"3,399 routes"`. */
  readonly compared: string;
  readonly differences: readonly string[];
}

const fields = ["count", "sum", "sumOfSquares", "min", "max"] as const;

/** The newest sealed state has the expected statistic for every airport and route, to the last digit. */
export function checkStatistics(
  expected: ReadonlyMap<string, ExpectedStatistic>,
  statistics: Statistics,
): Check {
  return {
    name: "statistics",
    compared: `${grouped(expected.size)} airports and routes`,
    differences: differencesOf(expected, statistics),
  };
}

/** The sums of all released rows are the expected ones: a lost row makes them too small, a doubled one too large. */
export function checkRows(
  expected: ReadonlyMap<string, ExpectedStatistic>,
  released: readonly ReleasedFile[],
): Check {
  const routes = new Map([...expected].filter(([key]) => key.includes("-")));
  const sums: Statistics = new Map();
  let rows = 0;
  for (const file of released) {
    for (const [route, statistic] of file.rows) {
      add(sums, route, statistic);
      rows += 1;
    }
  }
  return {
    name: "released rows",
    compared: `${grouped(rows)} rows in ${grouped(released.length)} files`,
    differences: differencesOf(routes, sums),
  };
}

/** Each worker has released each range of the input once, also ranges without a flight of its own. */
export function checkRanges(released: readonly ReleasedFile[], records: number, workers: number): Check {
  const differences: string[] = released
    .filter(({ origin }) => origin === undefined || origin.worker >= workers)
    .map(({ name }) => `${name} is not from this job`);
  for (let worker = 0; worker < workers; worker++) {
    let reached = 0;
    const files = released
      .flatMap(({ name, origin }) => (origin?.worker === worker ? [{ name, ...origin }] : []))
      .toSorted((a, b) => a.from - b.from || a.to - b.to);
    for (const { name, from, to } of files) {
      if (from > reached)
        differences.push(`worker ${worker}: rows ${reached} to ${from} were never released`);
      if (from < reached)
        differences.push(`worker ${worker}: rows ${from} to ${reached} came again in ${name}`);
      reached = Math.max(reached, to);
    }
    if (reached !== records) differences.push(`worker ${worker}: rows end at ${reached}, not at ${records}`);
  }
  return { name: "ranges of rows", compared: `${grouped(records)} rows, ${workers} workers`, differences };
}

/** Every point was hit, and by every strike that was planned. */
export function checkStrikes(plan: readonly Strike[], { recoveries }: Journal): Check {
  const struck = recoveries.flatMap(({ cause }) =>
    cause.type === "killed" || cause.type === "paused" ? [cause.struck.strike] : [],
  );
  const missed = killPoints.filter((point) => !struck.some((s) => s.action === "kill" && s.point === point));
  return {
    name: "strikes",
    compared: `${plan.length} planned at ${killPoints.length} points`,
    differences: [
      ...missed.map((point) => `nobody was killed ${point}`),
      ...(struck.length === plan.length ? [] : [`${plan.length} were planned, ${struck.length} happened`]),
    ],
  };
}

/** No process ended of itself. Allowed are ends by a failure of the store or by a signal from outside. */
export function checkEnds({ recoveries }: Journal): Check {
  const unexplained = recoveries
    .map(({ cause }) => cause)
    .filter(
      (end) =>
        (end.type === "died" && !end.how.startsWith("SIG")) ||
        (end.type === "gave up" && !excuses.has(end.code)),
    );
  return {
    name: "ends",
    compared: `${recoveries.length} leaders`,
    differences: unexplained.map(describeEnd),
  };
}

/** The codes of errors that a failure of the store explains. */
const excuses: ReadonlySet<string> = new Set(["OutcomeUnknown", "StoreFailed"]);

/** Each recovery went on from the epoch that must be the newest sealed one after a crash at its point. */
export function checkRecoveries({ recoveries }: Journal): Check {
  return {
    name: "recoveries",
    compared: `${recoveries.length} base epochs`,
    differences: recoveries
      .filter((recovery) => !basesAfter(recovery).includes(recovery.base))
      .map(
        (recovery) =>
          `version ${recovery.version} went on from ${recovery.base}, not from ${basesAfter(recovery).join(" or ")}`,
      ),
  };
}

/** The epoch that may be the newest sealed one after a crash at a point: the one before, its own, or either. */
const newestAfter: Readonly<Record<Point, readonly ("before" | "own")[]>> = {
  "at the start of an epoch": ["before"],
  "in the middle of a partial": ["before"],
  // The leader is still alive, and may seal the epoch before it is killed.
  "receipt sent": ["before", "own"],
  "receipts in hand": ["before"],
  "before _COMMIT": ["before"],
  "after _COMMIT": ["own"],
  "sealed, not released": ["own"],
  "in the middle of a prune": ["own"],
};

function basesAfter({ cause, sealedBefore, base }: Recovery): readonly (number | undefined)[] {
  if (cause.type !== "killed" && cause.type !== "paused") return [base];
  const { strike, epoch } = cause.struck;
  return newestAfter[strike.point].map((which) => (which === "own" ? epoch : sealedBefore));
}

/** Leaders that went on after their successor had taken over were refused, and released nothing more. */
export function checkDeposed(
  plan: readonly Strike[],
  { deposed, usurped }: Journal,
  released: readonly ReleasedFile[],
): Check {
  const paused = plan.filter(({ action }) => action === "pause").length;
  const woken = deposed.filter(({ struck }) => struck !== undefined).length;
  return {
    name: "deposed leaders",
    compared: `${deposed.length}: ${deposed.map(({ end }) => (end.type === "gave up" ? end.code : end.type)).join(", ")}`,
    differences: [
      ...(woken === paused ? [] : [`${paused} were to be paused, ${woken} came back`]),
      ...usurped.map((epoch) => `epoch ${epoch} was sealed by a leader that was deposed`),
      ...deposed
        .filter(({ end }) => !wasRefused(end))
        .map(({ version }) => `version ${version} was not refused`),
      ...released
        .filter(({ origin }) =>
          deposed.some(
            ({ version, struck }) => origin?.version === version && origin.epoch === struck?.epoch,
          ),
        )
        .map(({ name }) => `${name} was released, though its epoch was refused`),
    ],
  };
}

/** Codes of a refusal: a stale version, a void epoch, or an epoch that the successor has sealed. */
const refusals: ReadonlySet<string> = new Set(["StaleVersion", "EpochAborted", "SplitBrainCommit"]);

export function wasRefused(end: End): boolean {
  return end.type === "gave up" && refusals.has(end.code);
}

function differencesOf(
  expected: ReadonlyMap<string, ExpectedStatistic>,
  found: ReadonlyMap<string, Statistic>,
): string[] {
  const extra = [...found.keys()]
    .filter((key) => !expected.has(key))
    .map((key) => `${key} is not in the file`);
  const wrong = [...expected].flatMap(([key, wanted]) => {
    const statistic = found.get(key);
    if (statistic === undefined) return [`${key} is missing`];
    return fields
      .filter((field) => BigInt(statistic[field]) !== wanted[field])
      .map((field) => `${key}: the ${field} is ${statistic[field]}, not ${wanted[field]}`);
  });
  return [...extra, ...wrong];
}

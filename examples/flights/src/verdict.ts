import { killPoints } from "./chaos.ts";
import type { Point, Strike } from "./chaos.ts";
import type { Deposed, Journal, Recovery } from "./journal.ts";
import { describeEnd } from "./news.ts";
import { grouped } from "./quantities.ts";
import type { ReleasedFile } from "./result.ts";
import { add } from "./statistics.ts";
import type { Statistic, Statistics } from "./statistics.ts";
import type { Truth } from "./truth.ts";

/** One thing that must hold, and how it does not. */
export interface Check {
  readonly name: string;
  /** What was looked at: `"3,399 routes"`. */
  readonly compared: string;
  readonly differences: readonly string[];
}

const fields = ["count", "sum", "sumOfSquares", "min", "max"] as const;

/** The state that was sealed last against the truth, airport by airport and route by route, to the last digit. */
export function checkStatistics(truth: ReadonlyMap<string, Truth>, statistics: Statistics): Check {
  return {
    name: "statistics",
    compared: `${grouped(truth.size)} airports and routes`,
    differences: differencesOf(truth, statistics),
  };
}

/** The sums of all rows that were ever released: a lost row is missing here, a doubled one is too much. */
export function checkRows(truth: ReadonlyMap<string, Truth>, released: readonly ReleasedFile[]): Check {
  const routes = new Map([...truth].filter(([key]) => key.includes("-")));
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

/** Each row of the input was released by each worker exactly once: also where that worker had nothing to say about it. */
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

/** Nothing ended of itself, except for what a store may do to its users. A signal from outside is fair as well. */
export function checkEnds({ recoveries }: Journal): Check {
  const faults = recoveries
    .map(({ cause }) => cause)
    .filter(
      (end) =>
        (end.type === "died" && !end.how.startsWith("SIG")) ||
        (end.type === "gave up" && !excuses.has(end.code)),
    );
  return { name: "ends", compared: `${recoveries.length} attempts`, differences: faults.map(describeEnd) };
}

const excuses: ReadonlySet<string> = new Set(["OutcomeUnknown", "StoreFailed"]);

/** Each recovery went on from the one epoch that the point of the crash leaves. */
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

/** Which epoch is the newest sealed one after a crash at a point: the one before it, its own, or either. */
const newestAfter: Readonly<Record<Point, readonly ("before" | "own")[]>> = {
  "at the start of an epoch": ["before"],
  "in the middle of a partial": ["before"],
  // The leader is still alive, and may be quick enough to seal the epoch before it is ended too.
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

/** Leaders that went on after their successor had taken over were refused, and released nothing. */
export function checkDeposed(
  plan: readonly Strike[],
  { deposed, usurped }: Journal,
  released: readonly ReleasedFile[],
): Check {
  const paused = plan.filter(({ action }) => action === "pause").length;
  return {
    name: "deposed leaders",
    compared: `${deposed.length}: ${deposed.map(({ end }) => (end.type === "gave up" ? end.code : end.type)).join(", ")}`,
    differences: [
      ...(deposed.length === paused ? [] : [`${paused} were to be paused, ${deposed.length} came back`]),
      ...usurped.map((epoch) => `epoch ${epoch} was sealed by a leader that was deposed`),
      ...deposed.filter((one) => !wasRefused(one)).map(({ version }) => `version ${version} was not refused`),
      ...released
        .filter(({ origin }) =>
          deposed.some(({ version, struck }) => origin?.version === version && origin.epoch === struck.epoch),
        )
        .map(({ name }) => `${name} was released, though its epoch was refused`),
    ],
  };
}

/** Stale by the fence, void by the takeover, or sealed by the successor under the same number. */
const refusals: ReadonlySet<string> = new Set(["StaleVersion", "EpochAborted", "SplitBrainCommit"]);

function wasRefused({ end }: Deposed): boolean {
  return end.type === "gave up" && refusals.has(end.code);
}

function differencesOf(truth: ReadonlyMap<string, Truth>, found: ReadonlyMap<string, Statistic>): string[] {
  const extra = [...found.keys()].filter((key) => !truth.has(key)).map((key) => `${key} is not in the file`);
  const wrong = [...truth].flatMap(([key, expected]) => {
    const statistic = found.get(key);
    if (statistic === undefined) return [`${key} is missing`];
    return fields
      .filter((field) => BigInt(statistic[field]) !== expected[field])
      .map((field) => `${key}: the ${field} is ${statistic[field]}, not ${expected[field]}`);
  });
  return [...extra, ...wrong];
}

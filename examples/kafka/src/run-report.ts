import { cpus } from "node:os";
import { byteCount, grouped, seconds, share } from "flights/number-formats";
import type { Journal, Struck } from "./journal.ts";
import type { Options } from "./options.ts";
import { allPoints } from "./points.ts";
import { nameOf } from "./strike-names.ts";
import { type Strike, strikesOfACycle } from "./strike-plan.ts";
import type { Check, UsualResult } from "./verification.ts";

export interface RunReport {
  readonly options: Options;
  readonly plan: readonly Strike[];
  readonly withBroker: boolean;
  readonly sessionTimeoutMs: number;
  readonly journal: Journal;
  readonly checks: readonly Check[];
  readonly usual: UsualResult;
  readonly milliseconds: number;
}

/** Checks on the run itself, beside those on its result. */
export function checkRun({
  plan,
  withBroker,
  journal,
}: Pick<RunReport, "plan" | "withBroker" | "journal">): readonly Check[] {
  const { struck, points } = journal;
  const paused = struck.filter(({ strike }) => strike.type === "pause");
  const wholeCycle = plan.length >= strikesOfACycle(withBroker);
  return [
    {
      name: "strikes",
      compared: `${plan.length} planned, ${points.size} points`,
      differences: [
        ...(struck.length === plan.length ? [] : [`${struck.length} happened`]),
        ...(wholeCycle
          ? allPoints.filter((point) => !points.has(point)).map((point) => `nobody was struck at ${point}`)
          : []),
      ],
    },
    {
      name: "zombies refused",
      compared: `${paused.length} that were woken up`,
      differences: paused
        .filter(({ refusal }) => refusal === undefined)
        .map(({ who, strike }) => `${who} was not refused: ${nameOf(strike)}`),
    },
  ];
}

/** The report of a run, in Markdown. */
export function formatReport(report: RunReport): string {
  const { options, sessionTimeoutMs, journal, checks, usual, milliseconds } = report;
  const { struck, failures } = journal;
  const times = struck.map(({ recoveryMs }) => recoveryMs);
  const state = journal.bytes + journal.reused;
  return [
    "# State per partition on Kafka, under chaos",
    "",
    "This file was written by `pnpm --filter kafka-example start --report`; the example's README",
    "explains the points.",
    "",
    ...table([
      ["run", ""],
      ["date", new Date().toISOString().slice(0, 10)],
      ["machine", `${cpus().length} cores, ${cpus()[0]?.model ?? "unknown"}, Node ${process.version}`],
      ["seed", `${options.seed}`],
      ["processes", `${options.workers} of each way, 8 partitions`],
      ["session time-out", seconds(sessionTimeoutMs)],
      ["time", seconds(milliseconds)],
    ]),
    "",
    "## Result",
    "",
    ...table([
      ["check", "compared", "result"],
      ...checks.map(({ name, compared, differences }) => [
        name,
        compared,
        differences.length === 0 ? "equal" : `${differences.length} DIFFER`,
      ]),
    ]),
    "",
    ...checks.flatMap(({ differences }) => differences.slice(0, 10).map((line) => `- ${line}`)),
    ...table([
      ["", "@state/kafka", "the usual way"],
      ["results that must be there", grouped(usual.expected), grouped(usual.expected)],
      ["lost", countOf(checks, "lost"), grouped(usual.lost)],
      ["there twice or more", countOf(checks, "doubled"), grouped(usual.doubled)],
      ["there with wrong numbers", countOf(checks, "wrong"), grouped(usual.wrong)],
      ["flights in the state at the end", countOf(checks, "state", usual.expected), grouped(usual.counted)],
      [
        "airports with a wrong state",
        countOf(checks, "state"),
        `${grouped(usual.wrongAirports)} of ${grouped(usual.airports)}`,
      ],
    ]),
    "",
    "## The work",
    "",
    ...table([
      ["", ""],
      ["epochs sealed", `${grouped(journal.epochs)}, with ${grouped(journal.records)} records`],
      ["takeovers", grouped(journal.takeovers)],
      ["bytes of state written", byteCount(journal.bytes)],
      [
        "bytes taken over from the epoch before",
        `${byteCount(journal.reused)} (${share(journal.reused, state)})`,
      ],
      ["pruned", `${grouped(journal.prunedObjects)} objects, ${byteCount(journal.prunedBytes)}`],
      ["tenures that ended by an error", describeFailures(failures)],
      ["offsets not committed for display", grouped(journal.notCommitted)],
      [
        "processes that ended by themselves",
        `${journal.ends.length}; of the usual way ${journal.usualEnds.length}`,
      ],
    ]),
    "",
    "## Strikes",
    "",
    "Recovery is the time from the strike until every partition that the struck process held was sealed",
    `again. A process that is killed or stopped is missed after the session time-out, ${seconds(sessionTimeoutMs)}.`,
    "If its replacement is struck too, the time begins there, and others may have most of it already. A",
    "process that has just been woken up may hold no partition any more when it is struck again.",
    "",
    ...(times.length === 0
      ? ["No strike."]
      : [
          `Median ${seconds(median(times))}, longest ${seconds(Math.max(...times))}.`,
          "",
          ...table([
            ["#", "record", "strike", "who", "partitions", "recovery", "woken up"],
            ...struck.map((one, index) => rowOf(one, index)),
          ]),
        ]),
    "",
  ].join("\n");
}

function rowOf({ strike, who, partitions, recoveryMs, refusal }: Struck, index: number): string[] {
  return [
    String(index + 1),
    grouped(strike.record),
    nameOf(strike),
    who,
    String(partitions.length),
    seconds(recoveryMs),
    strike.type === "pause" ? (refusal === undefined ? "NOT REFUSED" : `refused, ${refusal.code}`) : "",
  ];
}

/** Of our own way the sequences are compared whole: if all are equal, nothing is lost, doubled or wrong. */
function countOf(checks: readonly Check[], _: string, whenEqual = 0): string {
  return checks.every(({ differences }) => differences.length === 0) ? grouped(whenEqual) : "see above";
}

function describeFailures(failures: ReadonlyMap<string, number>): string {
  return [...failures].map(([code, count]) => `${code} ${count}`).join(", ") || "none";
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(3, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const lineOf = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return rows.flatMap((row, index) => (index === 0 ? [lineOf(row), rule] : [lineOf(row)]));
}

import { expect, test } from "vitest";
import type { ExpectedStatistic } from "../src/expected.ts";
import { emptyJournal } from "../src/journal.ts";
import type { Journal, Recovery } from "../src/journal.ts";
import type { Struck } from "../src/messages.ts";
import type { ReleasedFile } from "../src/result.ts";
import { nameOf } from "../src/sink.ts";
import type { Origin } from "../src/sink.ts";
import { ofDelay } from "../src/statistics.ts";
import type { Statistics } from "../src/statistics.ts";
import { killPoints } from "../src/strike-plan.ts";
import type { Point, Strike } from "../src/strike-plan.ts";
import {
  checkDeposed,
  checkEnds,
  checkRanges,
  checkRecoveries,
  checkRows,
  checkStatistics,
  checkStrikes,
} from "../src/checks.ts";

const one: ExpectedStatistic = { count: 1n, sum: 5n, sumOfSquares: 25n, min: 5n, max: 5n };
const expected = new Map([
  ["SEA", one],
  ["SEA-LAX", one],
]);
const statistics: Statistics = new Map([
  ["SEA", ofDelay(5)],
  ["SEA-LAX", ofDelay(5)],
]);

function file(origin: Partial<Origin>, rows: Statistics = new Map()): ReleasedFile {
  const whole = { from: 0, to: 500, epoch: 0, version: 1, worker: 0, ...origin };
  return { name: nameOf(whole), origin: whole, rows };
}

const rows: Statistics = new Map([["SEA-LAX", ofDelay(5)]]);

test("equal statistics are equal", () => {
  expect(checkStatistics(expected, statistics).differences).toEqual([]);
});

test("a digit that differs, a key that is missing and a key that is too much are reported", () => {
  const changed = new Map([...statistics, ["SEA", { ...ofDelay(5), sum: 6 }] as const]);

  expect(checkStatistics(expected, changed).differences).toEqual(["SEA: the sum is 6, not 5"]);
  expect(checkStatistics(expected, rows).differences).toEqual(["SEA is missing"]);
  expect(checkStatistics(expected, new Map([...statistics, ["XXX", ofDelay(1)]])).differences).toEqual([
    "XXX is not in the file",
  ]);
});

test("rows that were released once are equal", () => {
  expect(checkRows(expected, [file({}, rows), file({ worker: 1 })]).differences).toEqual([]);
});

test("a file that was released twice, under the names of two attempts, is reported by sums and by range", () => {
  const twice = [file({}, rows), file({ version: 2, epoch: 1 }, rows)];

  expect(checkRows(expected, twice).differences).toContain("SEA-LAX: the count is 2, not 1");
  expect(checkRanges(twice, 500, 1).differences).toEqual([
    "worker 0: rows 0 to 500 came again in rows-00000000-00000500.epoch-1.version-2.worker-0.csv",
  ]);
});

test("a file that was lost is reported by sums and by range", () => {
  expect(checkRows(expected, []).differences).toEqual(["SEA-LAX is missing"]);
  expect(checkRanges([file({ from: 500, to: 1000 })], 1000, 1).differences).toEqual([
    "worker 0: rows 0 to 500 were never released",
  ]);
  expect(checkRanges([file({ from: 0, to: 500 })], 1000, 1).differences).toEqual([
    "worker 0: rows end at 500, not at 1000",
  ]);
  expect(checkRanges([file({})], 500, 2).differences).toEqual(["worker 1: rows end at 0, not at 500"]);
});

test("a file that is not from the job is reported", () => {
  const foreign = { name: "rows.csv", origin: undefined, rows: new Map() };

  expect(checkRanges([file({}), foreign], 500, 1).differences).toEqual(["rows.csv is not from this job"]);
});

function struck(point: Point, action: Strike["action"] = "kill"): Struck {
  return {
    type: "struck",
    strike: { action, point, victim: "leader", record: 0, request: 1 },
    epoch: 8,
    to: 4500,
  };
}

function recovery(point: Point, base: number | undefined): Recovery {
  const cause = { type: "killed" as const, struck: struck(point) };
  return { cause, version: 2, sealedBefore: 7, base, nextRow: 4000, milliseconds: 1 };
}

function journalOf(part: Partial<Journal>): Journal {
  return { ...emptyJournal(), ...part };
}

test.each<[Point, readonly (number | undefined)[], readonly (number | undefined)[]]>([
  ["in the middle of a partial", [7], [8, 6, undefined]],
  ["receipt sent", [7, 8], [6, undefined]],
  ["before _COMMIT", [7], [8, 6, undefined]],
  ["after _COMMIT", [8], [7, undefined]],
  ["sealed, not released", [8], [7, undefined]],
  ["in the middle of a prune", [8], [7, undefined]],
])("after a crash %s the job goes on from the one epoch that it must", (point, right, wrong) => {
  const differences = (base: number | undefined): readonly string[] =>
    checkRecoveries(journalOf({ recoveries: [recovery(point, base)] })).differences;

  expect(right.flatMap(differences)).toEqual([]);
  expect(wrong.flatMap(differences)).toHaveLength(wrong.length);
});

test("a point that nobody was killed at is reported", () => {
  const plan = killPoints.map((point) => struck(point).strike);
  const all = killPoints.map((point) => recovery(point, 7));

  expect(checkStrikes(plan, journalOf({ recoveries: all })).differences).toEqual([]);
  expect(checkStrikes(plan, journalOf({ recoveries: all.slice(1) })).differences).toEqual([
    "nobody was killed in the middle of a partial",
    "6 were planned, 5 happened",
  ]);
});

function end(cause: Recovery["cause"]): Recovery {
  return { ...recovery("receipt sent", 7), cause };
}

test("an end that nobody brought about is reported, unless the store or somebody's signal explains it", () => {
  const gaveUp = { type: "gave up" as const, sealed: "unknown" as const, message: "no" };
  const recoveries = [
    end({ type: "died", who: "worker 0", how: "exit code 1" }),
    end({ type: "died", who: "worker 0", how: "SIGKILL" }),
    end({ ...gaveUp, code: "StaleVersion" }),
    end({ ...gaveUp, code: "OutcomeUnknown" }),
  ];

  expect(checkEnds(journalOf({ recoveries })).differences).toEqual([
    "worker 0 died of itself: exit code 1",
    "the leader gave up: StaleVersion, sealed: unknown: no",
  ]);
});

const pause = struck("before _COMMIT", "pause");
const refused = {
  version: 4,
  struck: pause,
  end: { type: "gave up" as const, code: "EpochAborted" as const, sealed: "no" as const, message: "void" },
};

test("a deposed leader that is refused and releases nothing is as it should be", () => {
  const journal = journalOf({ deposed: [refused] });

  expect(checkDeposed([pause.strike], journal, [file({ version: 5, epoch: 9 })]).differences).toEqual([]);
});

test("a leader that was slow is no pause that came back, and is refused as well", () => {
  const slow = { ...refused, version: 3, struck: undefined };
  expect(checkDeposed([pause.strike], journalOf({ deposed: [slow, refused] }), []).differences).toEqual([]);
  expect(checkDeposed([pause.strike], journalOf({ deposed: [slow] }), []).differences).toEqual([
    "1 were to be paused, 0 came back",
  ]);
  expect(
    checkDeposed([], journalOf({ deposed: [{ ...slow, end: { type: "finished" } }] }), []).differences,
  ).toEqual(["version 3 was not refused"]);
});

test("a deposed leader that is not refused, seals, releases or never comes back is reported", () => {
  const plan = [pause.strike];
  const finished = { ...refused, end: { type: "finished" as const } };

  expect(checkDeposed(plan, journalOf({ deposed: [finished] }), []).differences).toEqual([
    "version 4 was not refused",
  ]);
  expect(checkDeposed(plan, journalOf({ deposed: [refused], usurped: [8] }), []).differences).toEqual([
    "epoch 8 was sealed by a leader that was deposed",
  ]);
  expect(
    checkDeposed(plan, journalOf({ deposed: [refused] }), [file({ version: 4, epoch: 8 })]).differences,
  ).toEqual([
    "rows-00000000-00000500.epoch-8.version-4.worker-0.csv was released, though its epoch was refused",
  ]);
  expect(checkDeposed(plan, journalOf({}), []).differences).toEqual(["1 were to be paused, 0 came back"]);
});

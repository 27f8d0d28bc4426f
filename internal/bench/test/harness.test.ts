import { describe, expect, test } from "vitest";
import {
  busyTicks,
  othersOf,
  ownTicks,
  parseProcess,
  ratioOf,
  type Row,
  runRow,
  type Side,
  type SideOf,
  spreadOf,
} from "../src/peers/harness.ts";
import { tableOf } from "../src/peers/table.ts";

const columns = { us: "us a call" };

function sideOf(name: string, log: string[], values: readonly number[]): SideOf {
  let at = 0;
  const side: Side = {
    run: async () => {
      log.push(name);
      at += 1;
      return { us: values[at - 1] ?? Number.NaN };
    },
    end: async () => void log.push(`end ${name}`),
  };
  return {
    name,
    start: async () => {
      log.push(`start ${name}`);
      return side;
    },
  };
}

const absent: SideOf = { name: "absent", start: async () => ({ skip: "is not there" }) };

function rowOf(sides: readonly SideOf[], more: Partial<Row> = {}): Row {
  return { id: "row", title: "a row", columns, sides, ...more };
}

describe("runRow", () => {
  test("starts each side once, runs them in turns that another one begins, and ends them", async () => {
    const log: string[] = [];
    await runRow(rowOf([sideOf("a", log, []), sideOf("b", log, [])]), 3);
    expect(log).toEqual(["start a", "start b", "a", "b", "b", "a", "a", "b", "end a", "end b"]);
  });

  test("starts a fresh side for each run, and ends it before the next one begins", async () => {
    const log: string[] = [];
    await runRow(rowOf([sideOf("a", log, [])], { isFresh: true }), 2);
    expect(log).toEqual(["start a", "a", "end a", "start a", "a", "end a"]);
  });

  test("leaves out a side that says why, and runs the others", async () => {
    const { sides } = await runRow(rowOf([sideOf("a", [], [1, 2]), absent]), 2);
    expect(sides).toEqual([
      { name: "a", figures: { us: [1, 2] } },
      { name: "absent", figures: {}, skip: "is not there" },
    ]);
  });

  test("runs a row that takes long in fewer rounds", async () => {
    const { sides } = await runRow(rowOf([sideOf("a", [], [1, 2, 3])], { maxRounds: 2 }), 3);
    expect(sides[0]?.figures).toEqual({ us: [1, 2] });
  });

  test("ends the sides that it has started if one fails", async () => {
    const log: string[] = [];
    const failing: SideOf = { name: "b", start: () => Promise.reject(new Error("no")) };
    await expect(runRow(rowOf([sideOf("a", log, []), failing]), 1)).rejects.toThrow("no");
    expect(log).toEqual(["start a", "end a"]);
  });
});

describe("spreads", () => {
  test("are a median and quartiles, between two values in proportion", () => {
    expect(spreadOf([4, 1, 3, 2])).toEqual({ median: 2.5, lower: 1.75, upper: 3.25 });
  });

  test("of ratios are of two values of the same round", () => {
    expect(ratioOf([10, 40, 90], [10, 20, 30])).toEqual({ median: 2, lower: 1.5, upper: 2.5 });
  });
});

describe("what else ran", () => {
  test("is what the machine used, less this process and its descendants", () => {
    expect(othersOf({ all: 1_000, own: 100, cpus: 2 }, { all: 1_400, own: 200, cpus: 2 }, 2)).toBe(1.5);
  });

  test("counts all but idle and waiting", () => {
    expect(busyTicks("cpu  1 2 4 1000 1000 8 16 32 64 128\ncpu0 9 9 9 9\n")).toBe(1 + 2 + 4 + 8 + 16 + 32);
  });

  test("reads a process whose name has a parenthesis: its own ticks and those of children that ended", () => {
    const stat = "7 (a) b) S 3 7 7 0 -1 0 0 0 0 0 100 20 3 4 20 0 1 0";
    expect(parseProcess(stat)).toEqual({ parent: 3, ticks: 127 });
  });

  test("counts children of children, and nobody else's", () => {
    const processes = new Map([
      [1, { parent: 0, ticks: 1 }],
      [2, { parent: 1, ticks: 10 }],
      [3, { parent: 2, ticks: 100 }],
      [4, { parent: 0, ticks: 1_000 }],
    ]);
    expect(ownTicks(1, processes)).toBe(111);
  });
});

test("a table has medians, ratios with quartiles, those of an earlier run, and why a side is missing", () => {
  const row = rowOf([], { notes: () => ["they differ"] });
  const load = { average: 3.21, others: 0.5, cpus: 2 };
  const sides = [
    { name: "ours", figures: { us: [200, 400] } },
    { name: "peer", figures: { us: [100, 100] } },
    { name: "absent", figures: {}, skip: "is not there" },
  ];
  const earlier = {
    id: "row",
    load: undefined,
    sides: [
      { name: "ours", figures: { us: [150] } },
      { name: "peer", figures: { us: [100] } },
    ],
  };
  expect(tableOf(row, { id: "row", sides, load }, earlier).split("\n")).toEqual([
    "a row",
    `${" ".repeat(25)}us a call`,
    `  ours${" ".repeat(24)}300`,
    `  peer${" ".repeat(24)}100  3.00 (2.50-3.50) was 1.50`,
    `  absent${" ".repeat(17)}skipped: is not there`,
    "  (they differ)",
    "  (2 rounds; others used 0.50 of 2 CPUs, load average 3.2)",
    "",
  ]);
});

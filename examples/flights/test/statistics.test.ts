import { expect, test } from "vitest";
import { add, decode, encode, ofDelay } from "../src/statistics.ts";
import type { Statistics } from "../src/statistics.ts";

function statisticsOf(...delays: readonly (readonly [string, number])[]): Statistics {
  const statistics: Statistics = new Map();
  for (const [key, delay] of delays) add(statistics, key, ofDelay(delay));
  return statistics;
}

test("flights are counted, summed, squared, and their extremes kept", () => {
  const statistics = statisticsOf(["SEA", 5], ["SEA", -12], ["SEA", 90]);

  expect(statistics.get("SEA")).toEqual({ count: 3, sum: 83, sumOfSquares: 8269, min: -12, max: 90 });
});

test("a sum of sums is the sum of all", () => {
  const whole = statisticsOf(["SEA", 5], ["SEA", -12], ["SEA", 90], ["SEA", 0]);
  const sums = statisticsOf(["SEA", 5], ["SEA", -12]);
  for (const [key, statistic] of statisticsOf(["SEA", 90], ["SEA", 0])) add(sums, key, statistic);

  expect(sums).toEqual(whole);
});

test("what is encoded reads back", () => {
  const statistics = statisticsOf(["SEA", 5], ["SEA-LAX", -1116], ["LAX", 1688]);

  expect(decode(encode(statistics))).toEqual(statistics);
  expect(decode(encode(new Map()))).toEqual(new Map());
});

test("the same statistics are the same bytes, whatever order they came about in", () => {
  const forth = statisticsOf(["SEA", 5], ["LAX", 7], ["SEA-LAX", 5]);
  const back = statisticsOf(["SEA-LAX", 5], ["LAX", 7], ["SEA", 5]);

  expect(encode(forth)).toBe(encode(back));
});

test.each([
  ["a field is missing", "SEA,1,2,3,4\n"],
  ["a number is none", "SEA,1,x,3,4,5\n"],
  ["a key comes twice", "SEA,1,2,4,2,2\nSEA,1,2,4,2,2\n"],
  ["a line is empty", "\n"],
])("damaged text is refused: %s", (_, text) => {
  expect(() => decode(text)).toThrow("not a line of statistics");
});

import { expect, test } from "vitest";
import { allPoints } from "../src/points.ts";
import { pausePoints, planStrikes, strikesOfACycle } from "../src/strike-plan.ts";

const options = { seed: 7, strikes: 20, records: 40_000, workers: 2, withBroker: true };

test("the same seed gives the same plan, another seed another", () => {
  expect(planStrikes(options)).toEqual(planStrikes(options));
  expect(planStrikes({ ...options, seed: 8 })).not.toEqual(planStrikes(options));
});

test.each([0, 1, 2, 3, 4])("seed %i kills at every point within 20 strikes, and pauses at four", (seed) => {
  const plan = planStrikes({ ...options, seed });

  const kills = plan.filter((strike) => strike.type === "kill");
  const pauses = plan.filter((strike) => strike.type === "pause");
  expect(new Set(kills.flatMap(({ point, successor }) => [point, successor ?? point]))).toEqual(
    new Set(allPoints),
  );
  expect(new Set(pauses.map(({ point }) => point))).toEqual(new Set(pausePoints));
});

test("a worker is added before it is removed, however long the plan", () => {
  const types = planStrikes({ ...options, strikes: 150 }).map(({ type }) => type);

  const rebalances = types.filter((type) => type === "add" || type === "remove");
  expect(rebalances.length).toBeGreaterThan(10);
  expect(rebalances.every((type, index) => type === (index % 2 === 0 ? "add" : "remove"))).toBe(true);
});

test("strikes come in the order of the records, and leave the end in peace", () => {
  const records = planStrikes(options).map(({ record }) => record);

  expect(records).toEqual(records.toSorted((a, b) => a - b));
  expect(records.every((record) => record >= 0 && record < (20 / 21) * 40_000)).toBe(true);
});

test("a cluster of somebody else's is not struck", () => {
  const types = planStrikes({ ...options, withBroker: false }).map(({ type }) => type);

  expect(types).not.toContain("kill the broker");
  expect(types).not.toContain("restart the broker");
  expect(strikesOfACycle(false)).toBe(strikesOfACycle(true) - 2);
});

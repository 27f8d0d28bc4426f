import { expect, test } from "vitest";
import { killPoints, pausePoints, planStrikes } from "../src/strike-plan.ts";

const options = { seed: 7, kills: 12, records: 3_000_000, workers: 2 };

test("the same seed gives the same plan, another seed another", () => {
  expect(planStrikes(options)).toEqual(planStrikes(options));
  expect(planStrikes({ ...options, seed: 8 })).not.toEqual(planStrikes(options));
});

test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])(
  "seed %i hits every point, with the kills that were asked for",
  (seed) => {
    const plan = planStrikes({ ...options, seed });

    const kills = plan.filter(({ action }) => action === "kill");
    const pauses = plan.filter(({ action }) => action === "pause");
    expect(kills).toHaveLength(12);
    expect(new Set(kills.map(({ point }) => point))).toEqual(new Set(killPoints));
    expect(new Set(pauses.map(({ point }) => point))).toEqual(new Set(pausePoints));
  },
);

test("the fewest kills hit every point once", () => {
  const plan = planStrikes({ ...options, kills: killPoints.length });

  expect(
    plan
      .filter(({ action }) => action === "kill")
      .map(({ point }) => point)
      .toSorted(),
  ).toEqual([...killPoints].toSorted());
});

test("strikes come in the order of the input, and leave its end in peace", () => {
  const records = planStrikes(options).map(({ record }) => record);

  expect(records).toEqual(records.toSorted((a, b) => a - b));
  expect(records.every((record) => record >= 0 && record < (15 / 16) * 3_000_000)).toBe(true);
});

test("workers are struck at what workers do, leaders at what leaders do", () => {
  const plan = planStrikes({ ...options, kills: 60, workers: 3 });

  const ofWorkers = plan.filter(({ victim }) => victim !== "leader");
  expect(new Set(ofWorkers.map(({ point }) => point))).toEqual(
    new Set(["in the middle of a partial", "receipt sent"]),
  );
  expect(new Set(ofWorkers.map(({ victim }) => victim))).toEqual(new Set([0, 1, 2]));
});

test("no kills is no chaos at all", () => {
  expect(planStrikes({ ...options, kills: 0 })).toEqual([]);
});

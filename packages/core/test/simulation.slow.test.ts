/**
 * Random schedules of the real code, judged by what its store went through.
 *
 * `SIMULATION_SEED` and `SIMULATION_RUNS` choose others than those of every run. `pnpm simulate --seed <seed> --trace`
 * runs one schedule again.
 */
import { expect, test } from "vitest";
import { ObjectStoreBackend } from "../src/backend.ts";
import { installRepeatableGlobals } from "./simulation/repeatable-globals.ts";
import { runSchedule } from "./simulation/schedule.ts";
import { everyCode, runMany } from "./simulation/series.ts";
import { everyTrait } from "./simulation/traits.ts";

const first = Number(process.env["SIMULATION_SEED"] ?? 1);
const runs = Number(process.env["SIMULATION_RUNS"] ?? 5000);
const open = ObjectStoreBackend.open.bind(ObjectStoreBackend);

installRepeatableGlobals();

test(
  `every invariant holds in ${runs} random schedules, which reach every code and have every trait`,
  { timeout: 600_000 },
  async () => {
    const { violation, codes, traits } = await runMany({ first, runs, open });
    expect(violation?.text).toBeUndefined();
    expect([...codes].toSorted()).toEqual([...everyCode].toSorted());
    expect([...traits.keys()].toSorted()).toEqual([...everyTrait].toSorted());
  },
);

test.each([3, 77, 1234])("seed %i gives the same schedule twice", async (seed) => {
  const once = await runSchedule(seed, { open, trace: true });
  const twice = await runSchedule(seed, { open, trace: true });
  expect(once.trace.length).toBeGreaterThan(50);
  expect(twice).toEqual(once);
});

test("different seeds give different schedules", async () => {
  const one = await runSchedule(1, { open, trace: true });
  const other = await runSchedule(2, { open, trace: true });
  expect(other.trace).not.toEqual(one.trace);
});

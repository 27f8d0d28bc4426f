/**
 * Runs schedules beyond those of the tests, or one of them again.
 *
 * `pnpm simulate --seed 1 --runs 100000` or `pnpm simulate --seed 4711 --trace`
 */
import { parseArgs } from "node:util";
import { ObjectStoreBackend } from "../../src/backend.ts";
import { runMany } from "./series.ts";
import { runSchedule } from "./schedule.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    runs: { type: "string", default: "1" },
    trace: { type: "boolean", default: false },
  },
});
const open = ObjectStoreBackend.open.bind(ObjectStoreBackend);
const seed = Number(values.seed);
const started = performance.now();
const { violation, ...series } = await runMany({ first: seed, runs: Number(values.runs), open });
const seconds = ((performance.now() - started) / 1000).toFixed(1);
process.stdout.write(
  `${series.runs} schedules, ${series.events} events, ${seconds} s\n${[...series.codes].toSorted().join(" ")}\n`,
);
if (values.trace) {
  const { trace } = await runSchedule(seed, { open, trace: true });
  process.stdout.write(`${trace.join("\n")}\n`);
}
if (violation !== undefined) {
  process.stdout.write(`${violation}\n`);
  process.exitCode = 1;
}

/**
 * Runs schedules beyond those of the tests on every core, or one of them again.
 *
 * `pnpm simulate --seed 1 --schedules 100000` or `pnpm simulate --seed 4711 --trace`
 */
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { ObjectStoreBackend } from "../../src/backend.ts";
import { installRepeatableGlobals } from "./repeatable-globals.ts";
import { runSchedule } from "./schedule.ts";
import { joined, noSeries, type Series } from "./series.ts";

/** How many schedules a thread runs before it says what they came to. */
const schedulesAtATime = 50;
const progressMs = 10_000;

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    schedules: { type: "string", default: "1" },
    trace: { type: "boolean", default: false },
  },
});
const first = natural("seed", values.seed);
const schedules = natural("schedules", values.schedules);
const isBroken = values.trace ? await runTraced(first) : await runAll();
if (isBroken) process.exitCode = 1;

async function runTraced(seed: number): Promise<boolean> {
  installRepeatableGlobals();
  const open = ObjectStoreBackend.open.bind(ObjectStoreBackend);
  const { trace, violations, events } = await runSchedule(seed, { open, trace: true });
  print(...trace, `schedule ${seed}: ${events} events`, ...violations);
  return violations.length > 0;
}

async function runAll(): Promise<boolean> {
  const started = performance.now();
  let sum: Series = noSeries;
  const seconds = (): number => (performance.now() - started) / 1000;
  const progress = setInterval(() => {
    const rate = (sum.runs / seconds()).toFixed(0);
    print(`${sum.runs} of ${schedules} schedules, ${rate} a second, ${seconds().toFixed(0)} s`);
  }, progressMs);
  let next = first;
  // After a violation no more are begun. Those under way are ended: one of a lower seed may break something too.
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL("worker.ts", import.meta.url));
    while (next < first + schedules && sum.violation === undefined) {
      const runs = Math.min(schedulesAtATime, first + schedules - next);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      worker.postMessage({ first: next, runs });
      next += runs;
      const [series] = (await once(worker, "message")) as [Series];
      sum = joined(sum, series);
    }
    await worker.terminate();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  clearInterval(progress);
  const { runs, events, violation, traits, codes } = sum;
  print(
    `${runs} schedules from seed ${first} on, ${events} events, ${seconds().toFixed(1)} s`,
    ...Array.from(traits, ([trait, count]) => `  with ${trait}: ${count}`).toSorted(),
    `codes: ${[...codes].toSorted().join(" ")}`,
    violation?.text ?? "no invariant was broken",
  );
  return violation !== undefined;
}

function natural(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new RangeError(`--${name} must be 1 or more, not ${text}`);
  return number;
}

function print(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}

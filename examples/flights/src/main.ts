import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { planChaos } from "./chaos.ts";
import type { Strike } from "./chaos.ts";
import { flightsFile } from "./flights.ts";
import { absolute } from "./folder.ts";
import type { Journal } from "./journal.ts";
import { describeRun } from "./news.ts";
import { parseOptions, usage } from "./options.ts";
import type { Options } from "./options.ts";
import { Progress } from "./progress.ts";
import { summary } from "./report.ts";
import { readReleased, readStatistics } from "./result.ts";
import { Sink } from "./sink.ts";
import { Supervisor } from "./supervisor.ts";
import { readTruth } from "./truth.ts";
import { UsageError } from "./usage-error.ts";
import {
  checkDeposed,
  checkEnds,
  checkRanges,
  checkRecoveries,
  checkRows,
  checkStatistics,
  checkStrikes,
} from "./verdict.ts";
import type { Check } from "./verdict.ts";

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(args);
    if (options === "help") {
      process.stdout.write(usage);
      return 0;
    }
    const folder = await mkdtemp(join(tmpdir(), "flights-"));
    try {
      return await run(
        options,
        options.store ?? `fs:${join(folder, "state")}`,
        absolute(options.out ?? join(folder, "rows")),
      );
    } finally {
      if (options.keep) process.stdout.write(`kept: ${folder}\n`);
      else await rm(folder, { recursive: true });
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\nTry --help.\n`);
    return 2;
  }
}

async function run(options: Options, store: string, out: string): Promise<number> {
  const { records, barrier, workers, kills, seed } = options;
  const sink = new Sink(out);
  await sink.open();
  const filled = [...(await readdir(sink.staged)), ...(await readdir(sink.released))].length > 0;
  if (filled || (await readStatistics(store)) !== undefined) {
    throw new UsageError(`${filled ? out : store} has another run in it: choose an empty folder`);
  }

  const plan = planChaos({ seed, kills, records, workers });
  const progress = new Progress(records);
  const supervisor = new Supervisor({ records, barrier, workers, store, out }, plan, progress);
  let interrupted = false;
  const interrupt = (): void => {
    interrupted = true;
    void supervisor.stop();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, interrupt);

  progress.line(describeRun(options, store, out));
  const start = performance.now();
  try {
    await supervisor.run();
  } finally {
    await supervisor.stop();
    progress.clear();
  }
  const milliseconds = performance.now() - start;
  const checks = interrupted ? [] : await check(options, plan, supervisor.journal, store, sink);
  if (interrupted) return 130;
  const equal = checks.every(({ differences }) => differences.length === 0);
  process.stdout.write(`\n${summary(supervisor.journal, checks, milliseconds)}\n\n`);
  process.stdout.write(
    equal
      ? "Everything is equal: no flight was lost, none was counted twice.\n"
      : "Something differs: see above.\n",
  );
  return equal ? 0 : 1;
}

/** Holds what is in the store and in the output folder against a plain read of the input. */
async function check(
  { records, workers }: Options,
  plan: readonly Strike[],
  journal: Journal,
  store: string,
  sink: Sink,
): Promise<readonly Check[]> {
  const truth = await readTruth(flightsFile, records);
  const statistics = (await readStatistics(store)) ?? new Map();
  const released = await readReleased(sink);
  return [
    checkStatistics(truth, statistics),
    checkRows(truth, released),
    checkRanges(released, records, workers),
    checkEnds(journal),
    ...(plan.length === 0
      ? []
      : [checkStrikes(plan, journal), checkRecoveries(journal), checkDeposed(plan, journal, released)]),
  ];
}

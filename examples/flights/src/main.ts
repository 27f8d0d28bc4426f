/** The program: runs the job under a supervisor, then verifies what it has left. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeRun } from "./descriptions.ts";
import { parseOptions, usage } from "./options.ts";
import type { Options } from "./options.ts";
import { Progress } from "./progress.ts";
import { readStatistics } from "./result.ts";
import { Sink } from "./sink.ts";
import { planStrikes } from "./strike-plan.ts";
import { summary } from "./summary.ts";
import { Supervisor } from "./supervisor.ts";
import { UsageError } from "./usage-error.ts";
import { resolveUserPath } from "./user-path.ts";
import { verify } from "./verification.ts";

process.exitCode = await main(process.argv.slice(2));

/** Reads the command line and returns the exit code. */
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
        resolveUserPath(options.out ?? join(folder, "rows")),
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

/** Runs the job with its strikes, and prints whether the result is right. */
async function run(options: Options, store: string, out: string): Promise<number> {
  const { records, barrier, workers, kills, seed, patience } = options;
  const sink = new Sink(out);
  await sink.open();
  const filled = [...(await readdir(sink.staged)), ...(await readdir(sink.released))].length > 0;
  if (filled || (await readStatistics(store)) !== undefined) {
    throw new UsageError(`${filled ? out : store} has another run in it: choose an empty folder`);
  }

  const plan = planStrikes({ seed, kills, records, workers });
  const progress = new Progress(records);
  const supervisor = new Supervisor({ records, barrier, workers, store, out, patience }, plan, progress);
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
  const checks = interrupted ? [] : await verify(options, plan, supervisor.journal, store, sink);
  // A signal may also have come during the verification.
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

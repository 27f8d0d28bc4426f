/** The program: runs both ways under one plan of strikes, then verifies what they have left. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandFor, isInstalled, kafka, type KafkaServer, startKafka } from "@state/servers";
import { UsageError } from "flights/usage-error";
import { resolveUserPath } from "flights/user-path";
import { Chaos } from "./chaos.ts";
import { Cluster } from "./cluster.ts";
import { type Options, parseOptions, usage } from "./options.ts";
import { checkRun, formatReport } from "./run-report.ts";
import { nameOf } from "./strike-names.ts";
import { planStrikes } from "./strike-plan.ts";
import { judgeUsual, readExpected, verify } from "./verification.ts";

/** The least that Kafka allows by default is 6 s; the broker of this program allows less. */
const sessionTimeouts = { own: 3_000, given: 6_000 } as const;

process.exitCode = await main(process.argv.slice(2));

/** Reads the command line and returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(args);
    if (options === "help") {
      say(usage);
      return 0;
    }
    return await withFolder(options);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\nTry --help.\n`);
    return 2;
  }
}

async function withFolder(options: Options): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "kafka-example-"));
  try {
    return await withServer(options, folder);
  } finally {
    if (options.keep) say(`kept: ${folder}`);
    else await rm(folder, { recursive: true });
  }
}

async function withServer(options: Options, folder: string): Promise<number> {
  if (options.brokers !== undefined) return runOn(options, folder, options.brokers, undefined);
  if (!isInstalled(kafka))
    throw new UsageError(
      `Kafka is not there: \`${commandFor(kafka)}\` brings it, with Java 17 and Maven. --brokers HOST:PORT takes a cluster of yours.`,
    );
  const server = await startKafka();
  try {
    return await runOn(options, folder, [server.bootstrapServer], server);
  } finally {
    await server.stop();
  }
}

async function runOn(
  options: Options,
  folder: string,
  brokers: readonly string[],
  server: KafkaServer | undefined,
): Promise<number> {
  const cluster = new Cluster(brokers);
  await cluster.create();
  try {
    return await run(options, folder, cluster, server);
  } finally {
    if (server === undefined) await cluster.delete();
  }
}

async function run(
  options: Options,
  folder: string,
  cluster: Cluster,
  server: KafkaServer | undefined,
): Promise<number> {
  const withBroker = server !== undefined;
  const sessionTimeoutMs = withBroker ? sessionTimeouts.own : sessionTimeouts.given;
  const plan = planStrikes({ ...options, withBroker });
  const places = {
    store: options.store ?? `fs:${join(folder, "state")}`,
    files: join(folder, "files"),
    usualStore: join(folder, "usual"),
  };
  const scratch = join(folder, "scratch");
  await mkdir(scratch);
  say(
    `${plan.length} strikes, seed ${options.seed}, ${options.workers} processes of each way, session time-out ${sessionTimeoutMs / 1_000} s\n` +
      `brokers: ${cluster.brokers.join(", ")}${withBroker ? "" : ", which are not struck"}\nstate: ${places.store}\n`,
  );
  const start = performance.now();
  const chaos = new Chaos({
    ...places,
    scratch,
    options,
    cluster,
    server,
    sessionTimeoutMs,
    say,
    onStruck: ({ struck }) => {
      const last = struck.at(-1);
      if (last === undefined) return;
      say(
        `✗ ${struck.length}: ${nameOf(last.strike)}: ${last.who}, ${last.partitions.length} partitions; sealed again after ${(last.recoveryMs / 1_000).toFixed(2)} s`,
      );
    },
  });
  let interrupted = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => {
      interrupted = true;
      chaos.interrupt();
    });
  try {
    await chaos.run(plan);
  } catch (error) {
    if (!interrupted) throw error;
    return 130;
  } finally {
    await chaos.end();
  }
  const expected = await readExpected(cluster);
  const { journal } = chaos;
  const checks = [...(await verify(cluster, expected, places)), ...checkRun({ plan, withBroker, journal })];
  const usual = await judgeUsual(cluster, expected, places);
  const milliseconds = performance.now() - start;
  const text = formatReport({
    options,
    plan,
    withBroker,
    sessionTimeoutMs,
    journal,
    checks,
    usual,
    milliseconds,
  });
  if (options.report !== undefined) await writeFile(resolveUserPath(options.report), text);
  const isEqual = checks.every(({ differences }) => differences.length === 0);
  say(`\n${text}`);
  say(
    isEqual
      ? "Everything is equal: nothing was lost, nothing is there twice."
      : "Something differs: see above.",
  );
  return isEqual ? 0 : 1;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

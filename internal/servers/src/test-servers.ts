/**
 * `pnpm test:servers`: runs the suites, the faults, several processes at once and restarts on real servers, which it
 * starts and ends; and the example on Kafka and on NATS.
 * With `--all` on memory-s3 and moto too, the flights job on each server, every command of `state`, and restarts of Kafka
 * and NATS. The suites on Azurite are part of `pnpm test:long`.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createContainer, startAzurite } from "./azurite.ts";
import { createGcsBucket, startFakeGcsServer } from "./fake-gcs-server.ts";
import {
  commandFor,
  fakeGcsServer,
  type InstalledServer,
  isInstalled,
  kafka,
  memoryS3,
  minio,
  moto,
  nats,
} from "./installed.ts";
import { startKafka } from "./kafka.ts";
import { startMemoryS3 } from "./memory-s3.ts";
import { createBucket, type S3Server, startMinio } from "./minio.ts";
import { startMoto } from "./moto.ts";
import type { Server } from "./server.ts";

type Environment = Readonly<Record<string, string>>;

/** A server that runs, and the variables that tell the tests about it. */
interface Running {
  readonly server: Server;
  readonly env: Environment;
  readonly suites: readonly string[];
  /** The `--store` of the flights job; left out, the job does not run on this server. */
  readonly store?: string;
}

interface TestedServer {
  readonly name: string;
  /** What has to be installed first; Azurite comes with npm. */
  readonly needs?: InstalledServer;
  start(): Promise<Running>;
}

const root = resolve(import.meta.dirname, "../../..");
const vitest = resolve(root, "node_modules/vitest/vitest.mjs");
const bucket = "state-tests";
const all = process.argv.includes("--all");

const tested: readonly TestedServer[] = [
  {
    name: "MinIO",
    needs: minio,
    async start() {
      const server = await startMinio();
      const query = `?endpoint=${server.endpoint}&region=${server.region}`;
      return { ...(await runningS3(server)), store: `s3://${bucket}/flights${query}` };
    },
  },
  {
    name: "fake-gcs-server",
    needs: fakeGcsServer,
    async start() {
      const server = await startFakeGcsServer();
      await createGcsBucket(server.endpoint, bucket);
      const query = `?endpoint=${server.endpoint}`;
      return {
        server,
        env: { STATE_TEST_GCS: `gs://${bucket}/tests${query}` },
        suites: ["packages/gcs/test/suites.long.test.ts"],
        store: `gs://${bucket}/flights${query}`,
      };
    },
  },
  {
    name: "Azurite",
    async start() {
      const server = await startAzurite();
      await createContainer(server, bucket);
      return {
        server,
        env: { AZURE_STORAGE_CONNECTION_STRING: server.connectionString },
        // `pnpm test:long` has run them: Azurite is what it runs them on.
        suites: [],
        store: `azure://${server.accountName}/${bucket}/flights`,
      };
    },
  },
];

async function runningS3(server: S3Server): Promise<Running> {
  await createBucket(server, bucket);
  return {
    server,
    env: {
      STATE_TEST_S3: `s3://${bucket}/tests?endpoint=${server.endpoint}&region=${server.region}`,
      AWS_ACCESS_KEY_ID: server.accessKeyId,
      AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
    },
    suites: ["packages/s3/test/suites.long.test.ts"],
  };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const children = new Set<ChildProcess>();
const servers: Server[] = [];
const failures: string[] = [];
let isInterrupted = false;

/** Runs Node on a file of the workspace, and notes a failure under the title. */
async function run(title: string, args: readonly string[], env: Environment): Promise<void> {
  if (isInterrupted) return;
  say(`\n== ${title}`);
  const started = performance.now();
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  children.add(child);
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  children.delete(child);
  const seconds = Math.round((performance.now() - started) / 1_000);
  say(`== ${title}: ${code === 0 ? "passed" : `failed (${signal ?? code})`} after ${seconds} s`);
  if (code !== 0) failures.push(title);
}

/** Whether it is installed; if not, notes as a failure the command that installs it. */
function isThere(server: InstalledServer): boolean {
  if (isInstalled(server)) return true;
  const failure = `${server.name} is not there: \`${commandFor(server)}\` brings it`;
  if (!failures.includes(failure)) failures.push(failure);
  return false;
}

/** Starts the server; if it is not installed, notes as a failure the command that installs it. */
async function start(each: TestedServer): Promise<Running | undefined> {
  if (each.needs !== undefined && !isThere(each.needs)) return undefined;
  const running = await each.start();
  servers.push(running.server);
  say(`${each.name}: responds on ${running.server.endpoint}`);
  return running;
}

/** Starts the servers empty: some emulators search all of their objects at every request. */
async function withServers(
  work: (running: readonly Running[], env: Environment) => Promise<void>,
): Promise<void> {
  const running: Running[] = [];
  for (const each of tested) {
    const one = await start(each);
    if (one !== undefined) running.push(one);
  }
  await work(running, Object.assign({}, ...running.map((each) => each.env)) as Environment);
  await stopAll();
}

async function stopAll(): Promise<void> {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
}

async function testAll(): Promise<void> {
  await withServers(async (running, env) => {
    const suites = running.flatMap((each) => each.suites);
    // Without a name vitest would run every test.
    if (suites.length > 0) await run("the suites", [vitest, "run", ...suites], env);
  });
  await withServers(async (_, env) => {
    await run(
      "the faults, the doubles against the servers, and jobs on a MinIO of their own, which is restarted",
      // The situations are the stores' own: no server makes them.
      [
        vitest,
        "run",
        "internal/faults/test/faults",
        "internal/faults/test/restart",
        "internal/drift",
        "internal/stress/test/rolling-restart",
      ],
      env,
    );
    await run(
      "400 responses of several processes on MinIO while fences and floors move, and 60 that open at once",
      [vitest, "run", "--no-file-parallelism", "internal/stress/test/s3"],
      env,
    );
  });
  if (isThere(kafka)) {
    const server = await startKafka();
    servers.push(server);
    await run("jobs by two clients on Kafka", [vitest, "run", "packages/kafka/test/broker"], {
      STATE_TEST_KAFKA: server.bootstrapServer,
    });
    await stopAll();
    const chaos = ["--conditions=@state/source", "--disable-warning=ExperimentalWarning"];
    await run(
      "state per partition on Kafka through 20 strikes, and the usual way beside it",
      [...chaos, "examples/kafka/src/main.ts", "--strikes", "20", "--seed", "7"],
      {},
    );
  }
  if (isThere(nats)) {
    await run(
      "the same job on NATS through 10 strikes",
      [
        "--conditions=@state/source",
        "--disable-warning=ExperimentalWarning",
        "examples/kafka/src/nats/main.ts",
      ],
      {},
    );
  }
  if (!all) return;
  await withServers(async (running, env) => {
    await flightsOn(
      running.flatMap(({ store }) => store ?? []),
      env,
    );
  });
  // They start brokers of their own. Of a broker that is not there, they are skipped by name, and it is a failure here.
  const brokers = [kafka, nats].filter(isThere);
  if (brokers.length > 0) {
    const names = brokers.map(({ name }) => name).join(" and ");
    await run(
      `records on ${names} through kills and restarts`,
      [vitest, "run", "internal/servers/test/brokers"],
      {},
    );
  }
  // It starts servers of its own.
  await run(
    "every command of `state` on MinIO, fake-gcs-server and Azurite",
    [vitest, "run", "internal/on-servers/test/commands"],
    {},
  );
  await testSuitesOn("memory-s3", memoryS3, () => startMemoryS3());
  // It starts a MinIO of its own too.
  await run("the IAM policy of the README on MinIO", [vitest, "run", "packages/s3/test/policy"], {});
  await testSuitesOn("moto", moto, startMoto);
}

/** The flights job, with kills. */
async function flightsOn(stores: readonly string[], env: Environment): Promise<void> {
  for (const store of stores) {
    const job = ["--conditions=@state/source", "examples/flights/src/main.ts", "--store", store];
    // The emulators take several times as long for a request as MinIO.
    const size = store.startsWith("s3:")
      ? ["--records", "300000", "--patience", "2000"]
      : ["--records", "150000", "--patience", "5000", "--kills", "6"];
    await run(`flights on ${store}`, [...job, ...size, "--barrier", "5000", "--seed", "7"], env);
  }
}

/** On a further service of S3, which the tests can be told of only one at a time. */
async function testSuitesOn(
  name: string,
  needs: InstalledServer,
  startServer: () => Promise<S3Server>,
): Promise<void> {
  const running = await start({ name, needs, start: async () => runningS3(await startServer()) });
  if (running !== undefined)
    await run(`the suites on ${name}`, [vitest, "run", ...running.suites], running.env);
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    isInterrupted = true;
    failures.push(`ended by ${signal}`);
    for (const child of children) child.kill(signal);
  });
}
try {
  await testAll();
} finally {
  await stopAll();
}
say(failures.length === 0 ? "\nAll passed on real servers." : `\nNot passed:\n  ${failures.join("\n  ")}`);
process.exitCode = failures.length === 0 ? 0 : 1;

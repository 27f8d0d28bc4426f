/**
 * What it costs to stream one large vnode into a store and back: the peak of the memory, and the speed beside that of the
 * same pieces written and read without a backend. Each row is one process, and so is what it is compared with. It runs
 * what `pnpm build` has made.
 * `node --conditions=@state/source internal/bench/src/stream.ts`; `--rows generated,fs,s3`, `--mebibytes 1024` for each,
 * and `--json` for a program to read. Exits with 1 if a peak reaches 200 MiB.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { createBucket, isInstalled, minio, startMinio } from "@state/servers";
import type { Place, RowName, StreamRun, Task } from "./stream-run.ts";

const mebibyte = 2 ** 20;
const peakLimit = 200;
/** A process that runs for minutes has 32 to 64 MiB for new objects unless it is told otherwise, whatever it needs. */
const nodeOptions = ["--max-semi-space-size=4"];
const defaultMebibytes = { generated: 20 * 1_024, fs: 4 * 1_024, s3: 4 * 1_024 };

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "generated,fs,s3" },
    mebibytes: { type: "string" },
    json: { type: "boolean", default: false },
  },
});

/** A row of the table: MiB a second. */
interface Row {
  readonly name: RowName;
  readonly mebibytes: number;
  readonly store: StreamRun;
  readonly raw: StreamRun;
}

/** With it, and with the packages as they are built, Node's compiler of TypeScript, which a job does not run, is not loaded. */
const compiled = await mkdtemp(join(tmpdir(), "state-compiled-"));
await execute({ row: "generated", side: "load", bytes: 0, place: { root: "" } });

const rows: Row[] = [];
const failures: string[] = [];
if (!values.json) process.stdout.write(head());
for (const name of values.rows.split(",")) {
  if (name !== "generated" && name !== "fs" && name !== "s3") throw new Error(`--rows has no ${name}`);
  const mebibytes = values.mebibytes === undefined ? defaultMebibytes[name] : Number(values.mebibytes);
  try {
    const raw = await run(name, "raw", mebibytes);
    const store = await run(name, "store", mebibytes);
    const row: Row = { name, mebibytes, store, raw };
    rows.push(row);
    if (!values.json) process.stdout.write(line(row));
    if (store.peakMebibytes >= peakLimit)
      failures.push(`${name}: a peak of ${store.peakMebibytes.toFixed(0)} MiB, not below ${peakLimit}`);
  } catch (error) {
    failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
await rm(compiled, { recursive: true });
if (values.json) process.stdout.write(JSON.stringify(rows));
for (const failure of failures) process.stderr.write(`${failure}\n`);
process.exitCode = failures.length === 0 ? 0 : 1;

/** Runs one side of a row in a process of its own, in an empty place, which is removed. */
async function run(row: RowName, side: "store" | "raw", mebibytes: number): Promise<StreamRun> {
  const { place, end } = await openPlace(row, mebibytes);
  try {
    return JSON.parse(await execute({ row, side, bytes: mebibytes * mebibyte, place })) as StreamRun;
  } finally {
    await end();
  }
}

async function execute(task: Task): Promise<string> {
  const args = [...nodeOptions, join(import.meta.dirname, "stream-run.ts"), JSON.stringify(task)];
  const env = { ...process.env, NODE_COMPILE_CACHE: compiled };
  return (await promisify(execFile)(process.execPath, args, { env })).stdout;
}

async function openPlace(
  row: RowName,
  mebibytes: number,
): Promise<{ readonly place: Place; readonly end: () => Promise<void> }> {
  if (row === "generated") return { place: { root: "" }, end: async () => undefined };
  await checkSpace(mebibytes);
  const root = await mkdtemp(join(tmpdir(), "state-stream-"));
  const remove = (): Promise<void> => rm(root, { recursive: true, force: true });
  if (row === "fs") return { place: { root }, end: remove };
  try {
    if (!isInstalled(minio)) throw new Error("MinIO is not there: `npx -y pnpm@12 servers` brings it");
    const server = await startMinio({ location: root });
    await createBucket(server, "stream");
    const end = async (): Promise<void> => {
      await server.stop();
      await remove();
    };
    const { endpoint, region, accessKeyId, secretAccessKey } = server;
    return { place: { root, s3: { endpoint, region, accessKeyId, secretAccessKey } }, end };
  } catch (error) {
    if (existsSync(root)) await remove();
    throw error;
  }
}

/** @throws `Error` if the disk would be full, or nearly */
async function checkSpace(mebibytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(tmpdir());
  const free = Math.floor((bavail * bsize) / mebibyte);
  const needed = mebibytes + 1_024;
  if (free < needed)
    throw new Error(`${tmpdir()} has ${free} MiB free, and ${needed} are needed: set TMPDIR to another disk`);
}

function head(): string {
  const heads = ["write MiB/s", "raw", "ratio", "read MiB/s", "raw", "ratio", "peak MiB", "raw"];
  return `${"".padEnd(22)}${heads.map((text) => text.padStart(width(text))).join("")}\n`;
}

function line({ name, mebibytes, store, raw }: Row): string {
  const speeds = (["writeSeconds", "readSeconds"] as const).flatMap((way) => [
    (mebibytes / store[way]).toFixed(0).padStart(12),
    (mebibytes / raw[way]).toFixed(0).padStart(7),
    (raw[way] / store[way]).toFixed(2).padStart(7),
  ]);
  const size = mebibytes >= 1_024 ? `${mebibytes / 1_024} GiB` : `${mebibytes} MiB`;
  const peak = store.peakMebibytes.toFixed(0).padStart(10) + raw.peakMebibytes.toFixed(0).padStart(7);
  return `${`${name}, ${size}`.padEnd(22)}${speeds.join("")}${peak}\n`;
}

function width(text: string): number {
  return text.length > 5 ? Math.max(10, text.length) + (text.endsWith("/s") ? 1 : 0) : 7;
}

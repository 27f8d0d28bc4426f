/**
 * What a create costs on a file system: 4 KiB bodies into one folder, and 64 KiB bodies into a folder each, as the vnodes of
 * a checkpoint are; 32 at once. Beside `FsStore`, on the same disk, loops of the system calls alone with the same guarantee,
 * none of which checks or shares anything:
 * `callbacks`: Node's calls with a callback, 32 at once;
 * `threads`: Node's synchronous calls, in as many threads as creates are at once.
 *
 * They take turns; a ratio is the median of the ratios of two times of the same round. It runs in processes of their own,
 * with libuv's default of four threads and with 16.
 * The files are made beneath the working directory: the system's temporary one is often in memory, where fsync does nothing.
 * `node --conditions=@state/source internal/bench/src/fs-create.ts --root /another/folder`
 */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { FsStore } from "../../../packages/fs/src/index.ts";

const atOnce = 32;
const rounds = 9;
const tmpfs = 0x01021994;

interface Shape {
  readonly title: string;
  readonly creates: number;
  readonly bytes: number;
  readonly fsync: boolean;
  readonly ownFolders: boolean;
}

const shapes: readonly Shape[] = [
  { title: "4 KiB, one folder, fsync", creates: 320, bytes: 4_096, fsync: true, ownFolders: false },
  { title: "64 KiB, a folder each, fsync", creates: 256, bytes: 65_536, fsync: true, ownFolders: true },
  { title: "64 KiB, a folder each, no fsync", creates: 256, bytes: 65_536, fsync: false, ownFolders: true },
];

/** What one thread of the loop `threads` is given; `shared` is the round, and the next create of it. */
interface Task {
  readonly root: string;
  readonly shape: Shape;
  readonly shared: SharedArrayBuffer;
}

interface Way {
  readonly name: string;
  readonly run: (round: number) => Promise<void>;
  readonly end?: () => Promise<void>;
}

interface Cost {
  readonly ms: number;
  readonly cpuMs: number;
}

if (!isMainThread) work(workerData as Task);
else {
  const { values } = parseArgs({ options: { root: { type: "string", default: "." } } });
  if (process.env["UV_THREADPOOL_SIZE"] !== undefined) await measure(values.root);
  else {
    if (fs.statfsSync(values.root).type === tmpfs)
      throw new Error(`${values.root} is in memory, where fsync does nothing: name another --root`);
    for (const threads of ["4", "16"]) {
      const env = { ...process.env, UV_THREADPOOL_SIZE: threads };
      const args = [...process.execArgv, fileURLToPath(import.meta.url), "--root", values.root];
      const { status } = spawnSync(process.execPath, args, { env, stdio: "inherit" });
      if (status !== 0) throw new Error(`the process with ${threads} threads ended with ${status}`);
    }
  }
}

async function measure(above: string): Promise<void> {
  process.stdout.write(`libuv has ${process.env["UV_THREADPOOL_SIZE"]} threads\n`);
  for (const shape of shapes) {
    const root = fs.mkdtempSync(join(above, "state-fs-create-"));
    const ways = [store(join(root, "store"), shape), callbacks(root, shape), await synchronous(root, shape)];
    try {
      print(shape, ways, await inTurns(ways));
    } finally {
      for (const { end } of ways) await end?.();
      fs.rmSync(root, { recursive: true });
    }
  }
}

/** The costs of each way, in each round but the first. */
async function inTurns(ways: readonly Way[]): Promise<readonly (readonly Cost[])[]> {
  const costs: Cost[][] = ways.map(() => []);
  for (let round = 0; round <= rounds; round += 1) {
    for (const [at, { run }] of ways.entries()) {
      const cpu = process.cpuUsage();
      const started = performance.now();
      await run(round);
      const ms = performance.now() - started;
      const { user, system } = process.cpuUsage(cpu);
      if (round > 0) costs[at]?.push({ ms, cpuMs: (user + system) / 1_000 });
    }
  }
  return costs;
}

function print({ title, creates }: Shape, ways: readonly Way[], costs: readonly (readonly Cost[])[]): void {
  const heads = ["ms", "a second", "CPU ms each", "speed to threads"];
  process.stdout.write(
    `${title.padEnd(33)}${heads.map((head) => head.padStart(head.length + 3)).join("")}\n`,
  );
  const last = costs.at(-1) ?? [];
  for (const [at, { name }] of ways.entries()) {
    const own = costs[at] ?? [];
    const ms = median(own.map((cost) => cost.ms));
    const cells = [
      ms.toFixed(0),
      ((creates / ms) * 1_000).toFixed(0),
      (median(own.map(({ cpuMs }) => cpuMs)) / creates).toFixed(3),
      median(own.map((cost, round) => (last[round]?.ms ?? 0) / cost.ms)).toFixed(2),
    ];
    const line = cells.map((cell, column) => cell.padStart((heads[column]?.length ?? 0) + 3)).join("");
    process.stdout.write(`  ${name.padEnd(31)}${line}\n`);
  }
}

function store(root: string, { creates, bytes, fsync, ownFolders }: Shape): Way {
  const made = new FsStore({ root, fsync });
  const body = new Uint8Array(bytes);
  const run = (round: number): Promise<void> =>
    manyAtOnce(creates, async (number) => {
      const key = ownFolders ? `epoch=${round}/vnode=${number}/partial.bin` : `epoch=${round}/${number}`;
      if ((await made.create(key, body)) !== "created") throw new Error(`${key} was there`);
    });
  return { name: "FsStore", run };
}

function callbacks(root: string, { creates, bytes, fsync, ownFolders }: Shape): Way {
  const body = new Uint8Array(bytes);
  const calls = {
    open: promisify(fs.open),
    write: promisify(fs.write),
    fsync: promisify(fs.fsync),
    close: promisify(fs.close),
    link: promisify(fs.link),
    unlink: promisify(fs.unlink),
    mkdir: promisify(fs.mkdir),
  };
  const flushFolder = async (folder: string): Promise<void> => {
    const opened = await calls.open(folder, "r");
    await calls.fsync(opened);
    await calls.close(opened);
  };
  fs.mkdirSync(join(root, "callbacks"));
  const run = async (round: number): Promise<void> => {
    const epoch = join(root, "callbacks", `epoch=${round}`);
    await calls.mkdir(epoch);
    await manyAtOnce(creates, async (number) => {
      const staged = join(root, "callbacks", `staged-${number}`);
      const file = await calls.open(staged, "wx");
      await calls.write(file, body);
      if (fsync) await calls.fsync(file);
      await calls.close(file);
      const folder = ownFolders ? join(epoch, `vnode=${number}`) : epoch;
      if (ownFolders) await calls.mkdir(folder);
      await calls.link(staged, join(folder, `${number}`));
      await calls.unlink(staged);
      if (fsync) await flushFolder(folder);
      if (fsync && ownFolders) await flushFolder(epoch);
    });
  };
  return { name: "callbacks", run };
}

/** The loop `threads`. In `shared`: the round that is asked for, the next create in it, and how many threads are done. */
async function synchronous(root: string, shape: Shape): Promise<Way> {
  fs.mkdirSync(join(root, "threads"));
  const shared = new SharedArrayBuffer(12);
  const state = new Int32Array(shared);
  state[0] = -1;
  const workers = Array.from({ length: atOnce }, () => {
    const task: Task = { root: join(root, "threads"), shape, shared };
    return new Worker(new URL(import.meta.url), { workerData: task });
  });
  await Promise.all(workers.map((worker) => once(worker, "online")));
  const run = async (round: number): Promise<void> => {
    fs.mkdirSync(join(root, "threads", `epoch=${round}`));
    state[1] = 0;
    state[2] = 0;
    Atomics.store(state, 0, round);
    Atomics.notify(state, 0);
    for (let done = 0; done < atOnce; done = Atomics.load(state, 2))
      await Atomics.waitAsync(state, 2, done).value;
  };
  const end = async (): Promise<void> => {
    await Promise.all(workers.map((worker) => worker.terminate()));
  };
  return { name: "threads", run, end };
}

/** One thread of the loop `threads`: until it is terminated. */
function work({ root, shape, shared }: Task): void {
  const { creates, bytes, fsync, ownFolders } = shape;
  const body = new Uint8Array(bytes);
  const state = new Int32Array(shared);
  for (let round = 0; ; round += 1) {
    Atomics.wait(state, 0, round - 1);
    const epoch = join(root, `epoch=${round}`);
    for (let number = Atomics.add(state, 1, 1); number < creates; number = Atomics.add(state, 1, 1)) {
      const staged = join(root, `staged-${number}`);
      const file = fs.openSync(staged, "wx");
      fs.writeSync(file, body);
      if (fsync) fs.fsyncSync(file);
      fs.closeSync(file);
      const folder = ownFolders ? join(epoch, `vnode=${number}`) : epoch;
      if (ownFolders) fs.mkdirSync(folder);
      fs.linkSync(staged, join(folder, `${number}`));
      fs.unlinkSync(staged);
      if (fsync) flushFolderSync(folder);
      if (fsync && ownFolders) flushFolderSync(epoch);
    }
    Atomics.add(state, 2, 1);
    Atomics.notify(state, 2);
  }
}

function flushFolderSync(folder: string): void {
  const opened = fs.openSync(folder, "r");
  fs.fsyncSync(opened);
  fs.closeSync(opened);
}

async function manyAtOnce(count: number, create: (number: number) => Promise<void>): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    for (let number = next++; number < count; number = next++) await create(number);
  };
  await Promise.all(Array.from({ length: atOnce }, one));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

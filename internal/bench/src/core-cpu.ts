/**
 * The CPU that core costs, on all threads, on the memory store: small vnodes written and sealed, beside a hash and a copy
 * of the same bytes; and epochs pruned, beside the listings and bulk deletes of the same objects without a backend.
 * `node --conditions=@state/source internal/bench/src/core-cpu.ts`
 */
import { hash } from "node:crypto";
import { parseArgs } from "node:util";
import { MemoryStore } from "../../../packages/memory/src/index.ts";
import { ObjectStoreBackend } from "../../../packages/core/src/backend.ts";

const vnodes = 256;
const vnodeBytes = 65_536;
const checkpoints = 4;
const epochs = 100;
/** Partials and seals; anchors come on top. */
const prunedObjects = (epochs - 1) * (vnodes + 1);
const { values } = parseArgs({ options: { only: { type: "string", default: "" } } });

/** One of two that take turns. It prepares, and returns what is measured. */
type Prepare = () => Promise<() => Promise<void>>;

const state = Uint8Array.from({ length: vnodeBytes }, (_, index) => index % 251);

async function openBackend(store: MemoryStore): Promise<ObjectStoreBackend> {
  const backend = await ObjectStoreBackend.open({ store, instanceId: "cpu", vnodeCapacity: vnodes });
  await backend.takeover({ version: 1 });
  return backend;
}

async function checkpoint(backend: ObjectStoreBackend, epoch: number, bytes: Uint8Array): Promise<void> {
  const parts = await Promise.all(
    Array.from({ length: vnodes }, (_, vnode) =>
      backend.writePartial({ epoch, vnode, assignmentVersion: 1, bytes }),
    ),
  );
  const outcome = await backend.epochComplete({ epoch, parts, next: epoch + 1 });
  if (!outcome.complete) throw new Error(`epoch ${epoch} is not complete`);
}

const hashesAndCopies: Prepare = async () => {
  const kept = new Map<number, readonly [string, Uint8Array]>();
  return async () => {
    for (let index = 0; index < checkpoints * vnodes; index++)
      kept.set(index, [hash("sha256", state), new Uint8Array(state)]);
  };
};

const writtenAndSealed: Prepare = async () => {
  const backend = await openBackend(new MemoryStore());
  return async () => {
    for (let epoch = 1; epoch <= checkpoints; epoch++) await checkpoint(backend, epoch, state);
  };
};

async function storeOfEpochs(): Promise<{ store: MemoryStore; backend: ObjectStoreBackend }> {
  const store = new MemoryStore();
  const backend = await openBackend(store);
  for (let epoch = 1; epoch <= epochs; epoch++) await checkpoint(backend, epoch, state.subarray(0, 16));
  return { store, backend };
}

/** The listing of each epoch, and the deletes of what it shows, 1,000 keys at a time. */
const listedAndDeleted: Prepare = async () => {
  const { store } = await storeOfEpochs();
  return async () => {
    let keys: string[] = [];
    for (let epoch = 1; epoch < epochs; epoch++) {
      for await (const { objects } of store.list(`epoch=${epoch}/`)) {
        for (const { key } of objects) {
          keys.push(key);
          if (keys.length < 1_000) continue;
          await store.delete(keys);
          keys = [];
        }
      }
    }
    await store.delete(keys);
  };
};

const pruned: Prepare = async () => {
  const { backend } = await storeOfEpochs();
  return async () => {
    const { objects } = await backend.pruneBefore(epochs);
    if (objects < prunedObjects) throw new Error(`${objects} objects were pruned`);
  };
};

interface Row {
  readonly name: string;
  readonly things: number;
  readonly rounds: number;
  readonly base: Prepare;
  readonly core: Prepare;
}

const rows: readonly Row[] = [
  {
    name: "a vnode of 64 KiB: hashed and copied; written and sealed",
    things: checkpoints * vnodes,
    rounds: 20,
    base: hashesAndCopies,
    core: writtenAndSealed,
  },
  {
    name: "an object of an old epoch: listed and deleted; pruned",
    things: prunedObjects,
    rounds: 3,
    base: listedAndDeleted,
    core: pruned,
  },
];

const heads = ["bare, us", "core, us", "ratio"].map((head) => head.padStart(10)).join("");
process.stdout.write(`${"".padEnd(60)}${heads}\n`);
for (const { name, things, rounds, base, core } of rows.filter((row) => row.name.includes(values.only))) {
  const times: { base: number; core: number }[] = [];
  for (let round = -2; round < rounds; round++) {
    const first = await microseconds(round % 2 === 0 ? base : core);
    const second = await microseconds(round % 2 === 0 ? core : base);
    const time = round % 2 === 0 ? { base: first, core: second } : { base: second, core: first };
    // The first rounds warm up the compiler.
    if (round >= 0) times.push(time);
  }
  const columns = [
    median(times.map((time) => time.base / things)).toFixed(1),
    median(times.map((time) => time.core / things)).toFixed(1),
    median(times.map((time) => time.core / time.base)).toFixed(2),
  ];
  process.stdout.write(`${name.padEnd(60)}${columns.map((column) => column.padStart(10)).join("")}\n`);
}

/** Of the CPU, on all threads. */
async function microseconds(prepare: Prepare): Promise<number> {
  const run = await prepare();
  const started = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(started);
  return user + system;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

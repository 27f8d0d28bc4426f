/**
 * What `reuse` saves inside one vnode: bytes and requests of an epoch, for a SQLite database of 100 MB of which 1 % of the
 * rows change in each epoch, for a sorted dump of it, and for the flights job.
 * `node --conditions=@state/source internal/bench/src/reuse.ts`
 */
import { mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { FlightSource } from "../../../examples/flights/src/flights.ts";
import { DelayOperator } from "../../../examples/flights/src/operator.ts";
import { vnodeCapacity } from "../../../examples/flights/src/vnodes.ts";
import { ObjectStoreBackend, type Seal } from "../../../packages/core/src/index.ts";
import { MemoryStore } from "../../../packages/memory/src/index.ts";
import { gearCut } from "./gear-cut.ts";

const rows = 235_000;
const rowBytes = 400;
const changed = rows / 100;
const epochs = 3;
const flightsOfAnEpoch = 15_000;
const chunkBytes = 65_536;

type Bytes = AsyncIterable<Uint8Array>;

interface Way {
  readonly name: string;
  readonly reuses: boolean;
  readonly chunkBytes?: number;
  readonly cut?: typeof gearCut;
}

const noReuse: Way = { name: "no reuse", reuses: false };
const ways: readonly Way[] = [
  noReuse,
  { name: "even chunks of 64 KiB", reuses: true, chunkBytes },
  { name: "cut by content", reuses: true, cut: gearCut },
];

/** A state that changes from epoch to epoch. */
interface State {
  readonly name: string;
  readonly vnodeCapacity: number;
  /** Changes it, and says which vnodes have changed. */
  change(): Promise<readonly number[]>;
  read(vnode: number): Bytes;
}

/** Of one epoch, on average. */
interface Cost {
  readonly bytes: number;
  readonly requests: number;
}

const numbers = randomNumbers();
const longText = Array.from({ length: 2 ** 18 }, () => Math.floor(numbers() * 2 ** 32).toString(36)).join("");
const folder = mkdtempSync(join(tmpdir(), "state-reuse-"));
try {
  process.stdout.write(`${"an epoch of".padEnd(38)}${"".padEnd(24)}      MB   saved  requests\n`);
  for (const makeState of [
    () => database("SQLite, random rows", randomRow),
    () => database("SQLite, hot rows", hotRow),
    () => dump("a sorted dump, hot rows", hotRow),
    flights,
  ]) {
    let first: number | undefined;
    for (const way of ways) {
      const state = await makeState();
      const { bytes, requests } = await measure(state, way);
      first ??= bytes;
      const cells = [
        (bytes / 1e6).toFixed(bytes < 1e6 ? 3 : 1).padStart(8),
        `${(100 * (1 - bytes / first)).toFixed(0)} %`.padStart(8),
        requests.toFixed(0).padStart(10),
      ];
      const name = way === noReuse ? state.name : "";
      process.stdout.write(`${name.padEnd(38)}${way.name.padEnd(24)}${cells.join("")}\n`);
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** Seals one epoch with the whole state; then counts what is sent for some more, seals and anchors included. */
async function measure(state: State, way: Way): Promise<Cost> {
  const sent = { bytes: 0, requests: 0 };
  await using backend = await ObjectStoreBackend.open({
    store: new MemoryStore(),
    instanceId: "reuse",
    vnodeCapacity: state.vnodeCapacity,
    ...(way.chunkBytes === undefined ? {} : { chunkBytes: way.chunkBytes }),
    onEvent(event) {
      if (event.type !== "request") return;
      sent.requests += 1;
      if (event.operation === "create") sent.bytes += event.bytes;
    },
  });
  const { nextEpoch } = await backend.takeover({ version: 1 });
  const counted = { bytes: 0, requests: 0 };
  let reuse: Seal | undefined;
  for (let epoch = nextEpoch; epoch <= nextEpoch + epochs; epoch += 1) {
    const vnodes = await state.change();
    Object.assign(sent, { bytes: 0, requests: 0 });
    const parts = [];
    for (const vnode of vnodes) {
      const bytes = state.read(vnode);
      const { cut } = way;
      const used = way.reuses ? reuse : undefined;
      parts.push(await backend.writePartial({ epoch, vnode, assignmentVersion: 1, bytes, cut, reuse: used }));
    }
    const unchanged = reuse?.partials.map(({ vnode }) => vnode).filter((vnode) => !vnodes.includes(vnode));
    const outcome = await backend.epochComplete({ epoch, parts, unchanged });
    if (!outcome.complete) throw new Error(`epoch ${epoch} is not complete`);
    reuse = outcome.seal;
    if (epoch === nextEpoch) continue;
    counted.bytes += sent.bytes / epochs;
    counted.requests += sent.requests / epochs;
    // The bodies are in memory.
    await backend.prune({ keep: 1 });
  }
  return counted;
}

type ChooseRow = (random: () => number) => number;

function randomRow(random: () => number): number {
  return Math.floor(random() * rows);
}

/** One of 2 % of the rows, which lie together in the middle. */
function hotRow(random: () => number): number {
  return Math.floor(rows * (0.49 + random() / 50));
}

/** A database with its file as the state. */
function database(name: string, chooseRow: ChooseRow): State {
  const path = join(folder, "state.db");
  const random = randomNumbers();
  const values = new Map<number, string>();
  rmSync(path, { force: true });
  const db = new DatabaseSync(path);
  db.exec("PRAGMA synchronous = OFF; CREATE TABLE state (id INTEGER PRIMARY KEY, value TEXT)");
  const set = db.prepare("REPLACE INTO state VALUES (?, ?)");
  const commit = (): void => {
    db.exec("BEGIN");
    for (const [id, value] of values) set.run(id, value);
    db.exec("COMMIT");
    values.clear();
  };
  for (let id = 0; id < rows; id += 1) values.set(id, text(random, rowBytes));
  commit();
  return {
    name,
    vnodeCapacity: 1,
    async change() {
      while (values.size < changed) values.set(chooseRow(random), text(random, rowBytes));
      commit();
      return [0];
    },
    async *read() {
      await using file = await open(path);
      yield* file.createReadStream({ highWaterMark: 2 ** 20 });
    },
  };
}

/** The same rows as lines of text, whose lengths change. */
function dump(name: string, chooseRow: ChooseRow): State {
  const random = randomNumbers();
  const lines = Array.from({ length: rows }, (_, id) => line(id, random));
  return {
    name,
    vnodeCapacity: 1,
    async change() {
      for (let count = 0; count < changed; count += 1) {
        const id = chooseRow(random);
        lines[id] = line(id, random);
      }
      return [0];
    },
    async *read() {
      for (let from = 0; from < rows; from += 1_000)
        yield new TextEncoder().encode(lines.slice(from, from + 1_000).join(""));
    },
  };
}

function line(id: number, random: () => number): string {
  return `${id},${text(random, Math.floor(rowBytes * (0.5 + random())))}\n`;
}

/** What a worker of the flights job writes, with one worker. */
async function flights(): Promise<State> {
  const source = await FlightSource.open();
  const operator = new DelayOperator();
  let from = 0;
  return {
    name: "flights, 128 vnodes",
    vnodeCapacity,
    async change() {
      const { changed: vnodes } = operator.process(await source.read(from, from + flightsOfAnEpoch));
      from += flightsOfAnEpoch;
      return vnodes;
    },
    async *read(vnode) {
      yield operator.snapshot(vnode);
    },
  };
}

/** A part of a long text, from any of its characters on. */
function text(random: () => number, length: number): string {
  const start = Math.floor(random() * (longText.length - length));
  return longText.slice(start, start + length);
}

/** From 0 up to 1, the same in every run: mulberry32. */
function randomNumbers(): () => number {
  let state = 1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * How long the store suite takes: on the memory store, and on one that responds to each request
 * after 20 ms, its cases side by side and one after another. `node --conditions=@state/source internal/bench/src/suite.ts`
 */
import { type Runner, storeConformance } from "../../../packages/core/src/conformance/index.ts";
import { MemoryStore } from "../../../packages/memory/src/index.ts";
import { SlowStore } from "./slow-store.ts";

const latencyMs = 20;
/** The number of tests that vitest runs side by side by default. */
const sideBySide = 5;

interface Run {
  readonly seconds: number;
  readonly requests: number;
}

const counts = { requests: 0 };

function nothing(): void {}

/** Runs every case, `cases` at a time. */
async function run(latency: number, cases: number): Promise<Run> {
  const bodies: (() => Promise<void>)[] = [];
  const declare = (_: string, body: () => Promise<void>): void => void bodies.push(body);
  const runner: Runner = { describe: (_, body) => body(), test: Object.assign(declare, { skip: nothing }) };
  storeConformance(runner, {
    name: "bench",
    wholeListings: true,
    open: async () => new SlowStore(new MemoryStore(), latency, () => (counts.requests += 1)),
  });
  counts.requests = 0;
  const started = performance.now();
  const queue = bodies.values();
  const worker = async (): Promise<void> => {
    for (const body of queue) await body();
  };
  await Promise.all(Array.from({ length: cases }, worker));
  return { seconds: (performance.now() - started) / 1_000, requests: counts.requests };
}

const memory = await run(0, sideBySide);
const concurrent = await run(latencyMs, sideBySide);
const serial = await run(latencyMs, 1);
const rows: readonly (readonly [string, Run])[] = [
  ["memory, 5 cases at a time", memory],
  [`${latencyMs} ms a request, 5 cases at a time`, concurrent],
  [`${latencyMs} ms a request, one after another`, serial],
];
process.stdout.write(`${"the store suite".padEnd(38)}seconds  requests\n`);
for (const [title, { seconds, requests: sent }] of rows) {
  process.stdout.write(
    `${title.padEnd(36)}${seconds.toFixed(1).padStart(9)}${sent.toLocaleString("en").padStart(10)}\n`,
  );
}
process.stdout.write(`side by side takes ${(concurrent.seconds / serial.seconds).toFixed(2)} of the time\n`);

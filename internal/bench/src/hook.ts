/**
 * What `onEvent` costs: checkpoints on the memory store with and without it, in one process.
 * `node --expose-gc --conditions=@state/source internal/bench/src/hook.ts`
 */
import { MemoryStore } from "../../../packages/memory/src/index.ts";
import { ObjectStoreBackend } from "../../../packages/core/src/backend.ts";
import type { BackendEvent } from "../../../packages/core/src/events.ts";
import { roundCounts, timeVariants } from "./variants.ts";

const epochs = 20;
const vnodes = 50;
const bytes = new Uint8Array(1_024);

type Hook = ((event: BackendEvent) => void) | undefined;

let seen = 0;
const totals = new Map<string, { count: number; milliseconds: number; bytes: number }>();

const hooks: Readonly<Record<string, Hook>> = {
  "no hook": undefined,
  // The noise: a ratio that is nearer to 1 than this one says nothing.
  "no hook, again": undefined,
  "a hook that counts": () => {
    seen += 1;
  },
  "a hook that keeps totals": (event) => {
    if (event.type !== "request") return;
    const name = `${event.operation} ${event.outcome}`;
    const total = totals.get(name) ?? { count: 0, milliseconds: 0, bytes: 0 };
    total.count += 1;
    total.milliseconds += event.durationMs;
    total.bytes += event.bytes;
    totals.set(name, total);
  },
};

/** Milliseconds of some epochs, each written, sealed and read back. */
async function time(onEvent: Hook): Promise<number> {
  const store = new MemoryStore();
  await using backend = await ObjectStoreBackend.open({
    store,
    instanceId: "hook",
    vnodeCapacity: vnodes,
    onEvent,
  });
  await backend.takeover({ version: 1 });
  // The garbage of earlier rounds is collected outside of the measured time.
  globalThis.gc?.();
  const started = performance.now();
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const parts = [];
    for (let vnode = 0; vnode < vnodes; vnode++) {
      parts.push(await backend.writePartial({ epoch, vnode, assignmentVersion: 1, bytes }));
    }
    await backend.epochComplete({ epoch, parts });
    const latest = await backend.latest();
    for (let vnode = 0; vnode < vnodes; vnode++) await latest?.read(vnode);
  }
  return performance.now() - started;
}

const variants = new Map(Object.entries(hooks).map(([name, hook]) => [name, () => time(hook)] as const));
const times = await timeVariants(variants);
const baseMs = times[0]?.medianMs ?? Number.NaN;
const events = Math.round(seen / roundCounts.all);
process.stdout
  .write(`${roundCounts.measured} rounds of ${epochs} epochs of ${vnodes} vnodes, ${events.toLocaleString("en")} events a round
${"".padEnd(26)}${["median ms", "ratio", "quartiles", "us/event"].map((head) => head.padStart(16)).join("")}
`);
for (const { name, medianMs, medianRatio, ratioQuartiles } of times) {
  const columns = [
    medianMs.toFixed(1),
    medianRatio.toFixed(3),
    ratioQuartiles,
    (((medianMs - baseMs) / events) * 1_000).toFixed(2),
  ];
  process.stdout.write(`${name.padEnd(26)}${columns.map((column) => column.padStart(16)).join("")}\n`);
}

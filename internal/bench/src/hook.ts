/**
 * What `onEvent` costs: checkpoints on the memory store with and without it, in turns, in one process.
 * `node --expose-gc --conditions=@state/source internal/bench/src/hook.ts`
 */
import { MemoryStore } from "../../../packages/memory/src/index.ts";
import { ObjectStoreBackend } from "../../../packages/core/src/backend.ts";
import type { BackendEvent } from "../../../packages/core/src/events.ts";

const rounds = 60;
const warmUps = 5;
const epochs = 20;
const vnodes = 50;
const bytes = new Uint8Array(1_024);

type Hook = ((event: BackendEvent) => void) | undefined;

let seen = 0;
const totals = new Map<string, { count: number; milliseconds: number; bytes: number }>();

const variants: Readonly<Record<string, Hook>> = {
  "no hook": undefined,
  // Against "no hook" this is the noise: what is nearer to 1 than it says nothing.
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
  // What an earlier round left behind is not this one's to clear.
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

const names = Object.keys(variants);
const times = new Map<string, number[]>(names.map((name) => [name, []]));
for (let round = -warmUps; round < rounds; round++) {
  // Each in its turn at each place: going first, or after whom, must favour nobody.
  for (let place = 0; place < names.length; place++) {
    const name = names[(place + round + names.length * warmUps) % names.length] ?? "";
    const milliseconds = await time(variants[name]);
    // The first rounds are for the compiler.
    if (round >= 0) times.get(name)?.push(milliseconds);
  }
}

const base = times.get("no hook") ?? [];
const events = Math.round(seen / (rounds + warmUps));
process.stdout
  .write(`${rounds} rounds of ${epochs} epochs of ${vnodes} vnodes, ${events.toLocaleString("en")} events a round
${"".padEnd(26)}${["median ms", "ratio", "quartiles", "us/event"].map((head) => head.padStart(16)).join("")}
`);
for (const [name, own] of times) {
  // Of the same round: what slows the machine down for a while slows down both.
  const ratios = own.map((milliseconds, round) => milliseconds / (base[round] ?? Number.NaN));
  const more = ((quantile(own, 0.5) - quantile(base, 0.5)) / events) * 1_000;
  const columns = [
    quantile(own, 0.5).toFixed(1),
    quantile(ratios, 0.5).toFixed(3),
    `${quantile(ratios, 0.25).toFixed(3)}-${quantile(ratios, 0.75).toFixed(3)}`,
    more.toFixed(2),
  ];
  process.stdout.write(`${name.padEnd(26)}${columns.map((column) => column.padStart(16)).join("")}\n`);
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.round((sorted.length - 1) * part)] ?? Number.NaN;
}

/**
 * What a checkpoint of one small vnode costs, for an agent or a consumer that makes one for every message: its state as an
 * object, with a look before each seal and without one, and as bytes in the seal. On a store that responds to each request
 * after 20 ms, at the prices of S3. `node --conditions=@state/source internal/bench/src/commit.ts`
 */
import { ObjectStoreBackend } from "../../../packages/core/src/index.ts";
import { MemoryStore } from "../../../packages/memory/src/index.ts";
import { SlowStore } from "./slow-store.ts";

const latencyMs = 20;
const checkpoints = 50;
const state = new Uint8Array(1_024).fill(1);
/** Dollars for a million of PUT and LIST in S3 Standard, us-east-1: https://aws.amazon.com/s3/pricing/ */
const dollarsAMillion = 5;

interface Way {
  readonly name: string;
  readonly verifyObjects: boolean;
  readonly inSeal: boolean;
}

const ways: readonly Way[] = [
  { name: "an object, and a look before each seal", verifyObjects: true, inSeal: false },
  { name: "an object, and the epoch is anchored", verifyObjects: false, inSeal: false },
  { name: "bytes in the seal", verifyObjects: false, inSeal: true },
];

process.stdout.write(`${"a checkpoint of 1 KiB".padEnd(40)}requests        ms   ratio   $ a million\n`);
let first: number | undefined;
for (const way of ways) {
  const { requests, ms } = await run(way);
  first ??= ms;
  const cells = [
    requests.toFixed(1).padStart(8),
    ms.toFixed(1).padStart(10),
    (ms / first).toFixed(2).padStart(8),
    (requests * dollarsAMillion).toFixed(2).padStart(14),
  ];
  process.stdout.write(`${way.name.padEnd(40)}${cells.join("")}\n`);
}

async function run({ verifyObjects, inSeal }: Way): Promise<{ requests: number; ms: number }> {
  const counts = { requests: 0 };
  const store = new SlowStore(new MemoryStore(), latencyMs, () => (counts.requests += 1));
  await using backend = await ObjectStoreBackend.open({
    store,
    instanceId: "agent",
    vnodeCapacity: 1,
    verifyObjects,
  });
  const { nextEpoch } = await backend.takeover({ version: 1 });
  counts.requests = 0;
  const started = performance.now();
  for (let epoch = nextEpoch; epoch < nextEpoch + checkpoints; epoch++) {
    const part = inSeal
      ? { vnode: 0, bytes: state }
      : await backend.writePartial({ epoch, vnode: 0, assignmentVersion: 1, bytes: state });
    const outcome = await backend.epochComplete({ epoch, parts: [part] });
    if (!outcome.complete) throw new Error(`epoch ${epoch} is not complete`);
  }
  return { requests: counts.requests / checkpoints, ms: (performance.now() - started) / checkpoints };
}

/**
 * What a longer listing of `_control/` costs, for how many fences and floors a prune keeps: on a file system, and in the
 * bytes of S3's XML. The listings take turns; each ratio is one of two times of the same round.
 * `node --conditions=@state/source internal/bench/src/controls.ts`
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FsStore } from "../../../packages/fs/src/index.ts";
import { fenceKey, floorKey, namespaceKey } from "../../../packages/core/src/layout.ts";

const kept = [1, 16, 32, 64];
const rounds = 400;
/** What S3 says of an object in a listing, beside its key. */
const xmlBytes = 260;

const root = await mkdtemp(join(tmpdir(), "state-controls-"));
const milliseconds = new Map<number, number[]>(kept.map((count) => [count, []]));
try {
  for (const count of kept) {
    const store = storeOf(count);
    await store.create(namespaceKey, new Uint8Array(32));
    for (let number = 1; number <= count; number++) {
      await store.create(fenceKey(number), new Uint8Array(120));
      await store.create(floorKey(number), new Uint8Array(32));
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (const count of kept) milliseconds.get(count)?.push(await timed(storeOf(count)));
  }
} finally {
  await rm(root, { recursive: true });
}

const base = milliseconds.get(1) ?? [];
process.stdout.write("kept of each    keys    KB of XML    median ms    ratio to 1\n");
for (const [count, times] of milliseconds) {
  const keys = 2 * count + 1;
  const kilobytes = (keys * (xmlBytes + fenceKey(1).length)) / 1000;
  const ratio = median(times.map((time, round) => time / (base[round] ?? time)));
  const cells = [keys, kilobytes.toFixed(1), median(times).toFixed(3), ratio.toFixed(2)];
  process.stdout.write(
    `${String(count).padEnd(12)}${cells.map((cell) => String(cell).padStart(11)).join("")}\n`,
  );
}

function storeOf(count: number): FsStore {
  return new FsStore({ root: join(root, String(count)) });
}

async function timed(store: FsStore): Promise<number> {
  const started = performance.now();
  for await (const page of store.list("_control/"))
    if (page.objects.length === 0) throw new Error("nothing there");
  return performance.now() - started;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** What each curve measures: calls of the library on stores that grow in one direction. */
import { ObjectStoreBackend } from "../../../../packages/core/src/backend.ts";
import type { OpenOptions } from "../../../../packages/core/src/open-options.ts";
import type { PartialReceipt } from "../../../../packages/core/src/receipt.ts";
import type { ObjectStore } from "../../../../packages/core/src/store.ts";
import type { Shape } from "../generated-store.ts";
import { atOnce } from "../peers/meter.ts";

/** A call that is measured. */
export interface Step {
  readonly name: string;
  readonly run: () => Promise<void>;
}

export interface Curve {
  readonly id: "vnodes" | "epochs" | "sizes" | "concurrency";
  readonly title: string;
  /** What x is. */
  readonly x: string;
  readonly formatX: (x: number) => string;
  readonly xs: readonly number[];
  /** The stores that `steps` takes: an empty one, and one of each history. */
  readonly histories: (x: number) => readonly Shape[];
  /** Opens backends; the steps run in this order. */
  readonly steps: (x: number, empty: ObjectStore, filled: readonly ObjectStore[]) => Promise<readonly Step[]>;
}

/** How many vnodes the job writes and reads at once, where `concurrency` is not what is varied. */
const jobAtOnce = 64;
const keep = 16;
const kibibyte = 1_024;
const mebibyte = 1_048_576;

const plain = (x: number): string => x.toLocaleString("en");

const vnodes: Curve = {
  id: "vnodes",
  title: "A checkpoint of 1 KiB a vnode, 64 vnodes at once",
  x: "vnodes",
  formatX: plain,
  xs: [1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536],
  histories: () => [],
  steps: (count, store) => checkpoint(store, { vnodes: count, bytes: kibibyte, atOnce: jobAtOnce }),
};

const sizes: Curve = {
  id: "sizes",
  title: "A checkpoint of 16 vnodes; at 64 MiB, of one",
  x: "bytes of a vnode",
  formatX: (x) => (x < mebibyte ? `${x / kibibyte} KiB` : `${x / mebibyte} MiB`),
  xs: [1, 16, 256, 4_096, 65_536].map((x) => x * kibibyte),
  histories: () => [],
  steps: async (bytes, store) => {
    if (bytes < 64 * mebibyte) return checkpoint(store, { vnodes: 16, bytes, atOnce: 16 });
    const steps = await checkpoint(store, { vnodes: 1, bytes, atOnce: 1 });
    return steps.map(({ name, run }) => ({ name: `${name}, one`, run }));
  },
};

const epochs: Curve = {
  id: "epochs",
  title: `A history of epochs of 4 vnodes; the prune keeps ${keep}`,
  x: "epochs in the history",
  formatX: plain,
  xs: [1, 10, 100, 1_000, 10_000],
  histories: (count) => [{ epochs: count, written: 4, unchanged: 0 }],
  steps: async (count, _, [store]) => {
    const backend = await openFilled(store, {});
    return [
      { name: "latest", run: () => latest(backend, count) },
      { name: "takeover", run: async () => void (await backend.takeover({ version: 1 })) },
      { name: "prune", run: () => prune(backend, count) },
    ];
  },
};

const pruned: Shape = { epochs: 80, written: 4, unchanged: 0 };
const chunkBytes = 64 * kibibyte;
const chunks = 256;

const concurrency: Curve = {
  id: "concurrency",
  title: "256 vnodes of 64 KiB, by open({ concurrency })",
  x: "concurrency",
  formatX: plain,
  xs: [1, 4, 8, 16, 32, 64, 128, 256],
  histories: () => [pruned],
  steps: async (limit, store, [filled]) => {
    const shape = { vnodes: 256, bytes: 64 * kibibyte, atOnce: limit };
    const steps = await checkpoint(store, shape, { concurrency: limit, chunkBytes });
    const backend = await openFilled(filled, { concurrency: limit });
    await backend.takeover({ version: 1 });
    return [
      ...steps,
      { name: "latest", run: () => latest(backend, pruned.epochs) },
      { name: "prune", run: () => prune(backend, pruned.epochs) },
    ];
  },
};

export const curves: readonly Curve[] = [vnodes, epochs, sizes, concurrency];

interface Checkpoint {
  readonly vnodes: number;
  readonly bytes: number;
  /** How many vnodes the job writes and reads at once. */
  readonly atOnce: number;
}

/** Writes of all vnodes, their seal, and reads of all vnodes; with `chunkBytes` a vnode as a stream, too. */
async function checkpoint(
  store: ObjectStore,
  shape: Checkpoint,
  options: Pick<OpenOptions, "concurrency" | "chunkBytes"> = {},
): Promise<readonly Step[]> {
  const open = { store, instanceId: "curves", vnodeCapacity: shape.vnodes, ...options };
  const backend = await ObjectStoreBackend.open(open);
  const { nextEpoch: epoch } = await backend.takeover({ version: 1 });
  const bytes = new Uint8Array(shape.bytes).fill(7);
  const parts: PartialReceipt[] = [];
  const steps: Step[] = [
    {
      name: "write",
      run: () =>
        atOnce(shape.vnodes, shape.atOnce, async (vnode) => {
          parts.push(await backend.writePartial({ epoch, vnode, assignmentVersion: 1, bytes }));
        }),
    },
    {
      name: "seal",
      run: async () => {
        const { complete } = await backend.epochComplete({ epoch, parts });
        if (!complete) throw new Error(`epoch ${epoch} is not complete`);
      },
    },
    {
      name: "restore",
      run: async () => {
        const sealed = await backend.latest();
        await atOnce(shape.vnodes, shape.atOnce, async (vnode) => {
          const read = await sealed?.read(vnode);
          if (read?.byteLength !== shape.bytes) throw new Error(`vnode ${vnode} is not there`);
        });
      },
    },
  ];
  if (options.chunkBytes === undefined) return steps;
  const streamed = { epoch: epoch + 1, vnode: 0, assignmentVersion: 1 };
  return [
    ...steps,
    {
      name: "stream",
      run: async () => void (await backend.writePartial({ ...streamed, bytes: pieces() })),
    },
  ];
}

/** 16 MiB, in pieces that all differ. */
async function* pieces(): AsyncGenerator<Uint8Array> {
  for (let number = 0; number < chunks; number++) yield new Uint8Array(chunkBytes).fill(number);
}

async function openFilled(
  store: ObjectStore | undefined,
  options: Pick<OpenOptions, "concurrency">,
): Promise<ObjectStoreBackend> {
  if (store === undefined) throw new Error("there is no history");
  // A generated store can hold no anchor.
  const fixed = { store, instanceId: "curves", vnodeCapacity: 4, verifyObjects: true };
  return ObjectStoreBackend.open({ ...fixed, ...options });
}

async function latest(backend: ObjectStoreBackend, count: number): Promise<void> {
  if ((await backend.latest())?.epoch !== count - 1) throw new Error("another epoch is the newest");
}

async function prune(backend: ObjectStoreBackend, count: number): Promise<void> {
  const { epochs: gone, failedCount } = await backend.prune({ keep });
  if (gone !== Math.max(0, count - keep) || failedCount > 0)
    throw new Error(`the prune of ${count} epochs emptied ${gone}, ${failedCount} deletes failed`);
}

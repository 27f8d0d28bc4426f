import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import {
  isStateError,
  type ObjectStore,
  ObjectStoreBackend,
  type PartialReceipt,
  type SealedEpoch,
} from "@state/core";

/** The points of a checkpoint at which a fault is injected. */
export const points = ["partial", "chunk", "seal", "list", "read", "stream", "prune"] as const;
export type Point = (typeof points)[number];

export interface Checkpoint {
  /** What happened, in words for the evidence page. */
  readonly outcome: string;
  /** What the caller learned of epoch 1: that it is sealed, or the `sealed` of an error. */
  readonly reported: "sealed" | "yes" | "no" | "unknown";
}

const vnodes = [0, 1, 2] as const;
/** Its state is a stream of three chunks. */
const streamed = 3;
const vnodeCapacity = 4;
const chunkBytes = 65_536;

export function bytesOf(epoch: number, vnode: number): Uint8Array {
  if (vnode !== streamed) return new Uint8Array(5_000).fill(epoch * 16 + vnode);
  // The first chunk is the same in each epoch, and is used again.
  const bytes = new Uint8Array(2 * chunkBytes + 5_000).fill(epoch * 16 + vnode);
  return bytes.fill(255, 0, chunkBytes);
}

async function write(backend: ObjectStoreBackend, epoch: number, vnode: number): Promise<PartialReceipt> {
  return backend.writePartial({ epoch, vnode, assignmentVersion: 1, bytes: bytesOf(epoch, vnode) });
}

async function writeStream(
  backend: ObjectStoreBackend,
  epoch: number,
  reuse?: SealedEpoch,
): Promise<PartialReceipt> {
  const bytes = Readable.from([bytesOf(epoch, streamed)]);
  return backend.writePartial({ epoch, vnode: streamed, assignmentVersion: 1, bytes, reuse });
}

/** Whether each piece is what was written: a broken restore may end early, and has given out nothing else. */
async function streamsWell(sealed: SealedEpoch | undefined): Promise<boolean> {
  const expected = bytesOf(sealed?.epoch ?? -1, streamed);
  let given = 0;
  for await (const piece of sealed?.stream(streamed) ?? []) {
    if (!isEqual(piece, expected.subarray(given, given + piece.length))) return false;
    given += piece.length;
  }
  return given === expected.length;
}

/**
 * A leader seals epoch 0, seals epoch 1, restores it and prunes what is below. It calls `arm` just
 * before the point and `heal` just after it, so that the fault hits no other request.
 */
export async function checkpoint(
  store: ObjectStore,
  point: Point,
  attemptTimeoutMs: number,
  arm: () => void,
  heal: () => void,
): Promise<Checkpoint> {
  const at = async <T>(here: Point, step: () => Promise<T>): Promise<T> => {
    if (here !== point && !(here === "seal" && point === "list")) return step();
    arm();
    try {
      return await step();
    } finally {
      heal();
    }
  };
  const retry = {
    attempts: 3,
    attemptTimeoutMs,
    baseDelayMs: 0,
    // An attempt's time-out is waited for. The shorter waits between attempts are not, whatever the
    // service asks for.
    sleep: async (ms: number, signal?: AbortSignal) =>
      ms < attemptTimeoutMs ? undefined : delay(ms, undefined, { signal }),
  };
  const backend = await ObjectStoreBackend.open({
    store,
    instanceId: "leader",
    vnodeCapacity,
    chunkBytes,
    retry,
  });
  let isSealed = false;
  try {
    await backend.takeover({ version: 1 });
    const first: PartialReceipt[] = [];
    for (const vnode of vnodes) first.push(await write(backend, 0, vnode));
    first.push(await writeStream(backend, 0));
    await backend.epochComplete({ epoch: 0, parts: first });
    const base = await backend.latest();

    const parts = [
      await write(backend, 1, 0),
      await at("partial", () => write(backend, 1, 1)),
      await write(backend, 1, 2),
      await at("chunk", () => writeStream(backend, 1, base)),
    ];
    const { complete } = await at("seal", () => backend.epochComplete({ epoch: 1, parts }));
    if (!complete) return { outcome: "waits for a partial that is there", reported: "unknown" };
    isSealed = true;
    const latest = await backend.latest();
    for (const vnode of vnodes) {
      const read = await at("read", async () => latest?.read(vnode));
      if (!isEqual(read, bytesOf(1, vnode))) return { outcome: "wrong bytes", reported: "sealed" };
    }
    const isWhole = await at("stream", () => streamsWell(latest));
    if (!isWhole) return { outcome: "wrong bytes", reported: "sealed" };
    const { failedCount } = await at("prune", () => backend.pruneBefore(1));
    if (failedCount > 0)
      return { outcome: `sealed; ${failedCount} deletes reported as failed`, reported: "sealed" };
    return { outcome: "sealed", reported: "sealed" };
  } catch (error) {
    if (!isStateError(error)) throw error;
    const reported = isSealed ? "sealed" : error.sealed;
    return { outcome: `${isSealed ? "sealed; " : ""}\`${error.code}\`, sealed: ${error.sealed}`, reported };
  } finally {
    await backend.close();
  }
}

/** What a reader who comes later finds in the bucket. */
export async function inspect(
  store: ObjectStore,
): Promise<{ readonly sealed: boolean; readonly problem: string }> {
  const backend = await ObjectStoreBackend.open({
    store,
    instanceId: "reader",
    vnodeCapacity,
    readOnly: true,
  });
  try {
    const epochs = await backend.sealedEpochs();
    const sealed = epochs.includes(1);
    const latest = await backend.latest();
    if (latest?.epoch !== (sealed ? 1 : 0)) return { sealed, problem: `the newest seal is ${latest?.epoch}` };
    for (const vnode of vnodes) {
      const read = await latest.read(vnode);
      if (!isEqual(read, bytesOf(latest.epoch, vnode))) return { sealed, problem: `vnode ${vnode} is wrong` };
    }
    if (!(await streamsWell(latest))) return { sealed, problem: "the streamed vnode is wrong" };
    return { sealed, problem: "" };
  } finally {
    await backend.close();
  }
}

function isEqual(left: Uint8Array | undefined, right: Uint8Array): boolean {
  return left !== undefined && Buffer.compare(left, right) === 0;
}

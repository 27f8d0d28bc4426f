import { invalid } from "../../arguments.ts";
import { isWhole } from "../../chunking.ts";
import { epochOf } from "../../layout.ts";
import { maxSealedChunks } from "../../limits.ts";
import type { Chunk, PartialReceipt } from "../../receipt.ts";
import { findPartial, type SealedPartial } from "../../seal.ts";
import { type Attempt, refuse } from "./attempt.ts";

/** Chunks of epochs below `epoch`. */
export function lowerChunks(chunks: readonly Chunk[], epoch: number): readonly Chunk[] {
  return chunks.filter(({ key }) => epochOf(key) < epoch);
}

/** Chunks of the epoch itself. */
export function ownChunks(chunks: readonly Chunk[], epoch: number): readonly Chunk[] {
  return chunks.filter(({ key }) => epochOf(key) === epoch);
}

/** @throws `ReceiptInvalid` for digests of a whole that are not those of its chunks */
export async function checkWholes(epoch: number, receipts: Iterable<PartialReceipt>): Promise<void> {
  for (const receipt of receipts) {
    // rule: receipt-is-of-its-chunks
    if (receipt.chunks === undefined || (await isWhole(receipt, receipt.chunks))) continue;
    throw invalid(epoch, `the receipt of vnode ${receipt.vnode} has another digest than its chunks make up`);
  }
}

/**
 * A worker guesses which chunks are still there. The newest seal decides, as it does for unchanged vnodes: what it names
 * no prune deletes before the seal that is made now names it too. A look at the chunk itself would prove nothing: a prune
 * may come between the look and the seal.
 *
 * @throws `ReceiptRequired` with the `keys` that it does not name
 */
export async function checkReusedChunks(attempt: Attempt, partials: readonly SealedPartial[]): Promise<void> {
  const { leadership, epoch } = attempt;
  const newest = leadership.newestSeal;
  const refused = new Map<number, readonly string[]>();
  for (const { vnode, chunks = [], codec } of partials) {
    const lower = lowerChunks(chunks, epoch);
    if (lower.length === 0) continue;
    const entry = newest === undefined ? undefined : findPartial(newest, vnode);
    const isSameCodec = entry?.codec === codec;
    const named = new Map(entry?.chunks?.map((chunk) => [chunk.key, chunk]));
    // rule: reused-chunk-is-named-by-the-newest-seal
    const others = lower.filter((chunk) => !(isSameCodec && isSame(chunk, named.get(chunk.key))));
    if (others.length > 0) refused.set(vnode, [...new Set(others.map(({ key }) => key))]);
  }
  const [vnode] = refused.keys();
  if (vnode === undefined) return;
  const keys = [...refused.values()].flat();
  const is =
    newest === undefined
      ? "no epoch is sealed"
      : `epoch ${newest.epoch}, the newest sealed one, does not name them`;
  const vnodes = [...refused.keys()].slice(0, 20).join(", ");
  const message = `epoch ${epoch} uses ${keys.length} chunks of lower epochs again, of vnode ${vnodes}, and ${is}`;
  const next = "Write these vnodes again, with their keys as except";
  return refuse(attempt, "ReceiptRequired", message, { vnode, keys, next });
}

function isSame(a: Chunk, b: Chunk | undefined): boolean {
  // The key carries the digest of what is stored.
  return a.size === b?.size && a.plain?.size === b.plain?.size && a.plain?.sha256 === b.plain?.sha256;
}

/** A seal stays one that can be read. @throws `ReceiptRequired` */
export async function checkChunkCount(attempt: Attempt, partials: readonly SealedPartial[]): Promise<void> {
  let count = 0;
  for (const { vnode, chunks = [] } of partials) {
    count += chunks.length;
    if (count <= maxSealedChunks) continue;
    const message = `epoch ${attempt.epoch} would name more than ${maxSealedChunks} chunks, up to vnode ${vnode}`;
    const next = "Write vnodes in larger chunks";
    return refuse(attempt, "ReceiptRequired", message, { vnode, next });
  }
}

/** The bytes that a seal names, or a receipt: read, checked and decoded. */
import { concatenate, unshared } from "./bytes.ts";
import type { CodecContext } from "./codec.ts";
import { isWhole } from "./chunking.ts";
import { checkNotPruned, checkReadable, isPinned, pruned } from "./control.ts";
import { asStateError, StateError, type StateErrorDetails } from "./errors.ts";
import { decodeInline } from "./inline.ts";
import { commitKey, epochOf } from "./layout.ts";
import { maxBytes } from "./limits.ts";
import type { Namespace } from "./namespace.ts";
import type { Coded, PartialReceipt } from "./receipt.ts";
import {
  type ChunkedPartial,
  entryOf,
  isChunked,
  type Seal,
  type SealedAttachment,
  type SealedPartial,
  writtenAt,
} from "./seal.ts";
import { sha256Hex } from "./sha256.ts";
import { unpack } from "./stored-bytes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What is in one object, or in the seal. */
interface Piece extends Coded {
  /** Absent if it is in the seal. */
  readonly key?: string | undefined;
  readonly inline?: string | undefined;
  readonly size: number;
  readonly sha256?: string | undefined;
  readonly context: CodecContext;
}

/** @throws `RangeError` for a vnode that only `stream` can read */
export function checkReadAtOnce({
  vnode,
  size,
  plain,
}: Pick<SealedPartial, "vnode" | "size" | "plain">): void {
  const bytes = plain?.size ?? size;
  if (bytes < maxBytes) return;
  throw new RangeError(`vnode ${vnode} has ${bytes} bytes, 2^31 or more: read it with stream`);
}

/**
 * Reads what a seal's entry names, whole. An object that is gone is never "absent": an empty response would restart that
 * vnode from nothing.
 *
 * @throws `EpochPruned`, `PartialLost`, `Corrupt`, `UnknownCodec`, `StoreFailed`
 */
export async function readSealed(
  namespace: Namespace,
  seal: Seal,
  entry: SealedPartial | SealedAttachment,
  signal: AbortSignal | undefined,
): Promise<Bytes> {
  if (!isChunked(entry)) return readPiece(namespace, seal, pieceOf(entry), signal);
  checkReadAtOnce(entry);
  const whole = new Uint8Array((entry.plain ?? entry).size);
  let filled = 0;
  for await (const bytes of streamSealed(namespace, seal, entry, signal)) {
    whole.set(bytes, filled);
    filled += bytes.length;
  }
  return whole;
}

/**
 * The same piece by piece, several of which are read ahead. Each is checked before it is given, and before the first that
 * they make up what was sealed.
 */
export async function* streamSealed(
  namespace: Namespace,
  seal: Seal,
  entry: SealedPartial,
  signal: AbortSignal | undefined,
): AsyncGenerator<Bytes, void, undefined> {
  if (!isChunked(entry)) {
    yield await readPiece(namespace, seal, pieceOf(entry), signal);
    return;
  }
  // rule: chunks-make-up-the-whole
  if (!(await isWhole(entry, entry.chunks))) {
    const message = `the seal of epoch ${seal.epoch} names chunks of vnode ${entry.vnode} that are not those of its digest`;
    throw new StateError("Corrupt", message, detailsOf(seal, commitKey(seal.epoch), entry.vnode));
  }
  const pieces = piecesOf(entry).values();
  yield* namespace.mapChunks(pieces, bytesOf, signal, (piece, ahead) =>
    readPiece(namespace, seal, piece, ahead),
  );
}

/**
 * Reads what this backend wrote, sealed or not.
 *
 * @returns `undefined` if an object of its epoch is gone
 * @throws `Corrupt`; `ReceiptRequired` if a chunk of a lower epoch is gone
 */
export async function readWritten(
  namespace: Namespace,
  receipt: PartialReceipt,
  signal: AbortSignal | undefined,
): Promise<Bytes | undefined> {
  const { client, codecs } = namespace;
  const { epoch, vnode } = receipt;
  const entry = entryOf(receipt);
  checkReadAtOnce(entry);
  const read: Bytes[] = [];
  const pieces = isChunked(entry) ? piecesOf(entry) : [pieceOf(entry)];
  const bodies = namespace.mapChunks(pieces.values(), bytesOf, signal, async (piece, ahead) => {
    const { key = commitKey(epoch) } = piece;
    const details = { sealed: "unknown", epoch, vnode, key } as const;
    const body = await client.get(key, client.operation(ahead, piece.size));
    if (body === undefined) {
      if (piece.context.writtenAt === epoch) return undefined;
      // The prune that deleted it leaves the epoch as it is: it was written, and is not there to be read.
      checkNotPruned(epoch, await namespace.readControl(ahead));
      const message = `${key}, which vnode ${vnode} of epoch ${epoch} uses again, is gone`;
      const next = "Write the vnode again, with this key as except";
      throw new StateError("ReceiptRequired", message, { ...details, keys: [key], next });
    }
    if (await isAsDescribed(body, piece)) return unpack(codecs, body, piece, details);
    throw new StateError("Corrupt", `${key} holds other bytes than were written`, details);
  });
  for await (const bytes of bodies) {
    if (bytes === undefined) return undefined;
    read.push(bytes);
  }
  return concatenate(
    read,
    read.reduce((sum, { length }) => sum + length, 0),
  );
}

function piecesOf({ chunks, codec, vnode }: ChunkedPartial): readonly Piece[] {
  return chunks.map((chunk) => ({
    ...chunk,
    codec,
    context: { writtenAt: epochOf(chunk.key), vnode },
  }));
}

/** The larger of what is fetched and what is given. */
function bytesOf({ size, plain }: Piece): number {
  return Math.max(size, plain?.size ?? 0);
}

function pieceOf(entry: Exclude<SealedPartial, ChunkedPartial> | SealedAttachment): Piece {
  const subject = "vnode" in entry ? { vnode: entry.vnode } : { attachment: entry.name };
  return { ...entry, context: { writtenAt: writtenAt(entry), ...subject } };
}

function detailsOf({ epoch, committer }: Seal, key: string, vnode: number | undefined): StateErrorDetails {
  return { sealed: "yes", epoch, vnode, committer, key };
}

async function readPiece(
  namespace: Namespace,
  seal: Seal,
  piece: Piece,
  signal: AbortSignal | undefined,
): Promise<Bytes> {
  const { client, codecs } = namespace;
  const { epoch } = seal;
  const { key = commitKey(epoch) } = piece;
  const details = detailsOf(seal, key, piece.context.vnode);
  try {
    const body =
      piece.inline === undefined
        ? await client.get(key, client.operation(signal, piece.size))
        : decodeInline(piece.inline);
    const intact = body !== undefined && (await isAsDescribed(body, piece));
    // Only the floor tells whether what is there, or is not, still is what was sealed.
    // rule: entry-without-digest-looks-at-the-floor
    // rule: other-bytes-look-at-the-floor
    if (!intact || piece.sha256 === undefined) {
      const control = await namespace.readControl(signal);
      // rule: absent-object-of-a-pruned-seal-is-pruned
      checkReadable(epoch, control, true, details);
      // If it was unpinned meanwhile, a prune has deleted the seal first.
      // rule: lost-object-of-a-pinned-seal-looks-at-the-seal
      const isKept = control.floor > epoch && isPinned(epoch, control);
      if (!intact && isKept && (await isGone(namespace, epoch, signal)))
        throw pruned(epoch, control.floor, details);
    }
    if (intact) return await unpack(codecs, body, piece, details);
    if (body === undefined) {
      // rule: absent-object-of-a-seal-is-an-error
      throw new StateError(
        "PartialLost",
        `${key} is named by the seal of epoch ${epoch} and is gone`,
        details,
      );
    }
    const message = `${key} holds other bytes than the seal of epoch ${epoch} describes`;
    throw new StateError("Corrupt", message, details);
  } catch (error) {
    throw asStateError(
      error,
      `${key}, which the seal of epoch ${epoch} names, could not be read`,
      details,
      signal,
    );
  }
}

async function isGone(
  { client }: Namespace,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  return (await client.get(commitKey(epoch), client.operation(signal))) === undefined;
}

async function isAsDescribed(
  body: Uint8Array,
  { size, sha256 }: Pick<Piece, "size" | "sha256">,
): Promise<boolean> {
  // rule: handle-checks-the-size
  if (body.length !== size) return false;
  // rule: handle-checks-the-digest
  return sha256 === undefined || (await sha256Hex(unshared(body))) === sha256;
}

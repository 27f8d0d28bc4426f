/** A vnode's state in chunks: how a stream is cut into them, and what they make up. */
import { checkBytes } from "./arguments.ts";
import { messageOf, StateError, type StateErrorDetails } from "./errors.ts";
import { maxChunks, minChunkBytes } from "./limits.ts";
import type { Chunk, Coded, Digest } from "./receipt.ts";
import { sha256Hex } from "./sha256.ts";
import type { WritePartialArguments } from "./state-backend.ts";

/** A chunk has room for so much before it has room for all. */
const smallBytes = 262_144;

type Bytes = Uint8Array<ArrayBuffer>;

/** How a stream is cut. */
export interface Cutting {
  readonly chunkBytes: number;
  readonly cut: WritePartialArguments["cut"];
  /** Arrays of `chunkBytes` that nobody needs any more: a new chunk takes one, if it is not cut by the writer. */
  readonly spare: Bytes[];
  readonly details: StateErrorDetails;
}

/**
 * Cuts a stream. Each chunk is a copy, taken before the next piece is asked for.
 *
 * @throws `SourceFailed` if the stream does, or the writer's cut, or if it gives what cannot be chunks of this stream
 */
export async function* cutIntoChunks(
  source: AsyncIterable<Uint8Array>,
  { chunkBytes, cut, spare, details }: Cutting,
): AsyncGenerator<Bytes, void, undefined> {
  const count: Count = { pieces: 0, bytes: 0, isAll: false };
  let given = 0;
  let number = 0;
  let isLast = false;
  try {
    for await (const chunk of chunksOf(source, { chunkBytes, cut, spare }, count)) {
      if (isLast)
        throw new RangeError(`chunk ${number - 1} is below ${minChunkBytes} bytes, and not the last`);
      if (number === maxChunks)
        throw new RangeError(`there are more than ${maxChunks} chunks: make them larger`);
      isLast = chunk.length < minChunkBytes;
      number += 1;
      given += chunk.length;
      yield chunk;
    }
    // rule: cut-gives-every-byte
    if (!count.isAll || given !== count.bytes) {
      const end = count.isAll ? "" : ", and did not take all";
      throw new RangeError(`cut gave ${given} of ${count.bytes} bytes${end}`);
    }
  } catch (cause) {
    const { epoch, vnode } = details;
    const message = `the source of vnode ${vnode} in epoch ${epoch} failed after ${count.bytes} bytes: ${messageOf(cause)}`;
    throw new StateError("SourceFailed", message, { ...details, cause });
  }
}

/** What a stream has given so far. */
interface Count {
  pieces: number;
  bytes: number;
  /** It has come to its end. */
  isAll: boolean;
}

function chunksOf(
  source: AsyncIterable<Uint8Array>,
  { chunkBytes, cut, spare }: Omit<Cutting, "details">,
  count: Count,
): AsyncGenerator<Bytes, void, undefined> {
  const pieces = countedPieces(source, count);
  return cut === undefined ? evenChunks(pieces, chunkBytes, spare) : copiedChunks(cut(copiedPieces(pieces)));
}

async function* countedPieces(
  source: AsyncIterable<Uint8Array>,
  count: Count,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of source) {
    count.bytes += checkBytes(`piece ${count.pieces} of bytes`, piece).length;
    count.pieces += 1;
    yield piece;
  }
  count.isAll = true;
}

async function* evenChunks(
  source: AsyncIterable<Uint8Array>,
  chunkBytes: number,
  spare: Bytes[],
): AsyncGenerator<Bytes, void, undefined> {
  let chunk: Bytes = new Uint8Array(0);
  let filled = 0;
  for await (const piece of source) {
    for (let start = 0; start < piece.length;) {
      const part = piece.subarray(start, start + chunkBytes - filled);
      chunk = withRoom(chunk, filled, filled + part.length, { limit: chunkBytes, spare });
      chunk.set(part, filled);
      filled += part.length;
      start += part.length;
      if (filled < chunkBytes) continue;
      yield chunk;
      chunk = new Uint8Array(0);
      filled = 0;
    }
  }
  if (filled > 0) yield chunk.subarray(0, filled);
}

/**
 * The chunk, or a larger copy: room for a small state, and then at once for `limit` bytes. To grow step by step would leave
 * as much garbage as the chunk has bytes.
 */
function withRoom(
  chunk: Bytes,
  filled: number,
  needed: number,
  { limit, spare }: { readonly limit: number; readonly spare: Bytes[] },
): Bytes {
  if (needed <= chunk.length) return chunk;
  const larger =
    needed <= smallBytes
      ? new Uint8Array(Math.min(limit, smallBytes))
      : (spare.pop() ?? new Uint8Array(limit));
  larger.set(chunk.subarray(0, filled));
  return larger;
}

/** A cut may hold pieces, and the source use its buffer again. */
async function* copiedPieces(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Bytes, void, undefined> {
  for await (const piece of pieces) yield new Uint8Array(piece);
}

async function* copiedChunks(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Bytes, void, undefined> {
  let number = 0;
  for await (const chunk of chunks) {
    checkBytes(`chunk ${number} of cut`, chunk);
    number += 1;
    if (chunk.length > 0) yield new Uint8Array(chunk);
  }
}

/** What chunks make up: `sha256` is the digest of their digests. */
export async function wholeOf(chunks: readonly Chunk[], codec: string | undefined): Promise<Digest & Coded> {
  const stored = await digestOfDigests(chunks);
  if (codec === undefined) return stored;
  return { ...stored, codec, plain: await digestOfDigests(chunks.flatMap(({ plain }) => plain ?? [])) };
}

async function digestOfDigests(digests: readonly Digest[]): Promise<Digest> {
  const bytes = new Uint8Array(32 * digests.length);
  let size = 0;
  for (const [index, digest] of digests.entries()) {
    size += digest.size;
    for (let byte = 0; byte < 32; byte++)
      bytes[32 * index + byte] = Number.parseInt(digest.sha256.slice(2 * byte, 2 * byte + 2), 16);
  }
  return { size, sha256: await sha256Hex(bytes) };
}

/** Whether the digests of a whole are those of its chunks. Their sizes were compared when it was read. */
export async function isWhole(whole: Digest & Coded, chunks: readonly Chunk[]): Promise<boolean> {
  const is = await wholeOf(chunks, whole.codec);
  return is.sha256 === whole.sha256 && is.plain?.sha256 === whole.plain?.sha256;
}

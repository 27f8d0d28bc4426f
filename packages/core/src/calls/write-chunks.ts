import { cutIntoChunks, wholeOf } from "../chunking.ts";
import { ensureBytes } from "../create-or-read-back.ts";
import { messageOf, storeFailed } from "../errors.ts";
import { chunkKey } from "../layout.ts";
import type { Namespace } from "../namespace.ts";
import type { Chunk, ChunkedReceipt, Coded, Digest, PartialReceipt } from "../receipt.ts";
import { findPartial, freezeChunks, type Seal } from "../seal.ts";
import { digestOf } from "../sha256.ts";
import type { WritePartialArguments } from "../state-backend.ts";
import { pack } from "../stored-bytes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** `writePartial`'s arguments, checked, if what is written is cut into chunks. */
export interface ChunkedWrite {
  readonly epoch: number;
  readonly vnode: number;
  readonly assignmentVersion: number;
  readonly source: AsyncIterable<Uint8Array>;
  readonly cut: WritePartialArguments["cut"];
  /** Whose chunks are used again. */
  readonly reuse: Seal | undefined;
  /** Keys of `reuse` that are not. */
  readonly except: ReadonlySet<string>;
}

/**
 * Writes a stream, chunk by chunk, several at a time. Chunks that are known to be there are not sent: those of `reuse`,
 * and those that this backend's last write of the vnode in this epoch has sent.
 */
export async function writeChunks(
  namespace: Namespace,
  { epoch, vnode, source, cut, reuse, except }: ChunkedWrite,
  last: PartialReceipt | undefined,
  signal: AbortSignal | undefined,
): Promise<Omit<ChunkedReceipt, "epoch" | "vnode" | "assignmentVersion">> {
  signal?.throwIfAborted();
  const codec = namespace.codecs.first;
  const details = { sealed: "unknown", epoch, vnode } as const;
  const known = new KnownChunks(codec?.id);
  // Whether the newest seal still names them when the epoch is sealed, the leader sees to.
  if (reuse !== undefined) known.add(findPartial(reuse, vnode), ({ key }) => !except.has(key));
  // What it has used again itself may be what was refused.
  known.add(last, ({ key, sha256 }) => key === chunkKey(epoch, vnode, sha256) && !except.has(key));

  const { chunkBytes } = namespace;
  // Without them V8 lets 64 MiB of such arrays lie before it collects them.
  const spare: Bytes[] = [];
  const what = `the write of vnode ${vnode} in epoch ${epoch}`;
  const write = async (bytes: Bytes, digest: Digest, ahead: AbortSignal): Promise<Chunk> => {
    const { body, form } = await pack(codec, bytes, { writtenAt: epoch, vnode }, digest);
    const key = chunkKey(epoch, vnode, form.sha256);
    const { client } = namespace;
    const operation = client.operation(ahead, body.length);
    const creation = await ensureBytes(client, key, body, operation, form.sha256);
    // rule: failed-chunk-is-no-receipt
    if (creation.outcome !== "present")
      throw storeFailed(`${what} failed: ${messageOf(creation.cause)}`, creation.cause, { ...details, key });
    if (creation.isReleased === true && body === bytes && cut === undefined && isWhole(bytes, chunkBytes))
      spare.push(bytes);
    const { size, sha256, plain } = form;
    return { key, size, sha256, ...(plain === undefined ? {} : { plain }) };
  };
  const chunks: Chunk[] = [];
  const pieces = cutIntoChunks(source, { chunkBytes, cut, spare, details });
  const written = namespace.mapChunks(
    pieces,
    ({ length }) => length,
    signal,
    async (bytes, ahead) => {
      const digest = await digestOf(bytes);
      return known.findOr(digest, () => write(bytes, digest, ahead));
    },
  );
  for await (const chunk of written) chunks.push(chunk);
  freezeChunks(chunks);
  return { ...(await wholeOf(chunks, codec?.id)), chunks };
}

/** Chunks by what they hold. */
class KnownChunks {
  readonly #codec: string | undefined;
  readonly #chunks = new Map<string, Chunk | Promise<Chunk>>();

  constructor(codec: string | undefined) {
    this.#codec = codec;
  }

  /** Adds those of an entry or a receipt, if the same codec wrote them: a whole has one. */
  add(
    whole: (Coded & { readonly chunks?: readonly Chunk[] | undefined }) | undefined,
    isKnown: (chunk: Chunk) => boolean,
  ): void {
    if (whole?.chunks === undefined || whole.codec !== this.#codec) return;
    // Copied: a receipt is frozen, and the seal may be the caller's.
    for (const chunk of whole.chunks)
      if (isKnown(chunk)) this.#chunks.set(nameOf(chunk.plain ?? chunk), copyOf(chunk));
  }

  /** The chunk that holds it; else the one that `write` gives, once: a stream may hold the same chunk many times. */
  findOr(digest: Digest, write: () => Promise<Chunk>): Chunk | Promise<Chunk> {
    const found = this.#chunks.get(nameOf(digest));
    if (found !== undefined) return found;
    const written = write();
    this.#chunks.set(nameOf(digest), written);
    return written;
  }
}

/** Whether it is all of an array of so many bytes. */
function isWhole(bytes: Bytes, length: number): boolean {
  return bytes.length === length && bytes.buffer.byteLength === length;
}

function copyOf(chunk: Chunk): Chunk {
  return chunk.plain === undefined ? { ...chunk } : { ...chunk, plain: { ...chunk.plain } };
}

function nameOf({ size, sha256 }: Digest): string {
  return `${size}.${sha256}`;
}

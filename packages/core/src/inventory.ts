/** What a seal names: its entries as they stand in the JSON of `_COMMIT`. */
import { isCodecId } from "./codec.ts";
import { decodeInline } from "./inline.ts";
import { isCount, isRecord, isSha256 } from "./json.ts";
import { type EpochObject, parseEpochObject } from "./layout.ts";
import { maxBytes, maxChunks, minChunkBytes } from "./limits.ts";
import type { Chunk, Coded, Digest } from "./receipt.ts";
import type { ChunkedPartial, InlinePartial, Seal, SealedAttachment, SealedPartial } from "./seal.ts";

type Fields = Readonly<Record<string, unknown>>;

/** @returns what is wrong, if there is anything that is not exactly one of the known forms */
export function decodeInventory(
  { partials, attachments }: Fields,
  format: 1 | 2,
  epoch: number,
): Pick<Seal, "partials" | "attachments"> | { readonly fault: string } {
  if (!Array.isArray(partials) || !Array.isArray(attachments)) return { fault: "has no inventory" };
  const byVnode = new Map<number, SealedPartial>();
  for (const value of partials as readonly unknown[]) {
    const entry = isRecord(value) ? decodePartial(value, format, epoch) : undefined;
    if (entry === undefined || byVnode.has(entry.vnode)) return impossible(value);
    byVnode.set(entry.vnode, entry);
  }
  const byName = new Map<string, SealedAttachment>();
  for (const value of attachments as readonly unknown[]) {
    const entry = isRecord(value) ? decodeAttachment(value, format, epoch) : undefined;
    if (entry === undefined || byName.has(entry.name)) return impossible(value);
    byName.set(entry.name, entry);
  }
  return {
    partials: [...byVnode.values()].toSorted((a, b) => a.vnode - b.vnode),
    attachments: [...byName.values()],
  };
}

function impossible(entry: unknown): { readonly fault: string } {
  const text = JSON.stringify(entry);
  const shown = text.length > 400 ? `${text.slice(0, 400)}…` : text;
  return { fault: `names an object that cannot be its own: ${shown}` };
}

function decodePartial(fields: Fields, format: 1 | 2, epoch: number): SealedPartial | undefined {
  if (format === 2 && "inline" in fields) return decodeInlineEntry(fields, epoch);
  if (format === 2 && "chunks" in fields) return decodeChunkedEntry(fields, epoch);
  const entry = decodeEntry(fields, format, epoch);
  if (entry?.object.kind !== "partial" || entry.object.vnode !== fields["vnode"]) return undefined;
  return { vnode: entry.object.vnode, ...entry.stored };
}

function decodeAttachment(fields: Fields, format: 1 | 2, epoch: number): SealedAttachment | undefined {
  const entry = decodeEntry(fields, format, epoch);
  if (entry?.object.kind !== "attachment" || entry.object.name !== fields["name"]) return undefined;
  return { name: entry.object.name, ...entry.stored };
}

interface Entry {
  readonly object: EpochObject;
  readonly stored: Coded & {
    readonly key: string;
    readonly size: number;
    readonly sha256?: string;
  };
}

/** One object: of this epoch, or of a lower one for an unchanged vnode. */
function decodeEntry(fields: Fields, format: 1 | 2, epoch: number): Entry | undefined {
  const { key, size, sha256 } = fields;
  if (typeof key !== "string" || !isCount(size)) return undefined;
  if (sha256 !== undefined && !isSha256(sha256)) return undefined;
  const object = parseEpochObject(key);
  if (object === undefined || object.epoch > epoch) return undefined;
  const coded = format === 1 ? {} : decodeCoded(fields);
  // Nothing is coded without a digest.
  if (coded === undefined || (coded.codec !== undefined && sha256 === undefined)) return undefined;
  return { object, stored: { key, size, ...(sha256 === undefined ? {} : { sha256 }), ...coded } };
}

/** A vnode whose bytes are in the seal. */
function decodeInlineEntry(fields: Fields, epoch: number): InlinePartial | undefined {
  const { vnode, key, chunks, size, sha256, inline, writtenAt } = fields;
  if (typeof inline !== "string" || key !== undefined || chunks !== undefined) return undefined;
  if (!isCount(vnode) || !isCount(size) || !isSha256(sha256)) return undefined;
  if (!isCount(writtenAt) || writtenAt > epoch) return undefined;
  if (decodeInline(inline)?.length !== size) return undefined;
  const coded = decodeCoded(fields);
  return coded === undefined ? undefined : { vnode, size, sha256, inline, writtenAt, ...coded };
}

/** A vnode whose bytes are in chunks. */
function decodeChunkedEntry(fields: Fields, epoch: number): ChunkedPartial | undefined {
  const { vnode, key, size, sha256, writtenAt } = fields;
  if (key !== undefined || !isCount(vnode) || !isCount(size) || !isSha256(sha256)) return undefined;
  if (!isCount(writtenAt) || writtenAt > epoch) return undefined;
  const coded = decodeCoded(fields);
  if (coded === undefined) return undefined;
  const whole = { vnode, size, sha256, writtenAt, ...coded };
  const chunks = decodeChunks(fields["chunks"], { ...whole, epoch: writtenAt });
  return chunks === undefined ? undefined : { ...whole, chunks };
}

/** What chunks are to make up. */
interface Whole extends Digest, Coded {
  readonly vnode: number;
  /** Of which they are, at most. */
  readonly epoch: number;
}

/** @returns `undefined` unless they are chunks of this vnode, and their sizes those of the whole */
export function decodeChunks(
  value: unknown,
  { vnode, epoch, size, plain }: Whole,
): readonly Chunk[] | undefined {
  if (!Array.isArray(value) || value.length > maxChunks) return undefined;
  const chunks: Chunk[] = [];
  let stored = 0;
  let given = 0;
  for (const fields of value as readonly unknown[]) {
    const chunk = isRecord(fields) ? decodeChunk(fields, vnode, epoch) : undefined;
    if (chunk === undefined || (chunk.plain === undefined) !== (plain === undefined)) return undefined;
    const { size: bytes } = chunk.plain ?? chunk;
    const isLast = chunks.length === value.length - 1;
    if (bytes === 0 || (bytes < minChunkBytes && !isLast)) return undefined;
    stored += chunk.size;
    given += bytes;
    chunks.push(chunk);
  }
  return stored === size && given === (plain?.size ?? size) ? chunks : undefined;
}

function decodeChunk(fields: Fields, vnode: number, epoch: number): Chunk | undefined {
  const { key, size, sha256 } = fields;
  if (typeof key !== "string" || !isCount(size) || size >= maxBytes || !isSha256(sha256)) return undefined;
  const object = parseEpochObject(key);
  if (object?.kind !== "chunk" || object.epoch > epoch) return undefined;
  if (object.vnode !== vnode || object.sha256 !== sha256) return undefined;
  if (fields["plain"] === undefined) return { key, size, sha256 };
  const plain = decodeDigest(fields["plain"]);
  return plain === undefined ? undefined : { key, size, sha256, plain };
}

/** What a codec made of it, if one did. */
export function decodeCoded({ codec, plain }: Fields): Coded | undefined {
  if (codec === undefined && plain === undefined) return {};
  const digest = decodeDigest(plain);
  return isCodecId(codec) && digest !== undefined ? { codec, plain: digest } : undefined;
}

function decodeDigest(value: unknown): Digest | undefined {
  if (!isRecord(value)) return undefined;
  const { size, sha256 } = value;
  return isCount(size) && isSha256(sha256) ? { size, sha256 } : undefined;
}

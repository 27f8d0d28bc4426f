import { StateError } from "./errors.ts";
import { decodeInventory } from "./inventory.ts";
import { decodeText, encodeJson, isCount, parseRecord } from "./json.ts";
import { commitKey, epochOf } from "./layout.ts";
import { pastDamage } from "./next-steps.ts";
import type { Chunk, Coded, Digest, PartialReceipt } from "./receipt.ts";

/** An epoch's `_COMMIT` that names a committer. An epoch is committed if and only if it has one. */
export interface Seal {
  /**
   * 0 is the plain-text form of LaminarDB: no incarnation, no version, no digests. 2: it has entries that are in the
   * seal itself, in chunks, or coded.
   */
  readonly format: 0 | 1 | 2;
  readonly epoch: number;
  /** The instance that created the seal. */
  readonly committer: string;
  readonly incarnation?: string | undefined;
  readonly assignmentVersion?: number | undefined;
  /** The epoch that its unchanged vnodes are as they were in; absent if it has none. */
  readonly base?: number | undefined;
  /** When it was made, by the committer's clock: milliseconds since 1970. For display; no rule goes by it. */
  readonly at?: number | undefined;
  /** One entry a vnode, ascending. */
  readonly partials: readonly SealedPartial[];
  readonly attachments: readonly SealedAttachment[];
}

/** Where a vnode's state is: in an object, in several, or in the seal itself. */
export type SealedPartial = StoredPartial | ChunkedPartial | InlinePartial;

export interface StoredPartial extends Coded {
  readonly vnode: number;
  readonly key: string;
  readonly size: number;
  /** Lower-case hex. Absent where the vnode was accepted by its listing alone. */
  readonly sha256?: string | undefined;
  readonly chunks?: undefined;
  readonly inline?: undefined;
}

/** `size`, `sha256` and `plain` as in a `ChunkedReceipt`. */
export interface ChunkedPartial extends Digest, Coded {
  readonly vnode: number;
  readonly key?: undefined;
  /** The epoch that it was written for: an unchanged vnode keeps it. */
  readonly writtenAt: number;
  /** In order. */
  readonly chunks: readonly Chunk[];
  readonly inline?: undefined;
}

export interface InlinePartial extends Digest, Coded {
  readonly vnode: number;
  readonly key?: undefined;
  readonly chunks?: undefined;
  /** The bytes, in base64. */
  readonly inline: string;
  /** The epoch that they were given for: an unchanged vnode keeps it. */
  readonly writtenAt: number;
}

export interface SealedAttachment extends Coded {
  readonly name: string;
  readonly key: string;
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256?: string | undefined;
}

/** A receipt as a seal has it. */
export function entryOf(receipt: PartialReceipt): SealedPartial {
  const { vnode, epoch } = receipt;
  if (receipt.chunks === undefined) return { vnode, ...storedOf(receipt) };
  const { size, sha256, chunks } = receipt;
  return { vnode, size, sha256, writtenAt: epoch, ...codedOf(receipt), chunks };
}

export function storedOf(object: Omit<StoredPartial, "vnode">): Omit<StoredPartial, "vnode"> {
  const { key, size, sha256 } = object;
  return { key, size, ...(sha256 === undefined ? {} : { sha256 }), ...codedOf(object) };
}

function codedOf({ codec, plain }: Coded): Coded {
  return codec === undefined ? {} : { codec, plain };
}

/** Every key that the seal names, in whatever epoch. */
export function* keysOf({ partials, attachments }: Seal): Generator<string, void, undefined> {
  for (const { key, chunks = [] } of partials) {
    // rule: chunks-are-named-objects
    for (const chunk of chunks) yield chunk.key;
    // What is in the seal itself has no key: it stays with the seal.
    if (key !== undefined) yield key;
  }
  // rule: named-attachments-are-kept
  for (const { key } of attachments) yield key;
}

/** Whether the bytes are in chunks. */
export function isChunked<T extends object>(
  whole: T,
): whole is Extract<T, { readonly chunks: readonly Chunk[] }> {
  return "chunks" in whole && whole.chunks !== undefined;
}

/** The epoch that the entry's bytes were written in. */
export function writtenAt(entry: SealedPartial | SealedAttachment): number {
  if (entry.key === undefined) return entry.writtenAt;
  return epochOf(entry.key);
}

/** The same seal, frozen: its entries go into the next seal, whatever a caller does to what it was given. */
export function frozen(seal: Seal): Seal {
  // rule: seals-are-frozen
  for (const entry of [...seal.partials, ...seal.attachments]) {
    if (entry.plain !== undefined) Object.freeze(entry.plain);
    Object.freeze(entry);
  }
  for (const { chunks = [] } of seal.partials) freezeChunks(chunks);
  Object.freeze(seal.partials);
  Object.freeze(seal.attachments);
  return Object.freeze(seal);
}

export function freezeChunks(chunks: readonly Chunk[]): void {
  for (const chunk of chunks) {
    if (chunk.plain !== undefined) Object.freeze(chunk.plain);
    Object.freeze(chunk);
  }
  Object.freeze(chunks);
}

/** The seal's entry of a vnode. */
export function findPartial(seal: Seal, vnode: number): SealedPartial | undefined {
  let low = 0;
  let high = seal.partials.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entry = seal.partials[middle];
    if (entry?.vnode === vnode) return entry;
    if (entry !== undefined && entry.vnode < vnode) low = middle + 1;
    else high = middle;
  }
  return undefined;
}

/** LaminarDB's `_COMMIT`, or damage: all of it is the committer's id, and the inventory is what the listing shows. */
export interface PlainText {
  readonly kind: "plain-text";
  readonly committer: string;
  readonly body: Uint8Array;
}

/** What an epoch's `_COMMIT` says. */
export type Commit =
  | { readonly kind: "seal"; readonly seal: Seal }
  | {
      readonly kind: "void";
      readonly by: string;
      readonly incarnation: string;
      readonly at?: number | undefined;
    }
  | PlainText
  /** It cannot be read, and an operator gave it up: the epoch is void, though it may have been sealed once. */
  | { readonly kind: "given-up" };

export function encodeSeal(seal: Seal): Uint8Array {
  return encodeJson(seal);
}

export function encodeVoid(epoch: number, by: string, incarnation: string): Uint8Array {
  return encodeJson({ format: 1, epoch, void: true, by, incarnation, at: Date.now() });
}

/** Whether it may stand for a seal: plain text may be damage. */
export function mayBeSeal(
  commit: Commit | undefined,
): commit is Extract<Commit, { readonly kind: "seal" | "plain-text" }> {
  return commit?.kind === "seal" || commit?.kind === "plain-text";
}

/**
 * Reads a `_COMMIT`. A guess here would restore the wrong state, so anything that is not exactly one of the
 * known forms is an error.
 *
 * @throws `Corrupt`, `UnknownFormat`
 */
export function decodeCommit(body: Uint8Array, epoch: number): Commit {
  const key = commitKey(epoch);
  const corrupt = (fault: string): StateError =>
    new StateError("Corrupt", `${key} ${fault}`, { sealed: "unknown", epoch, key, next: pastDamage });
  const text = decodeText(body);
  if (text === undefined) throw corrupt("is not UTF-8");
  if (text === "") throw corrupt("is empty");
  if (!text.startsWith("{")) {
    // rule: plain-text-is-an-instance-id
    if (!isInstanceId(text) || text.includes("<")) throw corrupt("is neither JSON nor the id of an instance");
    return { kind: "plain-text", committer: text, body };
  }

  const record = parseRecord(text);
  if (record === undefined) throw corrupt("starts with { and is not JSON");
  if (!Number.isSafeInteger(record["format"])) throw corrupt("has no format");
  const { format } = record;
  if (format !== 1 && format !== 2) {
    throw new StateError(
      "UnknownFormat",
      `${key} has format ${String(format)}; this version reads 0, 1 and 2`,
      {
        sealed: "unknown",
        epoch,
        key,
      },
    );
  }
  if (record["epoch"] !== epoch) throw corrupt(`says that it belongs to epoch ${String(record["epoch"])}`);
  if (record["at"] !== undefined && !isCount(record["at"])) throw corrupt("has no time");
  const at = record["at"];
  const isVoid = "void" in record;
  const isSeal = "committer" in record;
  if (isVoid === isSeal)
    throw corrupt(isVoid ? "is a seal and a void at once" : "is neither a seal nor a void");
  if (isVoid) {
    const { by, incarnation } = record;
    if (record["void"] !== true || typeof by !== "string" || typeof incarnation !== "string") {
      throw corrupt("is a void without by or incarnation");
    }
    return { kind: "void", by, incarnation, at };
  }
  return { kind: "seal", seal: frozen(decodeSeal(record, format, epoch, corrupt)) };
}

function decodeSeal(
  record: Readonly<Record<string, unknown>>,
  format: 1 | 2,
  epoch: number,
  corrupt: (fault: string) => StateError,
): Seal {
  const { committer, incarnation, assignmentVersion, base, at } = record;
  if (typeof committer !== "string" || committer === "") throw corrupt("names no committer");
  if (typeof incarnation !== "string") throw corrupt("names no incarnation");
  if (!isCount(assignmentVersion)) throw corrupt("has no assignmentVersion");
  if (base !== undefined && !isCount(base)) throw corrupt("has a base that is no epoch");
  const inventory = decodeInventory(record, format, epoch);
  if ("fault" in inventory) throw corrupt(inventory.fault);
  return {
    format,
    epoch,
    committer,
    incarnation,
    assignmentVersion,
    ...(base === undefined ? {} : { base }),
    ...(isCount(at) ? { at } : {}),
    ...inventory,
  };
}

/** The grammar of an instance's id: 1 to 200 printable characters, not starting with `{`. */
export function isInstanceId(value: string): boolean {
  return /^(?!\{)[^\p{C}\p{Zl}\p{Zp}]{1,200}$/u.test(value);
}

import { StateError } from "./errors.ts";
import { decodeInline } from "./inline.ts";
import { pastDamage } from "./next-steps.ts";
import { commitKey, type EpochObject, parseEpochObject } from "./layout.ts";

/** An epoch's `_COMMIT` that names a committer. An epoch is committed if and only if it has one. */
export interface Seal {
  /** 0 is the plain-text form of LaminarDB: no incarnation, no version, no digests. 2: it has bytes of vnodes in it. */
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

/** Where a vnode's state is: in an object, or in the seal itself. */
export type SealedPartial = StoredPartial | InlinePartial;

export interface StoredPartial {
  readonly vnode: number;
  readonly key: string;
  readonly size: number;
  /** Lower-case hex. Absent where the vnode was accepted by its listing alone. */
  readonly sha256?: string | undefined;
}

export interface InlinePartial {
  readonly vnode: number;
  readonly key?: undefined;
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** The bytes, in base64. */
  readonly inline: string;
  /** The epoch that they were given for: an unchanged vnode keeps it. */
  readonly writtenAt: number;
}

export interface SealedAttachment {
  readonly name: string;
  readonly key: string;
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256?: string | undefined;
}

/** The same seal, frozen: its entries go into the next seal, whatever a caller does to what it was given. */
export function frozen(seal: Seal): Seal {
  // rule: seals-are-frozen
  for (const entry of [...seal.partials, ...seal.attachments]) Object.freeze(entry);
  Object.freeze(seal.partials);
  Object.freeze(seal.attachments);
  return Object.freeze(seal);
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
  const { committer, incarnation, assignmentVersion, base, partials, attachments } = record;
  if (typeof committer !== "string" || committer === "") throw corrupt("names no committer");
  if (typeof incarnation !== "string") throw corrupt("names no incarnation");
  if (!isCount(assignmentVersion)) throw corrupt("has no assignmentVersion");
  if (base !== undefined && !isCount(base)) throw corrupt("has a base that is no epoch");
  if (!Array.isArray(partials) || !Array.isArray(attachments)) throw corrupt("has no inventory");
  const entryFault = (entry: unknown): StateError =>
    corrupt(`names an object that cannot be its own: ${JSON.stringify(entry)}`);

  const vnodes = new Set<number>();
  const names = new Set<string>();
  return {
    format,
    epoch,
    committer,
    incarnation,
    assignmentVersion,
    ...(base === undefined ? {} : { base }),
    ...(isCount(record["at"]) ? { at: record["at"] } : {}),
    partials: partials
      .map((entry: unknown) => {
        if (format === 2 && isRecord(entry) && "inline" in entry) {
          const given = decodeInlineEntry(entry, epoch) ?? fail(entryFault(entry));
          if (vnodes.has(given.vnode)) throw entryFault(entry);
          vnodes.add(given.vnode);
          return given;
        }
        const { key, size, sha256, object, fields } = decodeEntry(entry, epoch) ?? fail(entryFault(entry));
        if (object.kind !== "partial" || object.vnode !== fields["vnode"] || vnodes.has(object.vnode))
          throw entryFault(entry);
        vnodes.add(object.vnode);
        return { vnode: object.vnode, key, size, ...(sha256 === undefined ? {} : { sha256 }) };
      })
      .toSorted((a, b) => a.vnode - b.vnode),
    attachments: attachments.map((entry: unknown) => {
      const { key, size, sha256, object, fields } = decodeEntry(entry, epoch) ?? fail(entryFault(entry));
      if (object.kind !== "attachment" || object.name !== fields["name"] || names.has(object.name))
        throw entryFault(entry);
      names.add(object.name);
      return { name: object.name, key, size, ...(sha256 === undefined ? {} : { sha256 }) };
    }),
  };
}

interface Entry {
  readonly key: string;
  readonly size: number;
  readonly sha256: string | undefined;
  readonly object: EpochObject;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** One line of the inventory: an object of this epoch, or of a lower one for an unchanged vnode. */
function decodeEntry(value: unknown, epoch: number): Entry | undefined {
  if (!isRecord(value)) return undefined;
  const { key, size, sha256 } = value;
  if (typeof key !== "string" || !isCount(size)) return undefined;
  if (sha256 !== undefined && !isSha256(sha256)) return undefined;
  const object = parseEpochObject(key);
  if (object === undefined || object.epoch > epoch) return undefined;
  return { key, size, sha256, object, fields: value };
}

/** A vnode whose bytes are in the seal. */
function decodeInlineEntry(
  { vnode, key, size, sha256, inline, writtenAt }: Readonly<Record<string, unknown>>,
  epoch: number,
): InlinePartial | undefined {
  if (typeof inline !== "string" || key !== undefined || !isCount(vnode) || !isCount(size)) return undefined;
  if (!isSha256(sha256) || !isCount(writtenAt) || writtenAt > epoch) return undefined;
  if (decodeInline(inline)?.length !== size) return undefined;
  return { vnode, size, sha256, inline, writtenAt };
}

/** The grammar of an instance's id: 1 to 200 printable characters, not starting with `{`. */
export function isInstanceId(value: string): boolean {
  return /^(?!\{)[^\p{C}\p{Zl}\p{Zp}]{1,200}$/u.test(value);
}

export function isSha256(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

export function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

export function encodeJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** The JSON object in `body`, or `undefined` for anything else. */
export function decodeJson(body: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  const text = decodeText(body);
  return text === undefined ? undefined : parseRecord(text);
}

function parseRecord(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function decodeText(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fail(error: StateError): never {
  throw error;
}

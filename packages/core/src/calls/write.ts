import type { CodecContext } from "../codec.ts";
import { ensure, ensureBytes } from "../create-or-read-back.ts";
import { messageOf, StateError, storeFailed } from "../errors.ts";
import { attachmentKeys, type DataKeys, partialKeys } from "../layout.ts";
import type { Leadership } from "../leadership.ts";
import type { Namespace } from "../namespace.ts";
import type { OwnWrites } from "../own-writes.ts";
import type { AttachmentReceipt, Coded, Digest, PartialReceipt } from "../receipt.ts";
import { sameBytes } from "../bytes.ts";
import type { WriteAttachmentArguments } from "../state-backend.ts";
import { pack } from "../stored-bytes.ts";
import { type ChunkedWrite, writeChunks } from "./write-chunks.ts";

/** `writePartial`'s arguments, checked: in one piece, or a stream. */
export type CheckedWrite = WholeWrite | ChunkedWrite;

interface WholeWrite {
  readonly epoch: number;
  readonly vnode: number;
  readonly assignmentVersion: number;
  readonly bytes: Uint8Array;
}

export async function writePartial(
  namespace: Namespace,
  leadership: Leadership,
  ownWrites: OwnWrites,
  args: CheckedWrite,
  signal: AbortSignal | undefined,
): Promise<PartialReceipt> {
  const { epoch, vnode, assignmentVersion } = args;
  checkVersion(leadership, args);
  const place = ownWrites.begin();
  const data =
    "source" in args
      ? await writeChunks(namespace, args, ownWrites.find(epoch, vnode), signal)
      : await writeOnce(namespace, partialKeys(epoch, vnode), args.bytes, {
          what: `the write of vnode ${vnode} in epoch ${epoch}`,
          context: { writtenAt: epoch, vnode },
          signal,
        });
  if (data.plain !== undefined) Object.freeze(data.plain);
  // rule: receipts-are-frozen
  const receipt = Object.freeze({ epoch, vnode, assignmentVersion, ...data });
  ownWrites.remember(receipt, place);
  return receipt;
}

export async function writeAttachment(
  namespace: Namespace,
  leadership: Leadership,
  ownWrites: OwnWrites,
  args: WriteAttachmentArguments,
  signal: AbortSignal | undefined,
): Promise<AttachmentReceipt> {
  const { epoch, name, assignmentVersion, bytes } = args;
  checkVersion(leadership, args);
  const what = `the write of attachment ${name} in epoch ${epoch}`;
  const context = { writtenAt: epoch, attachment: name };
  const data = await writeOnce(namespace, attachmentKeys(epoch, name), bytes, { what, context, signal });
  const receipt = { epoch, name, assignmentVersion, ...data };
  ownWrites.rememberAttachment(receipt);
  return receipt;
}

/** @throws `StaleVersion` for a write below the authoritative version. */
function checkVersion(
  { authoritativeVersion }: Leadership,
  { epoch, assignmentVersion }: Pick<WriteAttachmentArguments, "epoch" | "assignmentVersion">,
): void {
  // rule: stale-write
  if (assignmentVersion < authoritativeVersion) {
    const message = `epoch ${epoch} was to be written under version ${assignmentVersion}, and ${authoritativeVersion} is in force`;
    throw new StateError("StaleVersion", message, {
      sealed: "unknown",
      epoch,
      version: authoritativeVersion,
      next: "Stop writing until the leader has sent the new assignment",
    });
  }
}

interface Write {
  readonly what: string;
  readonly context: CodecContext;
  readonly signal: AbortSignal | undefined;
}

/**
 * Writes bytes under the first key, or, where other bytes came first, under a key that carries their digest.
 * Nothing is overwritten: a zombie's late write must not change what a seal names.
 */
async function writeOnce(
  namespace: Namespace,
  keys: DataKeys,
  bytes: Uint8Array,
  write: Write,
): Promise<Digest & Coded & { key: string }> {
  write.signal?.throwIfAborted();
  const { copies, codecs } = namespace;
  // The copy is what is digested and sent: a caller that goes on changing its buffer must not seal damage.
  // rule: private-copy
  const copy = copies.of(bytes);
  let isReleased = false;
  try {
    const written = await writeCopy(namespace, keys, copy, write);
    // A codec may hold what it was given.
    isReleased = written.isReleased && codecs.first === undefined;
    return written.data;
  } finally {
    copies.end(copy, isReleased);
  }
}

interface Written {
  readonly data: Digest & Coded & { readonly key: string };
  /** Whether nothing in the store can be at work on the body any more (C4 of the store contract). */
  readonly isReleased: boolean;
}

async function writeCopy(
  { client, codecs }: Namespace,
  keys: DataKeys,
  copy: Uint8Array<ArrayBuffer>,
  { what, context, signal }: Write,
): Promise<Written> {
  const { body, form } = await pack(codecs.first, copy, context);
  const operation = client.operation(signal, body.length);
  const details = { sealed: "unknown", epoch: context.writtenAt, vnode: context.vnode } as const;
  const failed = (cause: unknown): StateError =>
    storeFailed(`${what} failed: ${messageOf(cause)}`, cause, details);

  const first = await ensure(client, keys.first, body, operation, form.sha256);
  // rule: failed-write-is-no-receipt
  if (first.outcome === "created")
    return { data: { key: keys.first, ...form }, isReleased: first.attempts === 1 };
  if (first.outcome !== "found") throw failed(first.cause);
  // rule: replay-is-success
  // rule: other-bytes-other-key
  if (sameBytes(first.body, body)) return { data: { key: keys.first, ...form }, isReleased: false };

  const key = keys.later(form.sha256);
  const later = await ensureBytes(client, key, body, operation, form.sha256);
  if (later.outcome !== "present") throw failed(later.cause);
  return { data: { key, ...form }, isReleased: false };
}

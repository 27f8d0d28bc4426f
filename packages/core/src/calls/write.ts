import { ensure, ensurePresent } from "../create-or-read-back.ts";
import { messageOf, StateError, storeFailed } from "../errors.ts";
import { attachmentKeys, type DataKeys, partialKeys } from "../layout.ts";
import type { Leadership } from "../leadership.ts";
import type { Namespace } from "../namespace.ts";
import type { OwnWrites } from "../own-writes.ts";
import type { AttachmentReceipt, PartialReceipt } from "../receipt.ts";
import { sameBytes, sha256Hex } from "../sha256.ts";
import type { WriteAttachmentArguments, WritePartialArguments } from "../state-backend.ts";

export async function writePartial(
  namespace: Namespace,
  leadership: Leadership,
  ownWrites: OwnWrites,
  args: WritePartialArguments,
  signal: AbortSignal | undefined,
): Promise<PartialReceipt> {
  const { epoch, vnode, assignmentVersion, bytes } = args;
  checkVersion(leadership, args);
  const place = ownWrites.begin();
  const what = `the write of vnode ${vnode} in epoch ${epoch}`;
  const data = await writeOnce(namespace, partialKeys(epoch, vnode), bytes, { what, epoch, vnode, signal });
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
  const data = await writeOnce(namespace, attachmentKeys(epoch, name), bytes, { what, epoch, signal });
  const receipt = { epoch, name, assignmentVersion, ...data };
  ownWrites.rememberAttachment(receipt);
  return receipt;
}

/** @throws `StaleVersion` for a write below the authoritative version. */
function checkVersion(
  { authoritativeVersion }: Leadership,
  { epoch, assignmentVersion }: Pick<WritePartialArguments, "epoch" | "assignmentVersion">,
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
  readonly epoch: number;
  readonly vnode?: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Writes bytes under the first key, or, where other bytes came first, under a key that carries their digest.
 * Nothing is overwritten: a zombie's late write must not change what a seal names.
 */
async function writeOnce(
  { client }: Namespace,
  keys: DataKeys,
  bytes: Uint8Array,
  { what, epoch, vnode, signal }: Write,
): Promise<{ key: string; size: number; sha256: string }> {
  signal?.throwIfAborted();
  // The copy is what is digested and sent: a caller that goes on changing its buffer must not seal damage.
  // rule: private-copy
  const body = new Uint8Array(bytes);
  const sha256 = await sha256Hex(body);
  const size = body.length;
  const operation = client.operation(signal, size);
  const failed = (cause: unknown): StateError =>
    storeFailed(`${what} failed: ${messageOf(cause)}`, cause, { sealed: "unknown", epoch, vnode });

  const first = await ensure(client, keys.first, body, operation);
  // rule: failed-write-is-no-receipt
  if (first.outcome === "created") return { key: keys.first, size, sha256 };
  if (first.outcome !== "found") throw failed(first.cause);
  // rule: replay-is-success
  // rule: other-bytes-other-key
  if (sameBytes(first.body, body)) return { key: keys.first, size, sha256 };

  const key = keys.later(sha256);
  const later = await ensurePresent(client, key, body, operation);
  if (later.outcome !== "present") throw failed(later.cause);
  return { key, size, sha256 };
}

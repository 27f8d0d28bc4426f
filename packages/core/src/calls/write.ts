import { StateError } from "../errors.ts";
import type { Incarnation } from "../incarnation.ts";
import { attachmentKeys, type DataKeys, partialKeys } from "../layout.ts";
import type { AttachmentReceipt, PartialReceipt } from "../receipt.ts";
import { sameBytes, sha256Hex } from "../sha256.ts";
import type { WriteAttachmentArguments, WritePartialArguments } from "../state-backend.ts";

export async function writePartial(
  self: Incarnation,
  args: WritePartialArguments,
  signal: AbortSignal | undefined,
): Promise<PartialReceipt> {
  const { epoch, vnode, assignmentVersion, bytes } = args;
  self.checkWritable("writePartial");
  self.checkVersion(args);
  const place = self.beginWrite();
  const what = `writePartial of vnode ${vnode} in epoch ${epoch}`;
  const data = await writeOnce(self, partialKeys(epoch, vnode), bytes, { what, epoch, vnode, signal });
  const receipt = Object.freeze({ epoch, vnode, assignmentVersion, ...data });
  self.remember(receipt, place);
  return receipt;
}

export async function writeAttachment(
  self: Incarnation,
  args: WriteAttachmentArguments,
  signal: AbortSignal | undefined,
): Promise<AttachmentReceipt> {
  const { epoch, name, assignmentVersion, bytes } = args;
  self.checkWritable("writeAttachment");
  self.checkVersion(args);
  const what = `writeAttachment of ${name} in epoch ${epoch}`;
  const data = await writeOnce(self, attachmentKeys(epoch, name), bytes, { what, epoch, signal });
  return { epoch, name, assignmentVersion, ...data };
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
  self: Incarnation,
  keys: DataKeys,
  bytes: Uint8Array,
  { what, epoch, vnode, signal }: Write,
): Promise<{ key: string; size: number; sha256: string }> {
  signal?.throwIfAborted();
  // The copy is what is digested and sent: a caller that goes on changing its buffer must not seal damage.
  const body = new Uint8Array(bytes);
  const sha256 = await sha256Hex(body);
  const size = body.length;
  const operation = self.client.operation(signal, size);
  const failed = (cause: unknown): StateError =>
    new StateError("StoreFailed", `${what}: ${messageOf(cause)}`, { sealed: "unknown", epoch, vnode, cause });

  for (let tries = 1; ; tries++) {
    const answer = await self.client.create(keys.first, body, operation);
    if (answer.outcome === "created") return { key: keys.first, size, sha256 };
    if (answer.outcome === "failed" && answer.definite) throw failed(answer.error);
    const found = await self.client.get(keys.first, operation).catch((error: unknown) => {
      operation.throwIfAborted();
      throw failed(answer.outcome === "failed" ? answer.error : error);
    });
    if (found !== undefined) {
      if (sameBytes(found, body)) return { key: keys.first, size, sha256 };
      break;
    }
    if (answer.outcome === "failed") throw failed(answer.error);
    if (tries === maxVanishings)
      throw failed(new Error(`${keys.first} was there and gone again, ${tries} times in a row`));
  }

  const key = keys.later(sha256);
  const answer = await self.client.create(key, body, operation);
  if (answer.outcome === "failed") {
    // A key that carries the digest needs no comparing, only to be there.
    const found = answer.definite
      ? undefined
      : await self.client.get(key, operation).catch(() => operation.throwIfAborted());
    if (found === undefined) throw failed(answer.error);
  }
  return { key, size, sha256 };
}

const maxVanishings = 8;

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

import type { Incarnation } from "../incarnation.ts";
import { parseEpochObject } from "../layout.ts";
import type { AttachmentReceipt, PartialReceipt } from "../receipt.ts";
import { findPartial, type Seal, type SealedAttachment, type SealedPartial } from "../seal.ts";
import type { CompleteRequest } from "./complete-request.ts";

/** What a seal of ours does not cover of what was asked. */
export interface Gap {
  readonly code: "SealMismatch" | "ReceiptRequired";
  readonly message: string;
  readonly vnode?: number | undefined;
}

/** Asking about other contents than were sealed must not be answered with success: the outputs belong to another cut. */
export function findGap(
  self: Incarnation,
  request: CompleteRequest,
  seal: Seal,
  listedPartials: (vnode: number) => readonly string[],
): Gap | undefined {
  const { receipts, vnodes, unchanged, attachments } = request;
  for (const receipt of receipts) {
    if (!covers(findPartial(seal, receipt.vnode), receipt)) return otherBytes(receipt.vnode);
  }
  for (const receipt of attachments) {
    const entry = seal.attachments.find(({ name }) => name === receipt.name);
    if (!covers(entry, receipt)) return mismatch(`with other bytes, or none, of attachment ${receipt.name}`);
  }
  for (const vnode of unchanged) {
    const entry = findPartial(seal, vnode);
    const object = entry === undefined ? undefined : parseEpochObject(entry.key);
    if (object === undefined || object.epoch >= request.epoch) {
      return mismatch(`and vnode ${vnode} is not unchanged in it`, vnode);
    }
  }
  for (const vnode of vnodes) {
    const gap = numberGap(self, request.epoch, vnode, seal, listedPartials);
    if (gap !== undefined) return gap;
  }
  return undefined;
}

/** A bare number is covered by what this backend wrote, or by what its own incarnation sealed. */
function numberGap(
  self: Incarnation,
  epoch: number,
  vnode: number,
  seal: Seal,
  listedPartials: (vnode: number) => readonly string[],
): Gap | undefined {
  const entry = findPartial(seal, vnode);
  if (entry === undefined) return mismatch(`without vnode ${vnode}`, vnode);
  const own = self.written(epoch, vnode);
  if (own !== undefined) return covers(entry, own) ? undefined : otherBytes(vnode);
  if (seal.incarnation === self.id) return undefined;
  if (self.acceptListed) {
    return listedPartials(vnode).every((key) => key === entry.key) ? undefined : otherBytes(vnode);
  }
  const message = `by another incarnation: pass the receipt of vnode ${vnode}`;
  return { code: "ReceiptRequired", message, vnode };
}

/** By size and digest; by key and size where the entry has no digest. */
function covers(
  entry: SealedPartial | SealedAttachment | undefined,
  receipt: PartialReceipt | AttachmentReceipt,
): boolean {
  if (entry === undefined || entry.size !== receipt.size) return false;
  return entry.sha256 === undefined ? entry.key === receipt.key : entry.sha256 === receipt.sha256;
}

function otherBytes(vnode: number): Gap {
  return mismatch(`with other bytes, or none, of vnode ${vnode}`, vnode);
}

function mismatch(message: string, vnode?: number): Gap {
  return { code: "SealMismatch", message, vnode };
}

import type { PartialReceipt, Receipt } from "../../receipt.ts";
import {
  findPartial,
  type InlinePartial,
  isChunked,
  type Seal,
  type SealedAttachment,
  type SealedPartial,
  writtenAt,
} from "../../seal.ts";
import type { EpochListing } from "./epoch-listing.ts";
import type { CompleteRequest } from "./request.ts";

/** What was asked, and what a bare vnode number in it can stand for. */
export interface Asked {
  readonly request: CompleteRequest;
  /** The epoch that `unchanged` refers to. */
  readonly base: number | undefined;
  /** What goes into the seal itself. */
  readonly given: readonly InlinePartial[];
  /** What this backend wrote itself, by vnode. */
  readonly own: ReadonlyMap<number, PartialReceipt>;
  readonly listing: EpochListing;
  readonly acceptListed: boolean;
}

/** What a seal of ours does not cover of what was asked. */
export interface Gap {
  readonly code: "SealMismatch" | "ReceiptRequired";
  readonly message: string;
  readonly vnode?: number | undefined;
}

/** Asking about other contents than were sealed must not end in success: the outputs belong to another cut. */
export function findGap(incarnation: string, asked: Asked, seal: Seal): Gap | undefined {
  const { epoch, receipts, vnodes, unchanged, attachments } = asked.request;
  const { base } = asked;
  const isOfAnotherBase = base !== undefined && seal.base !== undefined && seal.base !== base;
  // rule: sealed-epoch-is-of-the-same-base
  if (unchanged.length > 0 && isOfAnotherBase) {
    return mismatch(`as a change of epoch ${seal.base}, and was asked for as one of epoch ${base}`);
  }
  for (const receipt of receipts) {
    // rule: seal-covers-receipts
    if (!covers(findPartial(seal, receipt.vnode), receipt)) return otherBytes(receipt.vnode);
  }
  for (const entry of asked.given) {
    // rule: seal-covers-given-bytes
    if (!covers(findPartial(seal, entry.vnode), entry)) return otherBytes(entry.vnode);
  }
  for (const receipt of attachments) {
    const entry = seal.attachments.find(({ name }) => name === receipt.name);
    // rule: seal-covers-attachments
    if (!covers(entry, receipt)) return mismatch(`with other bytes, or none, of attachment ${receipt.name}`);
  }
  for (const vnode of unchanged) {
    // rule: unchanged-is-of-a-lower-epoch
    const entry = findPartial(seal, vnode);
    if (entry === undefined || writtenAt(entry) >= epoch) {
      return mismatch(`and vnode ${vnode} is not unchanged in it`, vnode);
    }
  }
  for (const vnode of vnodes) {
    const gap = numberGap(incarnation, asked, seal, vnode);
    if (gap !== undefined) return gap;
  }
  return undefined;
}

/** A bare number is covered by what this backend wrote, or by what its own incarnation sealed. */
function numberGap(
  incarnation: string,
  { own, listing, acceptListed }: Asked,
  seal: Seal,
  vnode: number,
): Gap | undefined {
  const entry = findPartial(seal, vnode);
  if (entry === undefined) {
    // rule: unnamed-vnode-is-a-mismatch
    return mismatch(`without vnode ${vnode}`, vnode);
  }
  const receipt = own.get(vnode);
  if (receipt !== undefined) {
    // rule: seal-covers-own-writes
    return covers(entry, receipt) ? undefined : otherBytes(vnode);
  }
  // rule: number-needs-a-seal-of-this-incarnation
  // rule: accept-listed-trusts-its-own-seal
  if (seal.incarnation === incarnation) return undefined;
  if (acceptListed) {
    return listing.partials(vnode).every((key) => key === entry.key) ? undefined : otherBytes(vnode);
  }
  const message = `by another process or an earlier life, and vnode ${vnode} is given by its number`;
  return { code: "ReceiptRequired", message, vnode };
}

/**
 * By size and digest of what was given: a codec may store it in other bytes each time. By key and size where the entry has
 * no digest.
 */
function covers(
  entry: SealedPartial | SealedAttachment | undefined,
  receipt: Receipt | InlinePartial,
): boolean {
  if (entry === undefined) return false;
  const asked = receipt.plain ?? receipt;
  // rule: coded-bytes-are-compared-as-they-were-given
  const sealed = entry.plain ?? entry;
  // The digest of a whole in chunks is that of other bytes.
  if (sealed.size !== asked.size || isChunked(entry) !== isChunked(receipt)) return false;
  if (sealed.sha256 === undefined) return entry.key === receipt.key;
  return sealed.sha256 === asked.sha256;
}

function otherBytes(vnode: number): Gap {
  return mismatch(`with other bytes, or none, of vnode ${vnode}`, vnode);
}

function mismatch(message: string, vnode?: number): Gap {
  return { code: "SealMismatch", message, vnode };
}

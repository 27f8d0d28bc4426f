import { readCommit } from "../../commit.ts";
import type { Receipt } from "../../receipt.ts";
import { entryOf, type SealedPartial } from "../../seal.ts";
import type { ListedObject } from "../../store.ts";
import { type Attempt, refuse } from "./attempt.ts";
import type { Asked } from "./coverage.ts";
import { decide } from "./decide.ts";
import type { EpochListing } from "./epoch-listing.ts";
import { ownChunks } from "./reused-chunks.ts";

/** Finds the object of each part in the listing. `missing`: vnodes of which no object is there yet. */
export async function resolveParts(
  attempt: Attempt,
  asked: Asked,
): Promise<{ readonly partials: readonly SealedPartial[] } | { readonly missing: readonly number[] }> {
  const { request, own, listing, acceptListed } = asked;
  const partials: SealedPartial[] = [];
  const missing: number[] = [];
  for (const receipt of request.receipts) {
    await checkPresent(attempt, receipt, asked);
    partials.push(entryOf(receipt));
  }
  for (const vnode of request.vnodes) {
    const receipt = own.get(vnode);
    const listed = receipt === undefined ? listing.partials(vnode) : [];
    if (receipt !== undefined) {
      await checkPresent(attempt, receipt, asked);
      partials.push(entryOf(receipt));
    } else if (listed.length === 0) missing.push(vnode);
    else partials.push(await acceptFromListing(attempt, vnode, listing, acceptListed));
  }
  for (const receipt of request.attachments) await checkPresent(attempt, receipt, asked);
  return missing.length > 0 ? { missing } : { partials };
}

/** A receipt whose object is not there is lost, not "missing": waiting for it would never end. */
async function checkPresent(attempt: Attempt, receipt: Receipt, asked: Asked): Promise<void> {
  for (const object of objectsOf(attempt, receipt)) await checkListed(attempt, object, receipt, asked);
}

/** What the receipt says of this epoch's objects: chunks of lower ones are looked up in the newest seal. */
function objectsOf({ epoch }: Attempt, receipt: Receipt): readonly ListedObject[] {
  if (receipt.key !== undefined) return [receipt];
  // rule: chunks-of-a-receipt-are-looked-at
  return ownChunks(receipt.chunks, epoch);
}

async function checkListed(
  attempt: Attempt,
  { key, size: expected }: ListedObject,
  receipt: Receipt,
  asked: Asked,
): Promise<void> {
  const size = asked.listing.size(key);
  if (size === expected) return;
  // The listing may have taken its names before the epoch was made void, and looked at them after it was emptied.
  // rule: void-explains-what-is-missing
  await checkNotVoid(attempt, asked);
  const vnode = "vnode" in receipt ? receipt.vnode : undefined;
  if (size === undefined) {
    // rule: absent-object-of-a-receipt-is-lost
    return refuse(attempt, "PartialLost", `${key} has a receipt and is gone`, { vnode, key });
  }
  return refuse(attempt, "Corrupt", `${key} has ${size} bytes, its receipt says ${expected}`, {
    vnode,
    key,
  });
}

/** @throws `EpochAborted` */
async function checkNotVoid(attempt: Attempt, asked: Asked): Promise<void> {
  const { namespace, epoch, signal } = attempt;
  const commit = await readCommit(namespace, epoch, signal);
  if (commit?.kind === "void" || commit?.kind === "given-up") await decide(attempt, commit, asked);
}

/** The rule of `acceptListed`: the only partial that the listing shows, without a digest. */
async function acceptFromListing(
  attempt: Attempt,
  vnode: number,
  listing: EpochListing,
  acceptListed: boolean,
): Promise<SealedPartial> {
  const { epoch, namespace } = attempt;
  const [key = "", ...others] = listing.partials(vnode);
  // rule: number-of-another-backend-needs-its-receipt
  if (!acceptListed) {
    const message = `vnode ${vnode} of epoch ${epoch} is given by its number, and another backend wrote it`;
    return refuse(attempt, "ReceiptRequired", message, { vnode });
  }
  // rule: accept-listed-takes-no-coded-bytes
  if (namespace.codecs.first !== undefined) {
    const message = `vnode ${vnode} of epoch ${epoch} is given by its number, and nothing says which codec wrote it`;
    return refuse(attempt, "ReceiptRequired", message, { vnode });
  }
  // rule: several-listed-partials-are-ambiguous
  if (others.length > 0) {
    const message = `vnode ${vnode} of epoch ${epoch} has ${others.length + 1} partials`;
    return refuse(attempt, "AmbiguousPartial", message, { vnode });
  }
  return { vnode, key, size: listing.size(key) ?? 0 };
}

import { StateError } from "../../errors.ts";
import type { OwnWrites } from "../../own-writes.ts";
import type { PartialReceipt, Receipt } from "../../receipt.ts";
import type { Attempt } from "./attempt.ts";
import type { CompleteRequest } from "./request.ts";
import { lowerChunks } from "./reused-chunks.ts";

/**
 * A call is made under the version that was claimed then. If `takeover` claims another while the call waits for its turn,
 * the receipts are not of that version, and the history it goes on from is another.
 *
 * @throws `StaleVersion`
 */
export function checkClaim({ epoch, claimed }: Attempt, called: number | undefined): void {
  if (claimed === called) return;
  const under = called === undefined ? "no version" : `version ${called}`;
  const message = `epoch ${epoch} was asked for under ${under}, and this backend has claimed ${claimed} since`;
  const next = "Write the epoch again under the version that is claimed now";
  throw new StateError("StaleVersion", message, { sealed: "unknown", epoch, version: claimed, next });
}

/**
 * Checks the versions that the epoch's objects were written under, before anything is sent.
 *
 * @returns what this backend had written when the turn came, by vnode: a write that ends later was not checked
 * @throws `StaleVersion`, `FenceRequired`
 */
export function checkVersions(
  { epoch, claimed }: Attempt,
  { receipts, attachments, vnodes, unchanged }: CompleteRequest,
  ownWrites: OwnWrites,
): ReadonlyMap<number, PartialReceipt> {
  const written = vnodes.flatMap((vnode) => ownWrites.find(epoch, vnode) ?? []);
  const version = claimed ?? 0;
  // rule: numbers-are-checked-like-receipts
  const used = [...receipts, ...attachments, ...written];
  for (const receipt of used) {
    const { key, assignmentVersion } = receipt;
    // rule: receipt-below-the-fence-is-stale
    if (assignmentVersion < version) {
      const message = `${nameOf(receipt)} was written under version ${assignmentVersion}, and this backend leads with ${version}`;
      const next = "Let its worker write it again under the new version";
      throw new StateError("StaleVersion", message, { sealed: "unknown", epoch, version, key, next });
    }
  }
  // rule: unchanged-needs-a-fence
  if (unchanged.length > 0 && claimed === undefined) {
    const message = `epoch ${epoch} has unchanged vnodes, and this backend has claimed no version`;
    throw new StateError("FenceRequired", message, { sealed: "unknown", epoch });
  }
  // rule: reused-chunks-need-a-fence
  if (claimed === undefined && [...receipts, ...written].some(reusesChunks)) {
    const message = `epoch ${epoch} uses chunks of lower epochs again, and this backend has claimed no version`;
    throw new StateError("FenceRequired", message, { sealed: "unknown", epoch });
  }
  return new Map(written.map((receipt) => [receipt.vnode, receipt]));
}

function nameOf(receipt: Receipt): string {
  if (receipt.key !== undefined) return receipt.key;
  return `vnode ${receipt.vnode} of epoch ${receipt.epoch}`;
}

function reusesChunks({ epoch, chunks = [] }: PartialReceipt): boolean {
  return lowerChunks(chunks, epoch).length > 0;
}

import { inlineLimit, sizeOf } from "../../inline.ts";
import type { SealedPartial } from "../../seal.ts";
import { type Attempt, refuse } from "./attempt.ts";
import type { CompleteRequest } from "./request.ts";

/**
 * `unchanged` means "as in the epoch before": the one that was the newest when the call was made, if all that was asked
 * for before succeeds. If another is the newest now, a vnode that changed in between would go back silently.
 */
export async function checkBase(
  attempt: Attempt,
  { unchanged, base: asked }: CompleteRequest,
  base: number | undefined,
): Promise<void> {
  if (unchanged.length === 0 && asked === undefined) return;
  const newest = attempt.leadership.newestSeal?.epoch;
  if (newest === base) return;
  const is = newest === undefined ? "no epoch is sealed" : `the newest sealed epoch is ${newest}`;
  const message = `epoch ${attempt.epoch} was asked for as a change of epoch ${base ?? "none"}, and ${is}`;
  return refuse(attempt, "BaseChanged", message);
}

/** The entries of the vnodes that were not written again, as the newest seal has them. */
export async function unchangedEntries(
  attempt: Attempt,
  { unchanged, given }: CompleteRequest,
): Promise<readonly SealedPartial[]> {
  const newest = attempt.leadership.newestSeal;
  const entries = new Map(newest?.partials.map((entry) => [entry.vnode, entry]));
  const copied: SealedPartial[] = [];
  let inline = sizeOf(given);
  for (const vnode of unchanged) {
    const entry = entries.get(vnode);
    // rule: unchanged-needs-a-digest
    if (entry === undefined || entry.sha256 === undefined) {
      const why = entry === undefined ? "does not name it" : "has no digest of it";
      const message = `vnode ${vnode} cannot be unchanged in epoch ${attempt.epoch}: the newest seal ${why}`;
      return refuse(attempt, "ReceiptRequired", message, { vnode });
    }
    if (entry.inline !== undefined) inline += entry.plain?.size ?? entry.size;
    // rule: copied-bytes-count-too
    if (inline > inlineLimit) {
      const message = `vnode ${vnode} cannot be unchanged in epoch ${attempt.epoch}: its bytes, and the others in the seal, are above ${inlineLimit}`;
      return refuse(attempt, "ReceiptRequired", message, { vnode });
    }
    copied.push(entry);
  }
  return copied;
}

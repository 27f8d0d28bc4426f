import type { SealedPartial } from "../../seal.ts";
import { type Attempt, refuse } from "./attempt.ts";
import type { CompleteRequest } from "./request.ts";

/** The entries of the vnodes that were not written again, as the newest seal has them. */
export async function unchangedEntries(
  attempt: Attempt,
  { unchanged }: CompleteRequest,
): Promise<readonly SealedPartial[]> {
  const newest = attempt.leadership.newestSeal;
  const entries = new Map(newest?.partials.map((entry) => [entry.vnode, entry]));
  const copied: SealedPartial[] = [];
  for (const vnode of unchanged) {
    const entry = entries.get(vnode);
    // rule: unchanged-needs-a-digest
    if (entry === undefined || entry.sha256 === undefined) {
      const why = entry === undefined ? "does not name it" : "has no digest of it";
      const message = `vnode ${vnode} cannot be unchanged: the newest seal ${why}`;
      return refuse(attempt, "ReceiptRequired", message, { vnode });
    }
    copied.push(entry);
  }
  return copied;
}

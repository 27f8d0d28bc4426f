/** A seal by itself, and beside the seal below it. */
import { isWhole } from "../chunking.ts";
import type { StateError, StoreError } from "../errors.ts";
import { commitKey } from "../layout.ts";
import { findPartial, isChunked, type Seal, type SealedPartial, writtenAt } from "../seal.ts";
import { type Finding, finding } from "./finding.ts";

/** What a `_COMMIT` that cannot be read means. */
export function unreadable(epoch: number, error: StateError | StoreError, isNewest: boolean): Finding {
  const key = commitKey(epoch);
  const means = isNewest
    ? "nobody restores, takes over or prunes until it is put back or given up"
    : "the job goes on from a later epoch, and prunes stop";
  const message = `${error.message.replace(/\.$/, "")}. It stands ${isNewest ? "above" : "below"} every epoch that can be restored: ${means}`;
  return finding(kindOf(error), message, { key, epoch });
}

function kindOf({
  code,
}: StateError | StoreError): "seal-unknown-format" | "seal-beyond-capacity" | "seal-damaged" {
  if (code === "UnknownFormat") return "seal-unknown-format";
  return code === "CapacityMismatch" ? "seal-beyond-capacity" : "seal-damaged";
}

/** Whether chunks are what the digest of the whole was made of. */
export async function* chunkFindings(seal: Seal): AsyncGenerator<Finding, void, undefined> {
  const { epoch } = seal;
  for (const entry of seal.partials) {
    if (!isChunked(entry) || (await isWhole(entry, entry.chunks))) continue;
    const { vnode, size } = entry;
    const message = `the seal of epoch ${epoch} names chunks of vnode ${vnode} that do not make up its digest: it cannot be restored`;
    yield finding("chunks-mismatch", message, { key: commitKey(epoch), epoch, vnode, bytes: size });
  }
}

/**
 * Compares a seal with the one below it: an epoch's base is the newest seal before it, and what was not written again is
 * as it was there.
 *
 * @param below the next seal below it that can be read
 * @param isNext whether every epoch between the two is known to have no seal
 */
export function baseFinding(
  seal: Seal,
  below: Seal | undefined,
  floor: number,
  isNext: boolean,
): Finding | undefined {
  const { epoch, base } = seal;
  // Below the floor a base may be pruned.
  if (base === undefined || base < floor || !isNext) return undefined;
  const key = commitKey(epoch);
  if (below?.epoch !== base) {
    const found = below === undefined ? "no seal" : `epoch ${below.epoch}`;
    const message = `epoch ${epoch} goes on from epoch ${base}, and the newest seal below it is ${found}: what was sealed between them is not in it`;
    return finding("base-mismatch", message, { key, epoch });
  }
  const other = seal.partials.find((entry) => writtenAt(entry) < epoch && !isUnchanged(entry, below));
  if (other === undefined) return undefined;
  const { vnode } = other;
  const message = `epoch ${epoch} has vnode ${vnode} from epoch ${writtenAt(other)}, and its base ${base} has another one`;
  return finding("base-mismatch", message, { key, epoch, vnode });
}

function isUnchanged(entry: SealedPartial, base: Seal): boolean {
  const before = findPartial(base, entry.vnode);
  return before?.sha256 === entry.sha256 && before?.size === entry.size && before?.key === entry.key;
}

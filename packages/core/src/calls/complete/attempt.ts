import {
  isStoreError,
  type Sealed,
  StateError,
  type StateErrorCode,
  type StateErrorDetails,
} from "../../errors.ts";
import { pruned } from "../../control.ts";
import { commitKey } from "../../layout.ts";
import type { Leadership } from "../../leadership.ts";
import type { Namespace } from "../../namespace.ts";

/** One `epochComplete`: what each of its steps goes by. */
export interface Attempt {
  readonly namespace: Namespace;
  readonly leadership: Leadership;
  readonly epoch: number;
  /** The version that this backend had claimed when the turn came: what is claimed later is not for these receipts. */
  readonly claimed: number | undefined;
  /**
   * Whether a seal of ours may have been under way before the epoch was listed. If it landed after the listing, and
   * another call of this backend learnt of it meanwhile, nothing else shows that it is not for this call to say "no".
   */
  readonly wasUnresolved: boolean;
  readonly signal: AbortSignal | undefined;
}

/**
 * Rejects with an error that was met before a seal was seen. It says `sealed: "no"` only after one more look at the
 * floor: below it the seal may have been there and been pruned, and then `EpochPruned` explains what is missing.
 */
export async function refuse(
  attempt: Attempt,
  code: StateErrorCode,
  message: string,
  details: Omit<StateErrorDetails, "sealed" | "epoch"> = {},
): Promise<never> {
  const { leadership, epoch, wasUnresolved } = attempt;
  const isSealed = leadership.newestSeal?.epoch === epoch;
  const mayBeSealed = (wasUnresolved || leadership.unresolved.has(epoch)) && code !== "EpochAborted";
  // rule: no-is-never-said-of-an-unresolved-epoch
  if (mayBeSealed && !isSealed) throw new StateError(code, message, { epoch, ...details, sealed: "unknown" });
  const floor = await lookAtFloor(attempt);
  if (floor !== undefined && floor > epoch && (code === "PartialLost" || code === "Corrupt"))
    throw pruned(epoch, floor);
  const known: Sealed = isSealed ? "yes" : "no";
  // rule: no-is-never-said-below-the-floor
  const sealed: Sealed = floor === undefined || floor > epoch ? "unknown" : known;
  throw new StateError(code, message, { epoch, ...details, sealed });
}

/** The floor as of now, or `undefined` when the store does not tell. */
export async function lookAtFloor({ namespace, signal }: Attempt): Promise<number | undefined> {
  try {
    return (await namespace.readControl(signal)).floor;
  } catch (error) {
    signal?.throwIfAborted();
    if (!isStoreError(error)) throw error;
    return undefined;
  }
}

/** Whether the epoch is sealed is not known: a create of its seal was sent and may still land. */
export function outcomeUnknown({ epoch }: Attempt, cause: unknown): StateError {
  const message = `whether epoch ${epoch} is sealed is not known`;
  return new StateError("OutcomeUnknown", message, {
    epoch,
    key: commitKey(epoch),
    cause,
    // rule: absent-on-reading-back-is-not-final
    sealed: "unknown",
  });
}

export function staleMessage({ fence }: { readonly fence: number }, claimed: number | undefined): string {
  // A fence goes only when higher ones are there. If none is shown, then it was deleted by hand, or the store is another.
  if (claimed !== undefined && fence <= claimed)
    return `the fence of version ${claimed}, which this backend claimed, is gone: another leads, or the bucket, container or root is not the one that it was`;
  const own = claimed === undefined ? "has not called takeover" : `claimed ${claimed}`;
  return `version ${fence} leads, and this backend ${own}`;
}

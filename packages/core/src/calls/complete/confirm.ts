import { checkNotPruned, type Control } from "../../control.ts";
import { asStateError, isStateError, StateError } from "../../errors.ts";
import type { Seal } from "../../seal.ts";
import type { EpochOutcome } from "../../state-backend.ts";
import { type Attempt, staleMessage } from "./attempt.ts";

/**
 * The last look of every success: control, listed after the seal was created or read. Beside the read would be too early:
 * what was there then may have been a void, since pruned, and the seal a stray that came late.
 *
 * If the listing fails, the epoch is sealed all the same, and the error says so.
 */
export async function readControlAfterSeal({ namespace, epoch, signal }: Attempt): Promise<Control> {
  const details = { sealed: "yes", epoch } as const;
  const fact = `epoch ${epoch} is sealed, and control could not be listed`;
  try {
    return await namespace.readControl(signal);
  } catch (error) {
    if (isStateError(error)) throw new StateError(error.code, fact, { ...details, cause: error });
    throw asStateError(error, fact, details, signal);
  }
}

/** A leader that was deposed, or whose epoch was pruned, meanwhile must not release its outputs. */
export function checkStillLeads(
  { namespace, leadership, claimed }: Attempt,
  seal: Seal,
  control: Control,
): EpochOutcome {
  const { epoch, committer } = seal;
  // Below the floor the seal may be a stray that came late: nothing says that the epoch was sealed.
  // rule: floor-after-seal
  checkNotPruned(epoch, control, { committer });
  // rule: fence-after-seal
  if (leadership.isDeposed(control, claimed)) {
    const details = { sealed: "yes", epoch, version: control.fence, committer } as const;
    throw new StateError("StaleVersion", staleMessage(control, claimed), details);
  }
  namespace.report("sealed", { epoch, committer, version: seal.assignmentVersion, seal });
  return { complete: true, seal };
}

import { type Decision, decisionOf, givenUpError, readCommit } from "../../commit.ts";
import { checkNotPruned, pruned } from "../../control.ts";
import { asStateError, StateError } from "../../errors.ts";
import type { Commit, Seal } from "../../seal.ts";
import { type Attempt, lookAtFloor, outcomeUnknown, refuse } from "./attempt.ts";
import { readControlAfterSeal } from "./confirm.ts";
import { type Asked, findGap } from "./coverage.ts";

/** The listing showed a `_COMMIT`: it decides. */
export async function decideListed(attempt: Attempt, asked: Asked): Promise<Seal> {
  const { namespace, epoch, signal } = attempt;
  const commit = await readCommit(namespace, epoch, signal);
  return commit === undefined ? vanished(attempt, undefined) : decide(attempt, commit, asked);
}

/**
 * What `_COMMIT` says decides.
 *
 * @returns the seal, if it is ours and covers all that was asked
 * @throws `EpochAborted`, `SplitBrainCommit`, `SealMismatch`, `ReceiptRequired`
 */
export async function decide(attempt: Attempt, commit: Commit, asked: Asked): Promise<Seal> {
  const { leadership, epoch } = attempt;
  const decision = await settled(attempt, commit);
  const seal = decision.kind === "seal" ? decision.seal : undefined;
  leadership.resolve(epoch, seal);
  // rule: given-up-epoch-says-unknown
  if (decision.kind === "given-up") throw givenUpError(epoch);
  if (seal === undefined) {
    const message = `epoch ${epoch} is void: an abort, a takeover or a prune decided that it will never be sealed`;
    // rule: void-is-never-complete
    return refuse(attempt, "EpochAborted", message);
  }
  const { committer } = seal;
  const refusal = refusalBySeal(attempt, seal, asked);
  if (refusal === undefined) return seal;
  // A seal below the floor may be a stray: created late, where a void had been before it was pruned.
  const control = await readControlAfterSeal(attempt);
  // rule: floor-before-a-seal-is-answered-about
  checkNotPruned(epoch, control, { committer });
  throw refusal;
}

/** Why a seal that is there is no success of this call. */
function refusalBySeal({ leadership, epoch }: Attempt, seal: Seal, asked: Asked): StateError | undefined {
  const { committer } = seal;
  // rule: another-committer-is-a-split-brain
  if (committer !== leadership.instanceId) {
    const message = `epoch ${epoch} was sealed by ${committer}, this is ${leadership.instanceId}`;
    return new StateError("SplitBrainCommit", message, {
      epoch,
      committer,
      // rule: read-seal-says-yes
      sealed: "yes",
    });
  }
  const gap = findGap(leadership.incarnation, asked, seal);
  if (gap === undefined) return undefined;
  const { code, message, vnode } = gap;
  const details = { sealed: "yes", epoch, committer, vnode } as const;
  return new StateError(code, `epoch ${epoch} is sealed, ${message}`, details);
}

/** `_COMMIT` should be there and is not. Only a listing of control that is sent now can tell a pruned epoch. */
export async function vanished(attempt: Attempt, cause: unknown): Promise<never> {
  const { leadership, epoch } = attempt;
  const floor = (await lookAtFloor(attempt)) ?? 0;
  if (floor <= epoch) throw outcomeUnknown(attempt, cause);
  leadership.resolve(epoch, undefined);
  throw pruned(epoch, floor);
}

async function settled({ namespace, epoch, signal }: Attempt, commit: Commit): Promise<Decision> {
  try {
    return await decisionOf(namespace, epoch, commit, signal);
  } catch (error) {
    const details = { sealed: "yes", epoch } as const;
    throw asStateError(error, `epoch ${epoch} is sealed, and could not be listed`, details, signal);
  }
}

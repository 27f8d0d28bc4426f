import { voidEpoch } from "../../commit.ts";
import { type Attempt, lookAtFloor, refuse } from "./attempt.ts";

/**
 * An earlier epoch of ours whose outcome is unknown is made void, or found to be sealed, first: if its seal landed after
 * this one, it would put an older state on top of the history.
 */
export async function settleEarlier(attempt: Attempt): Promise<void> {
  const { namespace, leadership, epoch, signal } = attempt;
  const earlier = [...leadership.unresolved].filter((other) => other < epoch).toSorted((a, b) => a - b);
  for (const other of earlier) {
    const voiding = await voidEpoch(namespace, leadership, other, signal);
    // rule: unsettled-epoch-stops-the-seal
    if (voiding.outcome === "void" || voiding.outcome === "sealed") continue;
    if (voiding.outcome === "gone" && ((await lookAtFloor(attempt)) ?? 0) > other) {
      leadership.resolve(other, undefined);
      continue;
    }
    const message = `whether epoch ${other} is sealed is not known, so ${epoch} was not sealed`;
    const cause = voiding.outcome === "gone" ? undefined : voiding.cause;
    return refuse(attempt, "OutcomeUnknown", message, { cause });
  }
}

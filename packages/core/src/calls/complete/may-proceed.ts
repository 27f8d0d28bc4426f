import { checkNotPruned, type Control } from "../../control.ts";
import { type Attempt, refuse, staleMessage } from "./attempt.ts";

/** Refuses a leader that was deposed, and an epoch that cannot become the newest. */
export async function checkMayProceed(attempt: Attempt, control: Control): Promise<void> {
  const { leadership, epoch, claimed } = attempt;
  // rule: fence-before-seal
  if (leadership.isDeposed(control, claimed))
    return refuse(attempt, "StaleVersion", staleMessage(control, claimed), { version: control.fence });
  // rule: floor-before-seal
  checkNotPruned(epoch, control);
  const newest = leadership.newestSeal?.epoch ?? -1;
  const later = Math.max(newest, ...leadership.unresolved);
  // rule: unresolved-epoch-may-be-asked-again
  // rule: lower-epoch-is-superseded
  if (epoch < later) {
    const message = `epoch ${epoch} cannot be sealed after epoch ${later}, which ${later === newest ? "is" : "may be"} sealed`;
    return refuse(attempt, "EpochSuperseded", message);
  }
}

import { givenUpError, voidEpoch } from "../commit.ts";
import { checkNotPruned } from "../control.ts";
import { notCreated } from "../create-or-read-back.ts";
import { StateError } from "../errors.ts";
import type { Leadership } from "../leadership.ts";
import type { Namespace } from "../namespace.ts";

/** Resolves if the epoch is void. */
export async function abort(
  namespace: Namespace,
  leadership: Leadership,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  // Below the floor a void would decide nothing: it would be a stray.
  // rule: nothing-is-made-void-below-the-floor
  checkNotPruned(epoch, await namespace.readControl(signal));
  const voiding = await voidEpoch(namespace, leadership, epoch, signal);
  if (voiding.outcome === "refused" || voiding.outcome === "unknown") {
    const why = voiding.outcome === "refused" ? ": the store refused" : "";
    throw notCreated(voiding, `whether epoch ${epoch} is void is not known${why}`, { epoch });
  }
  const control = await namespace.readControl(signal);
  // If a prune passed meanwhile, a void says nothing: the epoch may have been sealed and released before. Nor does a
  // seal: it may be a stray that came late.
  // rule: abort-looks-at-the-floor
  checkNotPruned(epoch, control);
  if (voiding.outcome === "void") {
    // rule: given-up-epoch-is-not-aborted
    if (voiding.givenUp) throw givenUpError(epoch);
    return;
  }
  if (voiding.outcome === "sealed") {
    const { committer } = voiding.seal;
    const message = `epoch ${epoch} cannot be aborted: ${committer} sealed it`;
    throw new StateError("EpochSealed", message, { sealed: "yes", epoch, committer, seal: voiding.seal });
  }
  const message = `the _COMMIT of epoch ${epoch} was there and is gone`;
  throw new StateError("OutcomeUnknown", message, { sealed: "unknown", epoch });
}

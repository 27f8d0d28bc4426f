import { voidEpoch } from "../commit.ts";
import { checkNotPruned } from "../control.ts";
import { notCreated } from "../create-or-read-back.ts";
import { StateError } from "../errors.ts";
import type { Leadership } from "../leadership.ts";
import type { Namespace } from "../namespace.ts";
import type { AbortOutcome } from "../state-backend.ts";

export async function abort(
  namespace: Namespace,
  leadership: Leadership,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<AbortOutcome> {
  const voiding = await voidEpoch(namespace, leadership, epoch, signal);
  if (voiding.outcome === "sealed") return { aborted: false, seal: voiding.seal };
  if (voiding.outcome === "refused" || voiding.outcome === "unknown") {
    const why = voiding.outcome === "refused" ? ": the store refused" : "";
    throw notCreated(voiding, `whether epoch ${epoch} is void is not known${why}: ask again`, { epoch });
  }
  const control = await namespace.readControl(signal);
  // Below the floor a void says nothing: the epoch may have been sealed, released and pruned before.
  // rule: abort-looks-at-the-floor
  checkNotPruned(epoch, control);
  if (voiding.outcome === "void") return { aborted: true };
  const message = `the _COMMIT of epoch ${epoch} was there and is gone: ask again`;
  throw new StateError("OutcomeUnknown", message, { sealed: "unknown", epoch });
}

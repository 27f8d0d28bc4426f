import type { Leadership } from "../../leadership.ts";
import type { Namespace } from "../../namespace.ts";
import { StateError } from "../../errors.ts";
import type { PruneReport } from "../../state-backend.ts";
import { findNewest } from "../latest.ts";
import { Deletions } from "./deletions.ts";
import { emptyEpochs } from "./empty-epochs.ts";
import { deleteSurplus, publishFloor } from "./floor.ts";
import { keysOfRetainedSeals } from "./retained.ts";
import { voidUnsealed } from "./void-unsealed.ts";

export interface PruneRequest {
  readonly before: number;
  readonly asOperator: boolean;
}

/** The steps of `docs/protocol.md`, in that order: the order is the safety. */
export async function pruneBefore(
  namespace: Namespace,
  leadership: Leadership,
  { before, asOperator }: PruneRequest,
  signal: AbortSignal | undefined,
): Promise<PruneReport> {
  const { seal, epochs: listed, control } = await findNewest(namespace, signal);
  const { floor } = control;
  // rule: fence-before-prune
  if (!asOperator && leadership.isDeposed(control)) {
    const message = `version ${control.fence} leads: only its leader, or an operator, prunes`;
    throw new StateError("StaleVersion", message, { sealed: "unknown", version: control.fence });
  }
  const deletions = new Deletions(namespace.client, signal);
  const horizon = Math.max(
    floor,
    // rule: newest-seal-survives
    Math.min(before, seal?.epoch ?? 0),
  );

  const newest = seal?.epoch ?? -1;
  // rule: prune-voids-only-above-the-newest-seal
  const isUnsealed = (epoch: number): boolean => epoch > newest && epoch < before;
  // rule: operator-makes-nothing-void
  if (!asOperator) await voidUnsealed(namespace, leadership, listed.filter(isUnsealed), deletions, signal);
  // rule: prune-empties-below-an-older-floor-too
  if (seal === undefined || horizon === 0) return deletions.report(floor);
  // rule: floor-before-deletes
  if (horizon > floor) await publishFloor(namespace, horizon, signal);

  const epochs = await namespace.listEpochs(signal);
  const retained = epochs.filter((epoch) => epoch >= horizon);
  const kept = await keysOfRetainedSeals(namespace, retained, { horizon, newest }, signal);
  if (kept === undefined) return deletions.report((await namespace.readControl(signal)).floor);
  // rule: prune-lists-what-exists
  // rule: epoch-prefix-ends-in-a-slash
  const doomed = below(epochs, horizon);
  await emptyEpochs(namespace, doomed, kept, deletions, signal);
  // rule: surplus-controls-go
  await deleteSurplus(control, deletions);
  return deletions.report(horizon);
}

function below(epochs: readonly number[], horizon: number): readonly number[] {
  return epochs.filter((epoch) => epoch < horizon);
}

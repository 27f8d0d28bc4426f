import type { Leadership } from "../../leadership.ts";
import type { Namespace } from "../../namespace.ts";
import { StateError } from "../../errors.ts";
import type { PruneReport } from "../../state-backend.ts";
import { findNewest } from "../latest.ts";
import { Deletions } from "./deletions.ts";
import { countDeletions } from "./dry-run.ts";
import { emptyEpochs } from "./empty-epochs.ts";
import { deleteSurplus, publishFloor } from "./floor.ts";
import { lowestKept } from "./lowest-kept.ts";
import { whatStays } from "./staying.ts";
import { voidUnsealed } from "./void-unsealed.ts";

export interface PruneRequest {
  /** How many seals stay, or the epoch below which what was sealed goes. */
  readonly extent: { readonly keep: number } | { readonly before: number };
  readonly asOperator: boolean;
  readonly dryRun: boolean;
}

/** The steps of `docs/protocol.md`, in that order: the order is the safety. */
export async function prune(
  namespace: Namespace,
  leadership: Leadership,
  { extent, asOperator, dryRun }: PruneRequest,
  signal: AbortSignal | undefined,
): Promise<PruneReport> {
  // If `takeover` of this backend claims another version before the look, the call does not speak for that version.
  const claimed = leadership.claimedVersion;
  const found = await findNewest(namespace, signal);
  const { seal, epochs: listed, control } = found;
  const { floor } = control;
  const isDeposed =
    // rule: prune-goes-by-the-version-of-its-call
    leadership.isDeposed(control, claimed);
  // rule: fence-before-prune
  if (!asOperator && isDeposed) {
    const message = `version ${control.fence} leads, and this backend does not hold it`;
    const next = "Leave it to the leader, or prune with asOperator: true";
    throw new StateError("StaleVersion", message, { sealed: "unknown", version: control.fence, next });
  }
  const before = "keep" in extent ? await lowestKept(namespace, extent.keep, found, signal) : extent.before;
  const horizon = Math.max(
    floor,
    // rule: newest-seal-survives
    Math.min(before, seal?.epoch ?? 0),
  );

  const deletions = new Deletions(namespace.client, signal);
  const newest = seal?.epoch ?? -1;
  // rule: prune-voids-only-above-the-newest-seal
  const isUnsealed = (epoch: number): boolean => epoch > newest && epoch < before;
  // rule: prune-leaves-the-anchored-epoch
  const { anchored } = leadership;
  // rule: operator-makes-nothing-void
  const unsealed = asOperator ? [] : listed.filter((epoch) => isUnsealed(epoch) && epoch !== anchored);
  // rule: dry-run-changes-nothing
  if (dryRun) return countDeletions(namespace, { unsealed, horizon, newest }, deletions, signal);

  await voidUnsealed(namespace, leadership, unsealed, deletions, signal);
  // Also if no epoch goes: a job that dies before each seal leaves a fence each time.
  // rule: surplus-controls-go
  await deleteSurplus(control, deletions);
  // rule: prune-empties-below-an-older-floor-too
  if (seal === undefined || horizon === 0) return deletions.report(floor);
  // A pin that comes after the look at the pins finds the floor, which was published before it.
  // rule: floor-before-deletes
  // rule: pins-are-listed-after-the-floor
  if (horizon > floor) await publishFloor(namespace, horizon, signal);
  const staying = await whatStays(namespace, { horizon, newest }, signal);
  if (staying === undefined) return deletions.report((await namespace.readControl(signal)).floor);
  const { doomed, keys, pinned } = staying;
  await emptyEpochs(namespace, doomed, keys, deletions, signal);
  // rule: pin-on-nothing-goes
  await deletions.deleteKeys(pinned.dead);
  return deletions.report(horizon, pinned.epochs.size);
}

import type { Leadership } from "../../leadership.ts";
import type { Namespace } from "../../namespace.ts";
import type { OwnWrites } from "../../own-writes.ts";
import type { EpochOutcome } from "../../state-backend.ts";
import { ensureAnchor } from "./anchor.ts";
import type { Attempt } from "./attempt.ts";
import { checkStillLeads, readControlAfterSeal } from "./confirm.ts";
import type { Asked } from "./coverage.ts";
import { createSeal } from "./create-seal.ts";
import { decideListed } from "./decide.ts";
import { lookAtEpoch } from "./epoch-listing.ts";
import { resolveParts } from "./parts.ts";
import { checkMayProceed } from "./may-proceed.ts";
import type { CompleteRequest } from "./request.ts";
import { settleEarlier } from "./settle-earlier.ts";
import { unchangedEntries } from "./unchanged.ts";
import { checkVersions } from "./versions.ts";

export interface CompleteContext {
  readonly namespace: Namespace;
  readonly leadership: Leadership;
  readonly ownWrites: OwnWrites;
  readonly acceptListed: boolean;
}

export async function epochComplete(
  context: CompleteContext,
  request: CompleteRequest,
  signal: AbortSignal | undefined,
): Promise<EpochOutcome> {
  const { sealing } = context.leadership;
  // rule: one-seal-at-a-time
  return sealing.run(signal, () => complete(context, request, signal));
}

/** The steps of `docs/protocol.md`, in that order: the order is the safety. */
async function complete(
  { namespace, leadership, ownWrites, acceptListed }: CompleteContext,
  request: CompleteRequest,
  signal: AbortSignal | undefined,
): Promise<EpochOutcome> {
  const attempt: Attempt = {
    namespace,
    leadership,
    epoch: request.epoch,
    // rule: receipts-are-checked-by-the-fence-of-the-turn
    claimed: leadership.claimedVersion,
    signal,
  };
  const own = checkVersions(attempt, request, ownWrites);
  // rule: anchor-before-listing
  // rule: unchanged-only-epoch-has-an-anchor
  // rule: sealed-epoch-needs-no-newest-seal
  await ensureAnchor(attempt, request);
  const { listing, control } = await lookAtEpoch(attempt, acceptListed);

  const asked: Asked = { request, own, listing, acceptListed };
  if (listing.hasCommit) {
    // rule: control-after-the-seal-was-read
    const seal = await decideListed(attempt, asked);
    const afterSeal = await readControlAfterSeal(attempt);
    return checkStillLeads(attempt, seal, afterSeal);
  }

  await checkMayProceed(attempt, control);
  const parts = await resolveParts(attempt, asked);
  if ("missing" in parts) return { complete: false, missing: parts.missing };
  // rule: unchanged-is-looked-up-once-earlier-epochs-are-settled
  // rule: earlier-epochs-are-settled-first
  await settleEarlier(attempt);
  const unchanged = await unchangedEntries(attempt, request);
  const seal = await createSeal(attempt, [...parts.partials, ...unchanged], asked);
  // rule: control-after-the-seal-was-created
  const afterSeal = await readControlAfterSeal(attempt);
  return checkStillLeads(attempt, seal, afterSeal);
}

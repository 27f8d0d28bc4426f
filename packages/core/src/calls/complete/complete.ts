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
import { checkNothingOmitted, checkNoVnodeOmitted } from "./omissions.ts";
import { resolveParts } from "./parts.ts";
import { checkMayProceed } from "./may-proceed.ts";
import type { CompleteRequest } from "./request.ts";
import { settleEarlier } from "./settle-earlier.ts";
import { checkBase, unchangedEntries } from "./unchanged.ts";
import { checkClaim, checkVersions } from "./versions.ts";

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
  const { leadership } = context;
  const called: Called = {
    claimed: leadership.claimedVersion,
    base: request.base ?? leadership.expectedBase(request.epoch),
  };
  const forget = leadership.ask(request.epoch);
  try {
    // rule: one-seal-at-a-time
    return await leadership.sealing.run(signal, () => complete(context, request, called, signal));
  } finally {
    forget();
  }
}

/** What the call goes by, as it was when the call was made and not when its turn came. */
interface Called {
  readonly claimed: number | undefined;
  /** The epoch that `unchanged` refers to. */
  readonly base: number | undefined;
}

/** The steps of `docs/protocol.md`, in that order: the order is the safety. */
async function complete(
  { namespace, leadership, ownWrites, acceptListed }: CompleteContext,
  request: CompleteRequest,
  called: Called,
  signal: AbortSignal | undefined,
): Promise<EpochOutcome> {
  const { epoch } = request;
  const attempt: Attempt = {
    namespace,
    leadership,
    epoch,
    claimed: leadership.claimedVersion,
    // rule: unresolved-is-noted-before-the-listing
    wasUnresolved: leadership.unresolved.has(epoch),
    signal,
  };
  // rule: claimed-version-is-that-of-the-call
  checkClaim(attempt, called.claimed);
  const own = checkVersions(attempt, request, ownWrites);
  checkNothingOmitted(attempt, request, ownWrites);
  // rule: anchor-before-listing
  // rule: unchanged-only-epoch-has-an-anchor
  // rule: sealed-epoch-needs-no-newest-seal
  await ensureAnchor(attempt, request);
  const { listing, control } = await lookAtEpoch(attempt, acceptListed);

  const asked: Asked = { request, base: called.base, own, listing, acceptListed };
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
  // rule: unchanged-refers-to-one-base
  await checkBase(attempt, request, called.base);
  const unchanged = await unchangedEntries(attempt, request);
  // An earlier epoch that was found to be sealed may name more.
  // rule: settled-vnode-is-not-omitted
  await checkNoVnodeOmitted(attempt, request);
  const seal = await createSeal(attempt, [...parts.partials, ...unchanged], asked);
  // rule: control-after-the-seal-was-created
  const afterSeal = await readControlAfterSeal(attempt);
  return checkStillLeads(attempt, seal, afterSeal);
}

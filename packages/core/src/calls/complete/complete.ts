import { inlineEntry } from "../../inline.ts";
import type { Leadership } from "../../leadership.ts";
import type { Namespace } from "../../namespace.ts";
import type { OwnWrites } from "../../own-writes.ts";
import { entryOf, type SealedPartial } from "../../seal.ts";
import type { EpochOutcome } from "../../state-backend.ts";
import { anchorAhead, ensureAnchor } from "./anchor.ts";
import type { Attempt } from "./attempt.ts";
import { checkStillLeads, readControlAfterSeal } from "./confirm.ts";
import type { Asked } from "./coverage.ts";
import { createSeal } from "./create-seal.ts";
import { decideListed } from "./decide.ts";
import { EpochListing, lookAtEpoch } from "./epoch-listing.ts";
import { checkNothingOmitted, checkNoVnodeOmitted } from "./omissions.ts";
import { resolveParts } from "./parts.ts";
import { checkMayProceed } from "./may-proceed.ts";
import type { CompleteRequest } from "./request.ts";
import { checkChunkCount, checkReusedChunks, checkWholes } from "./reused-chunks.ts";
import { settleEarlier } from "./settle-earlier.ts";
import { checkBase, unchangedEntries } from "./unchanged.ts";
import { checkClaim, checkVersions } from "./versions.ts";

export interface CompleteContext {
  readonly namespace: Namespace;
  readonly leadership: Leadership;
  readonly ownWrites: OwnWrites;
  readonly acceptListed: boolean;
  /** Every epoch is looked at before it is sealed, and none is anchored ahead. */
  readonly verifyObjects: boolean;
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
  { namespace, leadership, ownWrites, acceptListed, verifyObjects }: CompleteContext,
  request: CompleteRequest,
  called: Called,
  signal: AbortSignal | undefined,
): Promise<EpochOutcome> {
  const { epoch, next } = request;
  const attempt: Attempt = {
    namespace,
    leadership,
    epoch,
    claimed: leadership.claimedVersion,
    // rule: unresolved-is-noted-before-the-listing
    wasUnresolved: leadership.unresolved.has(epoch),
    signal,
  };
  const isAnchored = leadership.useAnchor(epoch);
  // rule: claimed-version-is-that-of-the-call
  checkClaim(attempt, called.claimed);
  const own = checkVersions(attempt, request, ownWrites);
  checkNothingOmitted(attempt, request, ownWrites);
  await checkWholes(epoch, request.receipts);
  const codec = namespace.codecs.first;
  const given = await Promise.all(request.given.map((bytes) => inlineEntry(codec, epoch, bytes)));
  const asked: Asked = { request, base: called.base, given, own, listing: new EpochListing(), acceptListed };
  // rule: number-of-an-anchored-epoch-was-written-here
  const isAllOwn = request.vnodes.every((vnode) => own.has(vnode));
  const found = isAnchored && isAllOwn ? ownParts(asked) : await lookFirst(attempt, asked);
  if ("complete" in found) return found;

  // rule: unchanged-is-looked-up-once-earlier-epochs-are-settled
  // rule: earlier-epochs-are-settled-first
  await settleEarlier(attempt);
  // rule: unchanged-refers-to-one-base
  await checkBase(attempt, request, called.base);
  const unchanged = await unchangedEntries(attempt, request);
  // rule: chunks-are-looked-up-once-earlier-epochs-are-settled
  await checkReusedChunks(attempt, found.partials);
  // An earlier epoch that was found to be sealed may name more.
  // rule: settled-vnode-is-not-omitted
  await checkNoVnodeOmitted(attempt, request);
  const partials = [...found.partials, ...given, ...unchanged];
  await checkChunkCount(attempt, partials);
  // rule: control-after-the-seal-was-created
  const [seal, isNextThere] = await namespace.concurrently(
    () => createSeal(attempt, partials, found.asked),
    async () => !verifyObjects && next !== undefined && anchorAhead(namespace, leadership, next, signal),
  );
  const afterSeal = await readControlAfterSeal(attempt);
  // rule: epoch-is-anchored-once-control-shows-that-we-lead
  const outcome = checkStillLeads(attempt, seal, afterSeal);
  // rule: anchor-ahead-is-known-to-be-there
  if (isNextThere) leadership.anchored = next;
  return outcome;
}

/** What is to be sealed, and what was asked with what the listing showed, if there was one. */
interface Found {
  readonly partials: readonly SealedPartial[];
  readonly asked: Asked;
}

/** An anchored epoch is not listed: its receipts say what there is. */
function ownParts(asked: Asked): Found {
  const { request, own } = asked;
  const written = request.vnodes.flatMap((vnode) => own.get(vnode) ?? []);
  return { partials: [...request.receipts, ...written].map(entryOf), asked };
}

/**
 * Lists the epoch and control before anything is sealed.
 *
 * @returns the partials to seal; or the outcome, if the epoch is sealed already or not complete yet
 */
async function lookFirst(attempt: Attempt, asked: Asked): Promise<EpochOutcome | Found> {
  // rule: anchor-before-listing
  // rule: unchanged-only-epoch-has-an-anchor
  // rule: sealed-epoch-needs-no-newest-seal
  await ensureAnchor(attempt, asked);
  const { listing, control } = await lookAtEpoch(attempt, asked.acceptListed);
  const shown: Asked = { ...asked, listing };
  if (listing.hasCommit) {
    // rule: control-after-the-seal-was-read
    const seal = await decideListed(attempt, shown);
    const afterSeal = await readControlAfterSeal(attempt);
    return checkStillLeads(attempt, seal, afterSeal);
  }
  await checkMayProceed(attempt, control);
  const parts = await resolveParts(attempt, shown);
  if ("missing" in parts) return { complete: false, missing: parts.missing };
  return { partials: parts.partials, asked: shown };
}

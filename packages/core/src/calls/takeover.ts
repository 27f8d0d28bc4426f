import { decisionOf, readCommit, voidEpoch } from "../commit.ts";
import { outcomeOf } from "../concurrency.ts";
import { FloorWatch } from "../control.ts";
import { notCreated } from "../create-or-read-back.ts";
import { StateError } from "../errors.ts";
import { commitKey } from "../layout.ts";
import type { Leadership } from "../leadership.ts";
import type { Namespace } from "../namespace.ts";
import type { Seal } from "../seal.ts";
import { checkHighest, claimFence, claimHigher } from "./claim-fence.ts";
import { anchorAhead } from "./complete/anchor.ts";
import { isAtOrAbove, newestIs } from "./latest.ts";

/** The history that a new leader goes on from. */
export interface Claimed {
  readonly base: Seal | undefined;
  readonly nextEpoch: number;
}

export async function takeover(
  namespace: Namespace,
  leadership: Leadership,
  { version, verifyObjects }: { readonly version: number; readonly verifyObjects: boolean },
  signal: AbortSignal | undefined,
): Promise<Claimed> {
  // rule: fence-is-held-once-takeover-returns
  await claimFence(namespace, leadership, version, signal);

  const watch = new FloorWatch();
  const listed = new Set<number>();
  const givenUp = new Set<number>();
  let newestKnown = -1;
  for (;;) {
    const [before, epochs] = await namespace.concurrently(
      () => namespace.readControl(signal),
      () => namespace.listEpochs(signal),
    );
    // rule: higher-fence-ends-takeover-before-voids
    checkHighest(version, before);
    for (const epoch of epochs) listed.add(epoch);
    const descending = epochs.filter((epoch) => epoch >= before.floor).toReversed();
    const found = await voidDownToSeal(namespace, leadership, { version, descending, givenUp }, signal);

    const next = found === "gone" ? undefined : nextEpoch(listed, before.floor, found?.epoch);
    // Before the last look: what that shows then holds for the first epoch too.
    const isNextThere =
      !verifyObjects && next !== undefined && (await anchorAhead(namespace, leadership, next, signal));
    const after = await namespace.readControl(signal);
    // rule: higher-fence-ends-takeover-after-voids
    checkHighest(version, after);
    const { floor } = after;
    const base = found === "gone" ? undefined : found;
    // rule: base-is-at-or-above-the-floor
    const isKept = isAtOrAbove(base?.epoch, floor);
    if (next !== undefined && isKept) {
      const newest = leadership.newestSeal?.epoch ?? -1;
      // rule: takeover-goes-back-over-what-was-given-up
      const known = givenUp.has(newest) ? -1 : newest;
      // rule: takeover-never-goes-back
      if ((base?.epoch ?? -1) >= known) {
        leadership.lead(version, base);
        namespace.report("takeover", { version, epoch: base?.epoch, committer: leadership.instanceId });
        // rule: anchor-of-a-takeover-is-known-to-be-there
        if (isNextThere) leadership.anchored = next;
        return { base, nextEpoch: next };
      }
      // If this backend was asked twice at once, it leads already and has sealed a later epoch meanwhile.
      if (known > newestKnown) {
        newestKnown = known;
        continue;
      }
    }
    watch.startOver(floor, newestIs(base?.epoch));
  }
}

/**
 * A seal holds its version: if control was lost, and with it the fence of that version, the newest seal still knows.
 *
 * @throws `StaleVersion`
 */
function checkAbove(seal: Seal | undefined, version: number, { incarnation }: Leadership): void {
  const { assignmentVersion = 0 } = seal ?? {};
  const isOwn = assignmentVersion === version && seal?.incarnation === incarnation;
  // rule: takeover-is-above-the-newest-seal
  if (seal === undefined || assignmentVersion < version || isOwn) return;
  const message =
    `epoch ${seal.epoch} was sealed by ${seal.committer} under version ${assignmentVersion}, ` +
    `so ${version} is too low`;
  const details = { version: assignmentVersion, key: commitKey(seal.epoch), next: claimHigher } as const;
  throw new StateError("StaleVersion", message, { sealed: "unknown", ...details });
}

/** How many epochs are read, and made void, side by side: a job that crashed often leaves many on top. */
const batchSize = 8;

interface Search {
  readonly version: number;
  readonly descending: readonly number[];
  /** Where the epochs go that turn out to be given up. */
  readonly givenUp: Set<number>;
}

/**
 * Makes void every epoch above the newest seal. A deposed leader's seal can then no longer come into being: its objects
 * were there before its check saw no fence, so its epoch was listed. Voids are created only where nothing is.
 */
async function voidDownToSeal(
  namespace: Namespace,
  leadership: Leadership,
  { version, descending, givenUp }: Search,
  signal: AbortSignal | undefined,
): Promise<Seal | "gone" | undefined> {
  for (let start = 0; start < descending.length; start += batchSize) {
    const batch = descending.slice(start, start + batchSize);
    const { open, seal } = await readDownToSeal(namespace, leadership, batch, givenUp, signal);
    checkAbove(seal, version, leadership);
    // rule: takeover-voids
    const voidings = await namespace.map(open, async (epoch) => ({
      epoch,
      voiding: await voidEpoch(namespace, leadership, epoch, signal),
    }));
    // If one was sealed since it was read, it is the newest: they are in descending order.
    for (const { epoch, voiding } of voidings) {
      if (voiding.outcome === "sealed") {
        checkAbove(voiding.seal, version, leadership);
        return voiding.seal;
      }
      if (voiding.outcome === "gone") return "gone";
      if (voiding.outcome === "void") continue;
      const next = "Call takeover again";
      throw notCreated(voiding, `whether epoch ${epoch} is sealed is not known`, { epoch, next });
    }
    if (seal !== undefined) return seal;
  }
  return undefined;
}

/** Reads a batch's `_COMMIT`s. `open`: the epochs above the newest seal that have none, descending. */
async function readDownToSeal(
  namespace: Namespace,
  leadership: Leadership,
  batch: readonly number[],
  givenUp: Set<number>,
  signal: AbortSignal | undefined,
): Promise<{ readonly open: readonly number[]; readonly seal: Seal | undefined }> {
  const commits = await namespace.map(batch, async (epoch) => ({
    epoch,
    commit: await outcomeOf(readCommit(namespace, epoch, signal)),
  }));
  const open: number[] = [];
  for (const { epoch, commit } of commits) {
    // Only what stands above the newest seal matters: an epoch below it may be damaged or out of reach.
    if (commit.status === "rejected") throw commit.reason;
    // rule: takeover-creates-only-where-nothing-is
    if (commit.value === undefined) {
      open.push(epoch);
      continue;
    }
    const decision = await decisionOf(namespace, epoch, commit.value, signal);
    const seal = decision.kind === "seal" ? decision.seal : undefined;
    leadership.resolve(epoch, seal);
    if (decision.kind === "given-up") givenUp.add(epoch);
    if (seal !== undefined) return { open, seal };
    namespace.report("void", { epoch });
  }
  return { open, seal: undefined };
}

/** Above everything seen; where there is no number above it, the lowest above the base that is not taken. */
function nextEpoch(listed: ReadonlySet<number>, floor: number, base: number | undefined): number {
  const highest = [...listed].reduce((max, epoch) => Math.max(max, epoch), -1);
  if (highest === -1) return floor;
  // rule: lowest-free-epoch-if-there-is-none-above
  if (highest < Number.MAX_SAFE_INTEGER) {
    // rule: next-epoch-is-above-all-seen
    return highest + 1;
  }
  let next = (base ?? floor - 1) + 1;
  while (listed.has(next)) next++;
  if (next <= Number.MAX_SAFE_INTEGER) return next;
  const message = `no epoch number is free above epoch ${base ?? "none"}`;
  throw new StateError("EpochSuperseded", message, {
    sealed: "unknown",
    next: "Begin anew under another prefix",
  });
}

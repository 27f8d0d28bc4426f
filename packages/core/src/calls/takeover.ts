import { readCommit, sealOf, voidEpoch } from "../commit.ts";
import { outcomeOf } from "../concurrency.ts";
import { type Control, FloorWatch } from "../control.ts";
import { ensure, notCreated } from "../create-or-read-back.ts";
import { StateError } from "../errors.ts";
import { fenceKey } from "../layout.ts";
import type { Leadership } from "../leadership.ts";
import type { Namespace } from "../namespace.ts";
import { decodeJson, encodeJson, type Seal } from "../seal.ts";
import { isAtOrAbove, newestIs } from "./latest.ts";

/** The history that a new leader goes on from. */
export interface Claimed {
  readonly base: Seal | undefined;
  readonly nextEpoch: number;
}

export async function takeover(
  namespace: Namespace,
  leadership: Leadership,
  version: number,
  signal: AbortSignal | undefined,
): Promise<Claimed> {
  // rule: fence-is-held-once-takeover-returns
  await claimFence(namespace, leadership, version, signal);

  const watch = new FloorWatch();
  const listed = new Set<number>();
  let newestKnown = -1;
  for (;;) {
    const [before, epochs] = await namespace.concurrently(
      () => namespace.readControl(signal),
      () => namespace.listEpochs(signal),
    );
    // rule: higher-fence-ends-takeover-before-voids
    checkHighest(version, before);
    for (const epoch of epochs) listed.add(epoch);
    const open = epochs.filter((epoch) => epoch >= before.floor).toReversed();
    const found = await voidDownToSeal(namespace, leadership, open, signal);

    const after = await namespace.readControl(signal);
    // rule: higher-fence-ends-takeover-after-voids
    checkHighest(version, after);
    const { floor } = after;
    const base = found === "gone" ? undefined : found;
    // rule: base-is-at-or-above-the-floor
    const isKept = isAtOrAbove(base?.epoch, floor);
    if (found !== "gone" && isKept) {
      const known = leadership.newestSeal?.epoch ?? -1;
      // rule: takeover-never-goes-back
      if ((base?.epoch ?? -1) >= known) {
        leadership.lead(version, base);
        namespace.report("takeover", { version, epoch: base?.epoch, committer: leadership.instanceId });
        return { base, nextEpoch: nextEpoch(listed, floor, base?.epoch) };
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

/** One incarnation a version: two processes that claim the same one must not both lead. */
async function claimFence(
  { client }: Namespace,
  { instanceId, incarnation }: Leadership,
  version: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const key = fenceKey(version);
  const body = encodeJson({ format: 1, version, instanceId, incarnation });
  const fence = await ensure(client, key, body, client.operation(signal, body.length));
  if (fence.outcome === "created") return;
  if (fence.outcome !== "found") {
    const message = `whether version ${version} is claimed is not known: claim it again, or a higher one`;
    throw notCreated(fence, message, { version, key });
  }
  const holder = decodeJson(fence.body);
  // rule: one-incarnation-a-version
  if (holder?.["incarnation"] === incarnation) return;
  const who = typeof holder?.["instanceId"] === "string" ? holder["instanceId"] : "someone else";
  const message = `version ${version} was claimed by ${who}`;
  throw new StateError("StaleVersion", message, { sealed: "unknown", version, key });
}

function checkHighest(version: number, { fence, fences }: Control): void {
  if (fence > version) {
    const message = `version ${fence} was claimed, ${version} is too low`;
    throw new StateError("StaleVersion", message, { sealed: "unknown", version: fence });
  }
  // rule: own-fence-unseen-ends-takeover
  if (!fences.has(version)) {
    const message = `the fence of version ${version} is gone, so higher ones were claimed: claim a higher one`;
    throw new StateError("StaleVersion", message, { sealed: "unknown", version });
  }
}

/** How many epochs are read, and made void, side by side: a job that crashed often leaves many on top. */
const batchSize = 8;

/**
 * Makes void every epoch above the newest seal. A deposed leader's seal can then no longer come into being: its objects
 * were there before its check saw no fence, so its epoch was listed. Voids are created only where nothing is.
 */
async function voidDownToSeal(
  namespace: Namespace,
  leadership: Leadership,
  descending: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Seal | "gone" | undefined> {
  for (let start = 0; start < descending.length; start += batchSize) {
    const batch = descending.slice(start, start + batchSize);
    const { open, seal } = await readDownToSeal(namespace, leadership, batch, signal);
    // rule: takeover-voids
    const voidings = await namespace.map(open, async (epoch) => ({
      epoch,
      voiding: await voidEpoch(namespace, leadership, epoch, signal),
    }));
    // If one was sealed since it was read, it is the newest: they are in descending order.
    for (const { epoch, voiding } of voidings) {
      if (voiding.outcome === "sealed") return voiding.seal;
      if (voiding.outcome === "gone") return "gone";
      if (voiding.outcome === "void") continue;
      const message = `takeover: whether epoch ${epoch} is sealed is not known: take over again`;
      throw notCreated(voiding, message, { epoch });
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
    if (commit.value === undefined) {
      open.push(epoch);
      continue;
    }
    const seal = await sealOf(namespace, epoch, commit.value, signal);
    leadership.resolve(epoch, seal);
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
  return next;
}

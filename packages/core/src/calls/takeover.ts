import { type Voided, voidEpoch } from "../commit.ts";
import { type Control, ensure, FloorWatch } from "../control.ts";
import type { Incarnation } from "../incarnation.ts";
import { fenceKey } from "../layout.ts";
import { decodeJson, encodeJson, type Seal } from "../seal.ts";

/** The history that a new leader goes on from. */
export interface Claimed {
  readonly base: Seal | undefined;
  readonly nextEpoch: number;
}

export async function takeover(
  self: Incarnation,
  version: number,
  signal: AbortSignal | undefined,
): Promise<Claimed> {
  self.checkWritable("takeover");
  await claimFence(self, version, signal);

  const watch = new FloorWatch();
  const listed = new Set<number>();
  let newestKnown = -1;
  for (;;) {
    const [before, epochs] = await self.both(
      () => self.readControl(signal),
      () => self.listEpochs(signal),
    );
    checkHighest(self, version, before);
    for (const epoch of epochs) listed.add(epoch);
    const open = epochs.filter((epoch) => epoch >= before.floor).toReversed();
    const found = await voidDownToSeal(self, open, signal);

    const after = await self.readControl(signal);
    checkHighest(self, version, after);
    const { floor } = after;
    if (found !== "gone" && (found === undefined ? floor === 0 : found.epoch >= floor)) {
      const known = self.newestSeal?.epoch ?? -1;
      if ((found?.epoch ?? -1) >= known) {
        self.lead(version, found);
        self.decide("takeover", { version, epoch: found?.epoch, committer: self.instanceId });
        return { base: found, nextEpoch: nextEpoch(listed, floor, found?.epoch) };
      }
      // Asked twice at once, this backend leads already and has sealed a later epoch meanwhile.
      if (known > newestKnown) {
        newestKnown = known;
        continue;
      }
    }
    watch.startOver(
      floor,
      typeof found === "object" ? `the newest sealed epoch is ${found.epoch}` : "no epoch is sealed",
    );
  }
}

/** One incarnation a version: two processes that claim the same one must not both lead. */
async function claimFence(
  self: Incarnation,
  version: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const key = fenceKey(version);
  const body = encodeJson({ format: 1, version, instanceId: self.instanceId, incarnation: self.id });
  const fence = await ensure(self.client, key, body, signal);
  if (fence.state === "created") return;
  if (fence.state === "failed") {
    const message = `whether version ${version} is claimed is not known: claim it again, or a higher one`;
    const code = fence.definite ? "StoreFailed" : "OutcomeUnknown";
    throw self.refusal(code, message, { sealed: "unknown", version, key, cause: fence.cause });
  }
  const holder = decodeJson(fence.body);
  if (holder?.["incarnation"] === self.id) return;
  const who = typeof holder?.["instanceId"] === "string" ? holder["instanceId"] : "someone else";
  throw self.refusal("StaleVersion", `version ${version} was claimed by ${who}`, {
    sealed: "unknown",
    version,
    key,
  });
}

function checkHighest(self: Incarnation, version: number, { fence }: Control): void {
  if (fence <= version) return;
  throw self.refusal("StaleVersion", `version ${fence} was claimed, ${version} is too low`, {
    sealed: "unknown",
    version: fence,
  });
}

/**
 * Makes void every epoch above the newest seal, from the highest down. A deposed leader's seal can then no longer
 * come into being: its objects were there before its check saw no fence, so its epoch was listed.
 */
async function voidDownToSeal(
  self: Incarnation,
  descending: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Seal | "gone" | undefined> {
  for (const epoch of descending) {
    const voided: Voided = await voidEpoch(self, epoch, signal);
    if (voided.state === "sealed") return voided.seal;
    if (voided.state === "gone") return "gone";
    if (voided.state === "unknown") {
      const message = `takeover: whether epoch ${epoch} is sealed is not known: take over again`;
      const code = voided.definite ? "StoreFailed" : "OutcomeUnknown";
      throw self.refusal(code, message, { sealed: "unknown", epoch, cause: voided.cause });
    }
  }
  return undefined;
}

/** Above everything seen; where there is no number above it, the lowest above the base that is not taken. */
function nextEpoch(listed: ReadonlySet<number>, floor: number, base: number | undefined): number {
  const highest = [...listed].reduce((max, epoch) => Math.max(max, epoch), -1);
  if (highest === -1) return floor;
  if (highest < Number.MAX_SAFE_INTEGER) return highest + 1;
  let next = (base ?? floor - 1) + 1;
  while (listed.has(next)) next++;
  return next;
}

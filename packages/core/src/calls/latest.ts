import { commitsOf, sealOf } from "../commit.ts";
import { type Control, FloorWatch } from "../control.ts";
import type { Namespace } from "../namespace.ts";
import { mayBeSeal, type Seal } from "../seal.ts";

/** The newest seal, the epochs that it was found among, and control as it was listed after the seal was read. */
export interface Newest {
  readonly seal: Seal | undefined;
  readonly epochs: readonly number[];
  readonly control: Control;
}

/**
 * Finds the newest seal. Control is listed last: while the seals were read, someone may have sealed a later epoch and
 * pruned those that this search had still to look at.
 */
export async function findNewest(namespace: Namespace, signal: AbortSignal | undefined): Promise<Newest> {
  const watch = new FloorWatch();
  for (;;) {
    const epochs = await namespace.listEpochs(signal);
    const seal = await firstSeal(namespace, epochs.toReversed(), signal);
    let control = await namespace.readControl(signal);
    // "Nothing is sealed" restarts a job from nothing: a listing that left a floor out must not say so alone.
    // rule: none-needs-a-second-look
    if (seal === undefined && control.floor === 0) control = await namespace.readControl(signal);
    // rule: newest-is-at-or-above-the-floor
    if (isAtOrAbove(seal?.epoch, control.floor)) return { seal, epochs, control };
    watch.startOver(control.floor, newestIs(seal?.epoch));
  }
}

/** Whether a search may end with this as the newest sealed epoch: prune keeps one at or above the floor. */
export function isAtOrAbove(epoch: number | undefined, floor: number): boolean {
  return epoch === undefined ? floor === 0 : epoch >= floor;
}

export function newestIs(epoch: number | undefined): string {
  return epoch === undefined ? "no epoch is sealed" : `the newest sealed epoch is ${epoch}`;
}

async function firstSeal(
  namespace: Namespace,
  descending: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Seal | undefined> {
  for await (const { epoch, commit } of commitsOf(namespace, descending, signal)) {
    // Only what stands above the first seal matters: an epoch below it may be damaged or out of reach.
    if (commit.status === "rejected") throw commit.reason;
    if (!mayBeSeal(commit.value)) continue;
    const seal = await sealOf(namespace, epoch, commit.value, signal);
    if (seal !== undefined) return seal;
  }
  return undefined;
}

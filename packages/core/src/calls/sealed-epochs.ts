import { damagedPlainTexts, readPossibleSeal } from "../commit.ts";
import { FloorWatch } from "../control.ts";
import { isStateError } from "../errors.ts";
import type { Namespace } from "../namespace.ts";
import type { PlainText } from "../seal.ts";

/** Every sealed epoch above `after` and not below the floor, ascending, without a gap. */
export async function sealedEpochs(
  namespace: Namespace,
  after: number,
  signal: AbortSignal | undefined,
): Promise<readonly number[]> {
  const sealed = new Map<number, "seal" | PlainText>();
  const look = async (epochs: readonly number[]): Promise<void> => {
    await namespace.map(epochs, async (epoch) => {
      const commit = await readUnlessPruned(namespace, epoch, signal);
      if (commit !== undefined) sealed.set(epoch, commit);
    });
  };

  const watch = new FloorWatch();
  for (;;) {
    sealed.clear();
    await look((await namespace.listEpochs(signal)).filter((epoch) => epoch > after));
    // An epoch that was sealed, or came into being, while others were read would leave a gap below a later one.
    const epochs = await namespace.listEpochs(signal);
    const highest = [...sealed.keys()].reduce((max, epoch) => Math.max(max, epoch), -1);
    // rule: below-the-highest-seal-is-read-again
    const unseen = epochs.filter((epoch) => epoch > after && epoch < highest && !sealed.has(epoch));
    await look(unseen);
    // What is still not seen may have been pruned while it was looked for. Only a listing of control that is sent now
    // tells: one beside the second listing of the epochs may come before a prune that the other one comes after.
    // rule: control-after-the-second-look
    let { floor } = await namespace.readControl(signal);
    for (const epoch of await givenUpAmong(namespace, after, sealed, signal)) sealed.delete(epoch);
    const found = [...sealed.keys()].filter((epoch) => epoch >= floor).toSorted((a, b) => a - b);
    // rule: no-sealed-epochs-needs-a-second-look
    if (found.length === 0 && floor === 0) ({ floor } = await namespace.readControl(signal));
    // rule: no-seal-above-a-floor-starts-over
    if (found.length > 0 || floor === 0 || after >= floor) return found;
    watch.startOver(floor, "no epoch is sealed");
  }
}

/** Damage below the floor is nobody's concern: the next prune deletes it. */
async function readUnlessPruned(
  namespace: Namespace,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<"seal" | PlainText | undefined> {
  try {
    return await readPossibleSeal(namespace, epoch, signal);
  } catch (error) {
    if (isStateError(error) && error.code === "EpochPruned") return undefined;
    throw error;
  }
}

/** Plain text among the seals that is damage and was given up. @throws `Corrupt` for damage that was not. */
async function givenUpAmong(
  namespace: Namespace,
  after: number,
  found: ReadonlyMap<number, "seal" | PlainText>,
  signal: AbortSignal | undefined,
): Promise<readonly number[]> {
  const plainTexts = new Map<number, PlainText>();
  let lowestSeal = after < 0 ? Infinity : -1;
  for (const [epoch, commit] of found) {
    if (commit === "seal") lowestSeal = Math.min(lowestSeal, epoch);
    else plainTexts.set(epoch, commit);
  }
  // A tree of LaminarDB's alone is taken as it is: that no seal of ours stands below was seen.
  // rule: listed-plain-text-stands-below-every-seal
  return damagedPlainTexts(namespace, plainTexts, signal, lowestSeal);
}

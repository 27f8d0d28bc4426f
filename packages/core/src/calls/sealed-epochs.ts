import { plainTextError, readCommit } from "../commit.ts";
import { FloorWatch } from "../control.ts";
import type { Namespace } from "../namespace.ts";

/** Every sealed epoch above `after` and not below the floor, ascending, without a gap. */
export async function sealedEpochs(
  namespace: Namespace,
  after: number,
  signal: AbortSignal | undefined,
): Promise<readonly number[]> {
  const sealed = new Map<number, "seal" | "legacy">();
  const look = async (epochs: readonly number[]): Promise<void> => {
    await namespace.map(epochs, async (epoch) => {
      const commit = await readCommit(namespace, epoch, signal);
      if (commit !== undefined && commit.kind !== "void") sealed.set(epoch, commit.kind);
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
    const found = [...sealed.keys()].filter((epoch) => epoch >= floor).toSorted((a, b) => a - b);
    checkPlainTexts(sealed);
    // rule: no-sealed-epochs-needs-a-second-look
    if (found.length === 0 && floor === 0) ({ floor } = await namespace.readControl(signal));
    // rule: no-seal-above-a-floor-starts-over
    if (found.length > 0 || floor === 0 || after >= floor) return found;
    watch.startOver(floor, "no epoch is sealed");
  }
}

/** @throws `Corrupt` for plain text above a seal: see `checkPlainText` */
function checkPlainTexts(sealed: ReadonlyMap<number, "seal" | "legacy">): void {
  const epochs = [...sealed.keys()];
  const lowest = epochs
    .filter((epoch) => sealed.get(epoch) === "seal")
    .reduce((a, b) => Math.min(a, b), Infinity);
  const above = epochs.find((epoch) => sealed.get(epoch) === "legacy" && epoch > lowest);
  // rule: listed-plain-text-stands-below-every-seal
  if (above !== undefined) throw plainTextError(above, lowest);
}

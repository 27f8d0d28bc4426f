import { readCommit } from "../commit.ts";
import { FloorWatch } from "../control.ts";
import type { Namespace } from "../namespace.ts";

/** Every sealed epoch above `after` and not below the floor, ascending, without a gap. */
export async function sealedEpochs(
  namespace: Namespace,
  after: number,
  signal: AbortSignal | undefined,
): Promise<readonly number[]> {
  const sealed = new Set<number>();
  const look = async (epochs: readonly number[]): Promise<void> => {
    await namespace.map(epochs, async (epoch) => {
      const commit = await readCommit(namespace, epoch, namespace.client.operation(signal));
      if (commit !== undefined && commit.kind !== "void") sealed.add(epoch);
    });
  };

  const watch = new FloorWatch();
  for (;;) {
    sealed.clear();
    await look((await namespace.listEpochs(signal)).filter((epoch) => epoch > after));
    // An epoch that was sealed, or came into being, while others were read would leave a gap below a later one.
    const [epochs, control] = await namespace.concurrently(
      () => namespace.listEpochs(signal),
      () => namespace.readControl(signal),
    );
    const highest = [...sealed].reduce((max, epoch) => Math.max(max, epoch), -1);
    // rule: below-the-highest-seal-is-read-again
    const unseen = epochs.filter(
      (epoch) => epoch > after && epoch >= control.floor && epoch < highest && !sealed.has(epoch),
    );
    await look(unseen);
    // What is still not seen may have been pruned while it was looked for.
    // rule: unseen-may-be-pruned
    const { floor } = unseen.every((epoch) => sealed.has(epoch))
      ? control
      : await namespace.readControl(signal);
    const found = [...sealed].filter((epoch) => epoch >= floor).toSorted((a, b) => a - b);
    // rule: no-seal-above-a-floor-starts-over
    if (found.length > 0 || floor === 0 || after >= floor) return found;
    watch.startOver(floor, "no epoch is sealed");
  }
}

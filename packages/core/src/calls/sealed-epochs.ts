import { readCommit } from "../commit.ts";
import { FloorWatch } from "../control.ts";
import type { Incarnation } from "../incarnation.ts";

/** Every sealed epoch above `after` and not below the floor, ascending, without a gap. */
export async function sealedEpochs(
  self: Incarnation,
  after: number,
  signal: AbortSignal | undefined,
): Promise<readonly number[]> {
  const isSealed = async (epoch: number): Promise<boolean> => {
    const commit = await readCommit(self, epoch, self.client.operation(signal));
    return commit !== undefined && commit.kind !== "void";
  };
  const sealed = new Set<number>();
  const look = async (epochs: readonly number[]): Promise<void> => {
    await self.map(epochs, async (epoch) => {
      if (await isSealed(epoch)) sealed.add(epoch);
    });
  };

  const watch = new FloorWatch();
  for (;;) {
    sealed.clear();
    await look((await self.listEpochs(signal)).filter((epoch) => epoch > after));
    // An epoch that was sealed, or came into being, while others were read would leave a gap below a later one.
    const [epochs, control] = await self.both(
      () => self.listEpochs(signal),
      () => self.readControl(signal),
    );
    const highest = [...sealed].reduce((max, epoch) => Math.max(max, epoch), -1);
    const unseen = epochs.filter(
      (epoch) => epoch > after && epoch >= control.floor && epoch < highest && !sealed.has(epoch),
    );
    await look(unseen);
    // What is still not seen may have been pruned while it was looked for.
    const { floor } = unseen.every((epoch) => sealed.has(epoch)) ? control : await self.readControl(signal);
    const answer = [...sealed].filter((epoch) => epoch >= floor).toSorted((a, b) => a - b);
    if (answer.length > 0 || floor === 0 || after >= floor) return answer;
    watch.startOver(floor, "no epoch is sealed");
  }
}

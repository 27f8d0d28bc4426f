import { readCommit, sealOf } from "../commit.ts";
import { settled } from "../concurrency.ts";
import { type Control, FloorWatch } from "../control.ts";
import type { Incarnation } from "../incarnation.ts";
import type { Seal } from "../seal.ts";

/** How many epochs' `_COMMIT`s are read at once: unsealed epochs on top are few. */
const batchSize = 8;

/** The newest seal, the epochs that it was found among, and control as it was listed after it was read. */
export interface Newest {
  readonly seal: Seal | undefined;
  readonly epochs: readonly number[];
  readonly control: Control;
}

/**
 * Finds the newest seal. Control is listed last: while the seals were read someone may have sealed a later epoch and
 * pruned those that this search had still to look at.
 */
export async function findNewest(self: Incarnation, signal: AbortSignal | undefined): Promise<Newest> {
  const watch = new FloorWatch();
  for (;;) {
    const epochs = await self.listEpochs(signal);
    const seal = await firstSeal(self, epochs.toReversed(), signal);
    const control = await self.readControl(signal);
    const { floor } = control;
    if (seal === undefined ? floor === 0 : seal.epoch >= floor) return { seal, epochs, control };
    watch.startOver(
      floor,
      seal === undefined ? "no epoch is sealed" : `the newest sealed epoch is ${seal.epoch}`,
    );
  }
}

async function firstSeal(
  self: Incarnation,
  descending: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Seal | undefined> {
  for (let start = 0; start < descending.length; start += batchSize) {
    const batch = descending.slice(start, start + batchSize);
    const commits = await self.map(batch, async (epoch) => ({
      epoch,
      answer: await settled(readCommit(self, epoch, self.client.operation(signal))),
    }));
    for (const { epoch, answer } of commits) {
      // Only what stands above the first seal matters: an epoch below it may be damaged or out of reach.
      if (answer.status === "rejected") throw answer.reason;
      if (answer.value === undefined || answer.value.kind === "void") continue;
      return sealOf(self, epoch, answer.value, signal);
    }
  }
  return undefined;
}

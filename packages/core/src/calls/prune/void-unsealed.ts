import { type Voiding, voidEpoch } from "../../commit.ts";
import { notCreated } from "../../create-or-read-back.ts";
import { commitKey } from "../../layout.ts";
import type { Leadership } from "../../leadership.ts";
import type { Namespace } from "../../namespace.ts";
import type { Deletions } from "./deletions.ts";
import { ownPages } from "./empty-epochs.ts";

/** Unsealed epochs that no floor will cover are made void, unless they are sealed, and emptied; the void stays. */
export async function voidUnsealed(
  namespace: Namespace,
  leadership: Leadership,
  epochs: readonly number[],
  deletions: Deletions,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (epochs.length === 0) return;
  const voidings = await namespace.map(epochs, async (epoch) => {
    // rule: prune-voids-before-it-empties
    const voiding = await voidOne(namespace, leadership, epoch, signal);
    // What is given up may be put back as long as the floor is not above it: then its seal names these objects.
    // rule: prune-empties-nothing-that-was-given-up
    const isVoid = voiding.outcome === "void" && !voiding.givenUp;
    return { epoch, isVoid };
  });
  // An epoch below the current floor is left alone: it may have been sealed and pruned while this prune ran, and a later
  // seal may name its objects. Its floor was published before its seal went.
  const { floor } = await namespace.readControl(signal);
  // rule: control-after-voids-before-deletes
  const isEmptied = ({ epoch, isVoid }: (typeof voidings)[number]): boolean => isVoid && epoch >= floor;
  await namespace.map(voidings.filter(isEmptied), async ({ epoch }) => {
    for await (const page of ownPages(namespace, epoch, signal)) {
      await deletions.deleteObjects(
        // rule: void-stays-when-its-epoch-is-emptied
        page.filter(({ key }) => key !== commitKey(epoch)),
      );
    }
  });
}

async function voidOne(
  namespace: Namespace,
  leadership: Leadership,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<Voiding> {
  const voiding = await voidEpoch(namespace, leadership, epoch, signal);
  if (voiding.outcome !== "refused" && voiding.outcome !== "unknown") return voiding;
  throw notCreated(voiding, `whether epoch ${epoch} is void is not known`, { epoch, next: "Prune again" });
}

import { commitKey } from "../../layout.ts";
import type { Namespace } from "../../namespace.ts";
import type { PruneReport } from "../../state-backend.ts";
import type { Deletions } from "./deletions.ts";
import { ownPages } from "./empty-epochs.ts";
import { pinnedBelow } from "./pinned.ts";
import { keysOfRetainedSeals } from "./retained.ts";

interface Plan {
  /** The epochs that the prune would make void and empty. */
  readonly unsealed: readonly number[];
  readonly horizon: number;
  readonly newest: number;
}

/** Counts what a prune would delete, and sends nothing but listings and reads. */
export async function countDeletions(
  namespace: Namespace,
  { unsealed, horizon, newest }: Plan,
  deletions: Deletions,
  signal: AbortSignal | undefined,
): Promise<PruneReport> {
  await namespace.map(unsealed, async (epoch) => {
    for await (const page of ownPages(namespace, epoch, signal))
      deletions.count(page.filter(({ key }) => key !== commitKey(epoch)));
  });
  if (horizon === 0) return deletions.report(horizon);

  const [epochs, pins] = await namespace.concurrently(
    () => namespace.listEpochs(signal),
    () => namespace.readControl(signal),
  );
  const retained = epochs.filter((epoch) => epoch >= horizon);
  const kept = await keysOfRetainedSeals(namespace, retained, { horizon, newest }, signal);
  if (kept === undefined) return deletions.report((await namespace.readControl(signal)).floor);
  const pinned = await pinnedBelow(namespace, pins, horizon, signal);
  const doomed = epochs.filter((epoch) => epoch < horizon);
  await namespace.map(doomed, async (epoch) => {
    for await (const page of ownPages(namespace, epoch, signal))
      deletions.count(page.filter(({ key }) => !kept.has(key) && !pinned.keys.has(key)));
  });
  return deletions.report(horizon, pinned.epochs.size);
}

import { commitKey } from "../../layout.ts";
import type { Namespace } from "../../namespace.ts";
import type { PruneReport } from "../../state-backend.ts";
import type { Deletions } from "./deletions.ts";
import { ownPages } from "./empty-epochs.ts";
import { whatStays } from "./staying.ts";

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

  const staying = await whatStays(namespace, { horizon, newest }, signal);
  if (staying === undefined) return deletions.report((await namespace.readControl(signal)).floor);
  const { doomed, keys, pinned } = staying;
  await namespace.map(doomed, async (epoch) => {
    for await (const page of ownPages(namespace, epoch, signal))
      deletions.count(page.filter(({ key }) => !keys.has(key)));
  });
  return deletions.report(horizon, pinned.epochs.size);
}

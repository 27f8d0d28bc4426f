import type { Namespace } from "../../namespace.ts";
import { type Pinned, pinnedBelow } from "./pinned.ts";
import { keysOfRetainedSeals } from "./retained.ts";

/** What a prune leaves of the epochs below its horizon. */
export interface Staying {
  /** The epochs that it empties, but for these keys. */
  readonly doomed: readonly number[];
  readonly keys: ReadonlySet<string>;
  readonly pinned: Pinned;
}

/**
 * Lists the epochs and the pins side by side, and reads the seals that name what stays.
 *
 * @returns `undefined` if someone pruned further since the newest seal was found
 */
export async function whatStays(
  namespace: Namespace,
  { horizon, newest }: { readonly horizon: number; readonly newest: number },
  signal: AbortSignal | undefined,
): Promise<Staying | undefined> {
  const [epochs, control] = await namespace.concurrently(
    () => namespace.listEpochs(signal),
    () => namespace.readControl(signal),
  );
  const retained = epochs.filter((epoch) => epoch >= horizon);
  const kept = await keysOfRetainedSeals(namespace, retained, { horizon, newest }, signal);
  if (kept === undefined) return undefined;
  const pinned = await pinnedBelow(namespace, control, horizon, signal);
  // rule: prune-lists-what-exists
  // rule: epoch-prefix-ends-in-a-slash
  const doomed = below(epochs, horizon);
  return { doomed, keys: new Set([...kept, ...pinned.keys]), pinned };
}

function below(epochs: readonly number[], horizon: number): readonly number[] {
  return epochs.filter((epoch) => epoch < horizon);
}

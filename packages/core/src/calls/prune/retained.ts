import { damagedPlainTexts, readCommit } from "../../commit.ts";
import { epochOf } from "../../layout.ts";
import type { Namespace } from "../../namespace.ts";
import { keysOf, mayBeSeal, type PlainText } from "../../seal.ts";

/**
 * What the retained seals name below the horizon, to be kept. `undefined` if the newest seal that this prune started from
 * is gone: someone pruned further, and what later seals need can no longer be learnt from it.
 */
export async function keysOfRetainedSeals(
  namespace: Namespace,
  epochs: readonly number[],
  { horizon, newest }: { readonly horizon: number; readonly newest: number },
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<string> | undefined> {
  const kept = new Set<string>();
  let newestSeen = false;
  const plainTexts = new Map<number, PlainText>();
  await namespace.map(epochs, async (epoch) => {
    // rule: unreadable-retained-seal-stops-the-prune
    const commit = await readCommit(namespace, epoch, signal);
    if (!mayBeSeal(commit)) return;
    if (epoch === newest) newestSeen = true;
    if (commit.kind === "plain-text") {
      plainTexts.set(epoch, commit);
      return;
    }
    for (const key of keysOf(commit.seal)) {
      // rule: named-objects-are-kept
      if (epochOf(key) < horizon) kept.add(key);
    }
  });
  // What a damaged seal named nobody can tell: it is kept.
  // rule: damaged-plain-text-stops-the-prune
  await damagedPlainTexts(namespace, plainTexts, signal);
  // rule: prune-stops-without-its-newest-seal
  return newestSeen ? kept : undefined;
}

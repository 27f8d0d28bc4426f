import { readCommit, sealOf } from "../commit.ts";
import { checkReadable } from "../control.ts";
import type { Namespace } from "../namespace.ts";
import type { Seal } from "../seal.ts";

/** One epoch's seal, or `undefined` if it has none. @throws `EpochPruned` */
export async function readSeal(
  namespace: Namespace,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<Seal | undefined> {
  const commit = await readCommit(namespace, epoch, signal);
  const seal = commit === undefined ? undefined : await sealOf(namespace, epoch, commit, signal);
  // Listed after the reading: below the floor a seal may be a stray, and none may be one that was pruned.
  // rule: asked-for-seal-is-above-the-floor
  checkReadable(epoch, await namespace.readControl(signal), seal !== undefined);
  return seal;
}

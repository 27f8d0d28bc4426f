import { readSeal } from "../commit.ts";
import { checkReadable } from "../control.ts";
import type { Namespace } from "../namespace.ts";
import type { Seal } from "../seal.ts";

/** One epoch's seal, or `undefined` if it has none. @throws `EpochPruned` */
export async function findSealed(
  namespace: Namespace,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<Seal | undefined> {
  const seal = await readSeal(namespace, epoch, signal);
  // Listed after the reading: below the floor a seal may be a stray, and none may be one that was pruned.
  // rule: asked-for-seal-is-above-the-floor
  checkReadable(epoch, await namespace.readControl(signal), seal !== undefined);
  return seal;
}

import { readSeal } from "../../commit.ts";
import type { Control } from "../../control.ts";
import { isStateError, StateError } from "../../errors.ts";
import { commitKey } from "../../layout.ts";
import type { Namespace } from "../../namespace.ts";
import { keysOf, type Seal } from "../../seal.ts";

/** What the pinned epochs below the horizon keep. */
export interface Pinned {
  /** Their `_COMMIT`s, and all that these name. */
  readonly keys: ReadonlySet<string>;
  readonly epochs: ReadonlySet<number>;
  /** The keys of pins whose epochs have no seal: their creators died, and they keep nothing. */
  readonly dead: readonly string[];
}

/** @throws `Corrupt` if the `_COMMIT` of one cannot be read: what it names nobody can tell */
export async function pinnedBelow(
  namespace: Namespace,
  { pins }: Pick<Control, "pins">,
  horizon: number,
  signal: AbortSignal | undefined,
): Promise<Pinned> {
  const below = pins.filter(({ epoch }) => epoch < horizon);
  const keys = new Set<string>();
  const epochs = new Set<number>();
  await namespace.map([...new Set(below.map(({ epoch }) => epoch))], async (epoch) => {
    // rule: unreadable-pinned-seal-stops-the-prune
    const seal = await readPinnedSeal(namespace, epoch, signal);
    if (seal === undefined) return;
    epochs.add(epoch);
    // rule: pinned-seal-is-kept
    keys.add(commitKey(epoch));
    // Also what lower epochs wrote: an unchanged vnode's object is in one of them.
    // rule: what-a-pinned-seal-names-is-kept
    for (const key of keysOf(seal)) keys.add(key);
  });
  return { keys, epochs, dead: below.filter(({ epoch }) => !epochs.has(epoch)).map(({ key }) => key) };
}

async function readPinnedSeal(
  namespace: Namespace,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<Seal | undefined> {
  try {
    return await readSeal(namespace, epoch, signal);
  } catch (error) {
    if (!isStateError(error) || error.code !== "Corrupt") throw error;
    const message = `epoch ${epoch} is pinned, and its seal cannot be read`;
    const next = "Put it back from a copy, or unpin the epoch";
    throw new StateError("Corrupt", message, {
      sealed: "unknown",
      epoch,
      key: commitKey(epoch),
      cause: error,
      next,
    });
  }
}

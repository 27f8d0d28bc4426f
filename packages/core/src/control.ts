import { StateError, type StateErrorDetails } from "./errors.ts";
import { controlPrefix, parseControlKey } from "./layout.ts";
import type { StoreClient } from "./store-client.ts";

/** What `_control/` says: who leads, and what is pruned. */
export interface Control {
  /** The highest assignment version that was claimed; 0: none. */
  readonly fence: number;
  /** The lowest epoch that may still exist; 0: nothing was pruned. */
  readonly floor: number;
  /** The keys of fences and floors that no longer count. */
  readonly outdated: readonly string[];
}

/** Lists `_control/`. The order of this request among others is what most rules of the protocol are about. */
export async function readControl(client: StoreClient, signal: AbortSignal | undefined): Promise<Control> {
  const highest = { fence: 0, floor: 0 };
  const found: { readonly kind: "fence" | "floor"; readonly value: number; readonly key: string }[] = [];
  for await (const page of client.list(controlPrefix, { signal })) {
    for (const { key } of page.objects) {
      const object = parseControlKey(key);
      if (object === undefined || object.kind === "namespace") continue;
      highest[object.kind] = Math.max(highest[object.kind], object.value);
      found.push({ ...object, key });
    }
  }
  const outdated = found.filter(({ kind, value }) => value < highest[kind]).map(({ key }) => key);
  return { ...highest, outdated };
}

/**
 * Below the floor nothing tells any more whether an epoch was sealed, unless its seal was read: then `details` say so.
 *
 * @throws `EpochPruned`
 */
export function checkNotPruned(
  epoch: number,
  { floor }: Pick<Control, "floor">,
  details: Partial<StateErrorDetails> = {},
): void {
  if (floor > epoch) throw pruned(epoch, floor, details);
}

export function pruned(epoch: number, floor: number, details: Partial<StateErrorDetails> = {}): StateError {
  const message = `epoch ${epoch} is below the floor ${floor}: it was pruned`;
  return new StateError("EpochPruned", message, { sealed: "unknown", epoch, ...details });
}

/**
 * Decides whether a search that must end at or above the floor may be tried again. If the floor rose meanwhile, what the
 * search missed was pruned while it ran; the same floor twice explains nothing.
 */
export class FloorWatch {
  #last: number | undefined;

  /** @throws `Corrupt` when the floor has not risen since the last time. */
  startOver(floor: number, what: string): void {
    // rule: same-floor-twice-is-corrupt
    if (this.#last !== undefined && floor <= this.#last) {
      const message = `${what}, though epochs below ${floor} were pruned, and prune keeps the newest sealed epoch`;
      throw new StateError("Corrupt", message, { sealed: "unknown" });
    }
    this.#last = floor;
  }
}

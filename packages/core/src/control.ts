import { StateError, type StateErrorDetails } from "./errors.ts";
import { controlPrefix, floorKey, parseControlKey } from "./layout.ts";
import type { StoreClient } from "./store-client.ts";

/** What `_control/` says: who leads, and what is pruned. */
export interface Control {
  /** The highest assignment version that was claimed; 0: none. */
  readonly fence: number;
  /** The lowest epoch that may still exist; 0: nothing was pruned. */
  readonly floor: number;
  /** The fences that the listing showed. */
  readonly fences: ReadonlySet<number>;
  /** The pins, by epoch. */
  readonly pins: readonly PinObject[];
  /** The keys of the `_COMMIT`s that were given up. */
  readonly givenUp: ReadonlyMap<string, number>;
  /**
   * The keys that are surplus for good: of fences and floors that the listing showed `keptControls` higher ones of, and
   * of what was given up below the floor.
   */
  readonly surplus: readonly string[];
}

/**
 * How many fences and floors a prune keeps. A listing is no moment: a store may take the names of a page first and look
 * at each later, and leave out what is gone by then. With one of each kept, one prune within one page is enough to show
 * no floor at all. With this many kept, so many prunes must fall into one page.
 */
export const keptControls = 16;

/** An epoch that every prune keeps. */
export interface PinObject {
  readonly key: string;
  readonly epoch: number;
  readonly name: string;
}

/** Lists `_control/`. The order of this request among others is what most rules of the protocol are about. */
export async function listControl(client: StoreClient, signal: AbortSignal | undefined): Promise<Control> {
  const keys = { fence: new Map<number, string>(), floor: new Map<number, string>() };
  const givenUp = new Map<string, number>();
  const pins: PinObject[] = [];
  for await (const page of client.list(controlPrefix, { signal })) {
    for (const { key } of page.objects) {
      const object = parseControlKey(key);
      if (object === undefined || object.kind === "namespace") continue;
      if (object.kind === "given-up") givenUp.set(key, object.epoch);
      else if (object.kind === "pin") pins.push({ key, epoch: object.epoch, name: object.name });
      else keys[object.kind].set(object.value, key);
    }
  }
  const floor = Math.max(0, ...keys.floor.keys());
  // rule: given-up-counts-until-it-is-below-the-floor
  const isOver = ([, epoch]: readonly [string, number]): boolean => epoch < floor;
  const over = [...givenUp].filter(isOver).map(([key]) => key);
  return {
    fence: Math.max(0, ...keys.fence.keys()),
    floor,
    fences: new Set(keys.fence.keys()),
    pins,
    givenUp,
    surplus: [...surplusOf(keys.fence), ...surplusOf(keys.floor), ...over],
  };
}

function surplusOf(keys: ReadonlyMap<number, string>): readonly string[] {
  const descending = [...keys].toSorted(([a], [b]) => b - a);
  // rule: newest-controls-are-kept
  return descending.slice(keptControls).map(([, key]) => key);
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

/**
 * The same for whoever reads an epoch: one that is pinned stays below the floor.
 *
 * @param isSealed whether its seal was read. A pin whose creator died may be on nothing
 * @throws `EpochPruned`
 */
export function checkReadable(
  epoch: number,
  control: Pick<Control, "floor" | "pins">,
  isSealed: boolean,
  details: Partial<StateErrorDetails> = {},
): void {
  // rule: pinned-epoch-is-read-below-the-floor
  const isKept = isPinned(epoch, control);
  // rule: pin-on-nothing-is-pruned
  if (isKept && isSealed) return;
  checkNotPruned(epoch, control, details);
}

export function isPinned(epoch: number, { pins }: Pick<Control, "pins">): boolean {
  return pins.some((pin) => pin.epoch === epoch);
}

export function pruned(epoch: number, floor: number, details: Partial<StateErrorDetails> = {}): StateError {
  const message = `epoch ${epoch} was pruned: every epoch below ${floor} was`;
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
      const message = `${what}, though epochs below ${floor} were pruned, and a prune keeps the newest sealed one`;
      const next = `Somebody deleted epoch ${floor} or a later one, or wrote ${floorKey(floor)}: put it back, or delete that`;
      throw new StateError("Corrupt", message, { sealed: "unknown", key: floorKey(floor), next });
    }
    this.#last = floor;
  }
}

import type { Control } from "../../control.ts";
import { commitKey, parseEpochObject } from "../../layout.ts";
import type { Attempt } from "./attempt.ts";

/** An epoch's folder as a listing showed it. */
export class EpochListing {
  readonly #sizes = new Map<string, number>();
  readonly #partials = new Map<number, string[]>();
  #hasCommit = false;

  add(epoch: number, key: string, size: number): void {
    this.#sizes.set(key, size);
    if (key === commitKey(epoch)) this.#hasCommit = true;
    const object = parseEpochObject(key);
    if (object?.kind === "partial") this.#partials.set(object.vnode, [...this.partials(object.vnode), key]);
  }

  get hasCommit(): boolean {
    return this.#hasCommit;
  }

  /** Bytes. */
  size(key: string): number | undefined {
    return this.#sizes.get(key);
  }

  /** The keys of the vnode's partials. */
  partials(vnode: number): readonly string[] {
    return this.#partials.get(vnode) ?? [];
  }
}

export interface Look {
  readonly listing: EpochListing;
  readonly control: Control;
}

/** Lists the epoch and control, side by side. */
export async function lookAtEpoch(attempt: Attempt, acceptListed: boolean): Promise<Look> {
  const { namespace, signal } = attempt;
  // With `acceptListed` all there is to go by is what the listing shows: the fence must be looked at after it.
  // rule: accept-listed-lists-control-last
  if (acceptListed) {
    const listing = await listEpoch(attempt);
    return { listing, control: await namespace.readControl(signal) };
  }
  const [listing, control] = await namespace.concurrently(
    () => listEpoch(attempt),
    () => namespace.readControl(signal),
  );
  return { listing, control };
}

async function listEpoch({ namespace, epoch, signal }: Attempt): Promise<EpochListing> {
  const listing = new EpochListing();
  for await (const { key, size } of namespace.listEpoch(epoch, signal)) listing.add(epoch, key, size);
  return listing;
}

import { readCommit, sealOf } from "../commit.ts";
import type { Incarnation } from "../incarnation.ts";
import { partialKeys } from "../layout.ts";
import { findPartial, type Seal } from "../seal.ts";
import { readSealed } from "../sealed-epoch.ts";

/** The seals that `readPartial` met last: a restore reads many vnodes of one epoch. */
export class SealCache {
  readonly #seals = new Map<number, Seal>();

  get(epoch: number): Seal | undefined {
    return this.#seals.get(epoch);
  }

  add(seal: Seal): void {
    this.#seals.delete(seal.epoch);
    this.#seals.set(seal.epoch, seal);
    const [oldest] = this.#seals.keys();
    if (this.#seals.size > 4 && oldest !== undefined) this.#seals.delete(oldest);
  }
}

export async function readPartial(
  self: Incarnation,
  cache: SealCache,
  { vnode, epoch }: { readonly vnode: number; readonly epoch: number },
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  let seal = cache.get(epoch);
  const commit =
    seal === undefined ? await readCommit(self, epoch, self.client.operation(signal)) : undefined;
  if (commit !== undefined) seal = await sealOf(self, epoch, commit, signal);
  if (commit?.kind === "legacy") {
    // Its inventory is a listing: a prune on the way would make it look as if the vnode had never been there.
    const { floor } = await self.readControl(signal);
    if (floor > epoch) throw self.pruned(epoch, floor, { sealed: "yes" });
  }
  if (seal !== undefined) {
    cache.add(seal);
    const entry = findPartial(seal, vnode);
    return entry === undefined ? undefined : readSealed(self, seal, entry, signal);
  }

  const key = self.written(epoch, vnode)?.key ?? partialKeys(epoch, vnode).first;
  const body = await self.client.get(key, self.client.operation(signal));
  // Neither no `_COMMIT` nor a void tells a pruned epoch from one that never was, and its remains are not its state.
  const { floor } = await self.readControl(signal);
  if (floor > epoch) throw self.pruned(epoch, floor);
  return body;
}

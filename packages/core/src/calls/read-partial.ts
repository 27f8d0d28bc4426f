import { readCommit, sealOf } from "../commit.ts";
import { checkNotPruned } from "../control.ts";
import { partialKeys } from "../layout.ts";
import type { Namespace } from "../namespace.ts";
import type { OwnWrites } from "../own-writes.ts";
import { findPartial, type Seal } from "../seal.ts";
import { readSealed } from "../sealed-epoch.ts";
import type { ReadPartialArguments } from "../state-backend.ts";

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
  namespace: Namespace,
  ownWrites: OwnWrites,
  cache: SealCache,
  { vnode, epoch }: ReadPartialArguments,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  const seal = cache.get(epoch) ?? (await readSeal(namespace, epoch, signal));
  if (seal !== undefined) {
    cache.add(seal);
    const entry = findPartial(seal, vnode);
    return entry === undefined ? undefined : readSealed(namespace, seal, entry, signal);
  }

  const { client } = namespace;
  // rule: own-last-write-is-read
  const key = ownWrites.find(epoch, vnode)?.key ?? partialKeys(epoch, vnode).first;
  const body = await client.get(key, client.operation(signal));
  const control = await namespace.readControl(signal);
  // Neither no `_COMMIT` nor a void tells a pruned epoch from one that never was, and its remains are not its state.
  // rule: unsealed-read-looks-at-the-floor
  checkNotPruned(epoch, control);
  return body;
}

async function readSeal(
  namespace: Namespace,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<Seal | undefined> {
  const commit = await readCommit(namespace, epoch, namespace.client.operation(signal));
  if (commit === undefined) return undefined;
  const seal = await sealOf(namespace, epoch, commit, signal);
  // The inventory of a plain-text seal is a listing: if a prune ran meanwhile, the vnode looks as if it had never been.
  // rule: plain-text-seal-looks-at-the-floor
  if (commit.kind === "legacy") {
    checkNotPruned(epoch, await namespace.readControl(signal), { sealed: "yes" });
  }
  return seal;
}

import { readCommit, sealOf } from "../commit.ts";
import { outcomeOf } from "../concurrency.ts";
import { checkNotPruned, checkReadable } from "../control.ts";
import { StateError } from "../errors.ts";
import { partialKeys } from "../layout.ts";
import type { Namespace } from "../namespace.ts";
import type { OwnWrites } from "../own-writes.ts";
import { findPartial, type Seal } from "../seal.ts";
import { readSealed, readWritten } from "../sealed-bytes.ts";
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
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const cached = cache.get(epoch);
  if (cached !== undefined) return readEntry(namespace, cached, vnode, signal);

  const { client } = namespace;
  const commit = await readCommit(namespace, epoch, signal);
  // rule: void-has-no-bytes
  if (commit !== undefined) {
    const seal = await sealOf(namespace, epoch, commit, signal);
    // Only a look at the floor that is sent now tells a seal from a stray, which came late to where a void had been
    // pruned, and a plain-text seal's listing from one that a prune emptied meanwhile.
    const [body, control] = await namespace.concurrently(
      () => outcomeOf(readEntry(namespace, seal, vnode, signal)),
      () => namespace.readControl(signal),
    );
    // rule: sealed-read-looks-at-the-floor
    checkReadable(epoch, control, seal !== undefined);
    if (seal !== undefined) cache.add(seal);
    if (body.status === "rejected") throw body.reason;
    return body.value;
  }

  // rule: own-last-write-is-read
  const own = ownWrites.find(epoch, vnode);
  const body =
    own === undefined
      ? await client.get(partialKeys(epoch, vnode).first, client.operation(signal))
      : await readWritten(namespace, own, signal);
  const control = await namespace.readControl(signal);
  // Without `_COMMIT` nothing tells a pruned epoch from one that never was, and its remains are not its state.
  // rule: unsealed-read-looks-at-the-floor
  checkNotPruned(epoch, control);
  // rule: unsealed-bytes-of-another-are-not-decoded
  if (own === undefined && body !== undefined && namespace.codecs.first !== undefined) {
    const message = `vnode ${vnode} of epoch ${epoch} is not sealed, and nothing says which codec wrote it`;
    const next = "Read it with the backend that wrote it, or once the epoch is sealed";
    throw new StateError("ReceiptRequired", message, { sealed: "unknown", epoch, vnode, next });
  }
  return body;
}

/** What the seal names of the vnode. A void names nothing: what lies in its folder was never sealed. */
async function readEntry(
  namespace: Namespace,
  seal: Seal | undefined,
  vnode: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const entry = seal === undefined ? undefined : findPartial(seal, vnode);
  if (seal === undefined || entry === undefined) return undefined;
  return readSealed(namespace, seal, entry, signal);
}

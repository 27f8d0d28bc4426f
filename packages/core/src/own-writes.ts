import type { AttachmentReceipt, PartialReceipt } from "./receipt.ts";

/** How many epochs' receipts are kept: plenty for checkpoints in flight, and no more with the years. */
const rememberedEpochs = 16;

interface OwnWrite {
  readonly receipt: PartialReceipt;
  readonly place: number;
}

/** What this backend wrote itself. A bare vnode number in `epochComplete` stands for its partial. */
export class OwnWrites {
  readonly #epochs = new Map<number, Map<number, OwnWrite>>();
  readonly #attachments = new Map<number, Set<string>>();
  #begun = 0;

  /** The place of a write among the calls: the last write is the one that was asked for last, not the one that ended last. */
  begin(): number {
    this.#begun += 1;
    return this.#begun;
  }

  remember(receipt: PartialReceipt, place: number): void {
    const writes = this.#epochs.get(receipt.epoch) ?? new Map<number, OwnWrite>();
    this.#epochs.set(receipt.epoch, writes);
    const last = writes.get(receipt.vnode);
    // rule: last-write-was-asked-for-last
    if (last === undefined || last.place < place) writes.set(receipt.vnode, { receipt, place });
    if (this.#epochs.size > rememberedEpochs) this.#epochs.delete(Math.min(...this.#epochs.keys()));
  }

  rememberAttachment({ epoch, name }: AttachmentReceipt): void {
    const names = this.#attachments.get(epoch) ?? new Set<string>();
    this.#attachments.set(epoch, names.add(name));
    if (this.#attachments.size > rememberedEpochs)
      this.#attachments.delete(Math.min(...this.#attachments.keys()));
  }

  /** The names of the attachments that were written for an epoch. */
  attachments(epoch: number): readonly string[] {
    return [...(this.#attachments.get(epoch) ?? [])];
  }

  /** The last write of a vnode in an epoch. */
  find(epoch: number, vnode: number): PartialReceipt | undefined {
    return this.#epochs.get(epoch)?.get(vnode)?.receipt;
  }
}

import { checkAttachmentName, checkInteger, signalOf } from "./arguments.ts";
import { StateError } from "./errors.ts";
import { asStateError, type Incarnation } from "./incarnation.ts";
import { findPartial, type Seal, type SealedAttachment, type SealedPartial } from "./seal.ts";
import { sha256Hex } from "./sha256.ts";
import type { SealedEpoch } from "./state-backend.ts";
import type { OperationOptions } from "./store.ts";

type Run = <T>(signal: AbortSignal | undefined, call: () => Promise<T>) => Promise<T>;

/** The handle that `latest` and `takeover` give: reads exactly the keys that the seal names. */
export class SealHandle implements SealedEpoch {
  readonly seal: Seal;
  readonly #self: Incarnation;
  readonly #run: Run;

  /** @param run counts a read among the calls in flight, and refuses it once the backend is closed */
  constructor(self: Incarnation, seal: Seal, run: Run) {
    this.#self = self;
    this.seal = seal;
    this.#run = run;
  }

  get epoch(): number {
    return this.seal.epoch;
  }

  get committer(): string {
    return this.seal.committer;
  }

  get vnodes(): readonly number[] {
    return this.seal.partials.map(({ vnode }) => vnode);
  }

  get attachments(): readonly string[] {
    return this.seal.attachments.map(({ name }) => name);
  }

  async read(vnode: number, options?: OperationOptions): Promise<Uint8Array | undefined> {
    checkInteger("vnode", vnode, 0, this.#self.vnodeCapacity - 1);
    const signal = signalOf(options);
    const entry = findPartial(this.seal, vnode);
    return this.#run(signal, () => this.#read(entry, signal));
  }

  async attachment(name: string, options?: OperationOptions): Promise<Uint8Array | undefined> {
    checkAttachmentName("name", name);
    const signal = signalOf(options);
    const entry = this.seal.attachments.find((attachment) => attachment.name === name);
    return this.#run(signal, () => this.#read(entry, signal));
  }

  async #read(
    entry: SealedPartial | SealedAttachment | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array | undefined> {
    signal?.throwIfAborted();
    return entry === undefined ? undefined : readSealed(this.#self, this.seal, entry, signal);
  }
}

/**
 * Reads one object of a seal's inventory and checks it. An object that is gone is never "absent": an empty answer
 * would restart that vnode from nothing.
 *
 * @throws `EpochPruned`, `PartialLost`, `Corrupt`, `StoreFailed`
 */
export async function readSealed(
  self: Incarnation,
  seal: Seal,
  entry: SealedPartial | SealedAttachment,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const { epoch, committer } = seal;
  const { key } = entry;
  const vnode = "vnode" in entry ? entry.vnode : undefined;
  const details = { sealed: "yes", epoch, vnode, committer, key } as const;
  try {
    const body = await self.client.get(key, self.client.operation(signal, entry.size));
    const intact = body !== undefined && (await isAsSealed(body, entry));
    if (!intact || entry.sha256 === undefined) {
      // Only the floor tells whether what is there, or is not, still is what was sealed.
      const { floor } = await self.readControl(signal);
      if (floor > epoch) throw self.pruned(epoch, floor, details);
    }
    if (body === undefined) {
      throw new StateError(
        "PartialLost",
        `${key} is named by the seal of epoch ${epoch} and is gone`,
        details,
      );
    }
    if (intact) return body;
    throw new StateError(
      "Corrupt",
      `${key} holds other bytes than the seal of epoch ${epoch} describes`,
      details,
    );
  } catch (error) {
    throw asStateError(error, `reading ${key}`, details, signal);
  }
}

async function isAsSealed(body: Uint8Array, entry: SealedPartial | SealedAttachment): Promise<boolean> {
  if (body.length !== entry.size) return false;
  return entry.sha256 === undefined || (await sha256Hex(copyOf(body))) === entry.sha256;
}

/** WebCrypto takes no view of shared memory; everything else is passed as it is. */
function copyOf(body: Uint8Array): Uint8Array<ArrayBuffer> {
  return body.buffer instanceof ArrayBuffer ? (body as Uint8Array<ArrayBuffer>) : new Uint8Array(body);
}

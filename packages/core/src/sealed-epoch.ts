import { checkAttachmentName, checkInteger, signalOf } from "./arguments.ts";
import { checkReadable, isPinned, pruned } from "./control.ts";
import { asStateError, StateError } from "./errors.ts";
import { decodeInline } from "./inline.ts";
import { commitKey } from "./layout.ts";
import type { Namespace } from "./namespace.ts";
import { findPartial, type Seal, type SealedAttachment, type SealedPartial } from "./seal.ts";
import { sha256Hex } from "./sha256.ts";
import type { SealedEpoch } from "./state-backend.ts";
import type { OperationOptions } from "./store.ts";

type Run = <T>(signal: AbortSignal | undefined, call: () => Promise<T>) => Promise<T>;

/** The handle that `latest` and `takeover` give: reads exactly the keys that the seal names. */
export class SealHandle implements SealedEpoch {
  readonly seal: Seal;
  readonly #namespace: Namespace;
  readonly #vnodeCapacity: number;
  readonly #run: Run;

  /** @param run counts a read among the calls in flight, and refuses it once the backend is closed */
  constructor(namespace: Namespace, seal: Seal, vnodeCapacity: number, run: Run) {
    this.#namespace = namespace;
    this.seal = seal;
    this.#vnodeCapacity = vnodeCapacity;
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

  async read(vnode: number, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    checkInteger("vnode", vnode, 0, this.#vnodeCapacity - 1);
    const signal = signalOf(options);
    const entry = findPartial(this.seal, vnode);
    return this.#run(signal, () => this.#read(entry, signal));
  }

  async readAttachment(
    name: string,
    options?: OperationOptions,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    checkAttachmentName("name", name);
    const signal = signalOf(options);
    const entry = this.seal.attachments.find((attachment) => attachment.name === name);
    return this.#run(signal, () => this.#read(entry, signal));
  }

  async #read(
    entry: SealedPartial | SealedAttachment | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    signal?.throwIfAborted();
    return entry === undefined ? undefined : readSealed(this.#namespace, this.seal, entry, signal);
  }
}

/**
 * Reads one object of a seal's inventory and checks it. An object that is gone is never "absent": an empty response
 * would restart that vnode from nothing.
 *
 * @throws `EpochPruned`, `PartialLost`, `Corrupt`, `StoreFailed`
 */
export async function readSealed(
  namespace: Namespace,
  seal: Seal,
  entry: SealedPartial | SealedAttachment,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const { client } = namespace;
  const { epoch, committer } = seal;
  const { key = commitKey(epoch) } = entry;
  const vnode = "vnode" in entry ? entry.vnode : undefined;
  const details = { sealed: "yes", epoch, vnode, committer, key } as const;
  try {
    const body =
      entry.key === undefined
        ? decodeInline(entry.inline)
        : await client.get(entry.key, client.operation(signal, entry.size));
    const intact = body !== undefined && (await isAsSealed(body, entry));
    // Only the floor tells whether what is there, or is not, still is what was sealed.
    // rule: entry-without-digest-looks-at-the-floor
    // rule: other-bytes-look-at-the-floor
    if (!intact || entry.sha256 === undefined) {
      const control = await namespace.readControl(signal);
      // rule: absent-object-of-a-pruned-seal-is-pruned
      checkReadable(epoch, control, true, details);
      // If it was unpinned meanwhile, a prune has deleted the seal first.
      // rule: lost-object-of-a-pinned-seal-looks-at-the-seal
      const isKept = control.floor > epoch && isPinned(epoch, control);
      if (!intact && isKept && (await isGone(namespace, epoch, signal)))
        throw pruned(epoch, control.floor, details);
    }
    if (intact) return body;
    if (body === undefined) {
      // rule: absent-object-of-a-seal-is-an-error
      throw new StateError(
        "PartialLost",
        `${key} is named by the seal of epoch ${epoch} and is gone`,
        details,
      );
    }
    const message = `${key} holds other bytes than the seal of epoch ${epoch} describes`;
    throw new StateError("Corrupt", message, details);
  } catch (error) {
    throw asStateError(
      error,
      `${key}, which the seal of epoch ${epoch} names, could not be read`,
      details,
      signal,
    );
  }
}

async function isGone(
  { client }: Namespace,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  return (await client.get(commitKey(epoch), client.operation(signal))) === undefined;
}

async function isAsSealed(body: Uint8Array, entry: SealedPartial | SealedAttachment): Promise<boolean> {
  // rule: handle-checks-the-size
  if (body.length !== entry.size) return false;
  // rule: handle-checks-the-digest
  return entry.sha256 === undefined || (await sha256Hex(copyOf(body))) === entry.sha256;
}

/** WebCrypto takes no view of shared memory; everything else is passed as it is. */
function copyOf(body: Uint8Array): Uint8Array<ArrayBuffer> {
  return body.buffer instanceof ArrayBuffer ? (body as Uint8Array<ArrayBuffer>) : new Uint8Array(body);
}

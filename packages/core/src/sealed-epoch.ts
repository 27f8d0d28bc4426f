import { checkAttachmentName, checkInteger, signalOf } from "./arguments.ts";
import type { Namespace } from "./namespace.ts";
import { findPartial, type Seal, type SealedAttachment, type SealedPartial } from "./seal.ts";
import { checkReadAtOnce, readSealed, streamSealed } from "./sealed-bytes.ts";
import type { SealedEpoch } from "./state-backend.ts";
import type { OperationOptions } from "./store.ts";

/** Counts a read among the calls in flight, tells of it, and refuses it once the backend is closed. */
export interface Reading {
  read<T>(signal: AbortSignal | undefined, read: (namespace: Namespace) => Promise<T>): Promise<T>;
  stream<T>(
    signal: AbortSignal | undefined,
    stream: (namespace: Namespace) => AsyncGenerator<T, void, undefined>,
  ): AsyncGenerator<T, void, undefined>;
}

/** The handle that `latest` and `takeover` give: reads exactly the keys that the seal names. */
export class SealHandle implements SealedEpoch {
  readonly seal: Seal;
  readonly #vnodeCapacity: number;
  readonly #reading: Reading;

  constructor(seal: Seal, vnodeCapacity: number, reading: Reading) {
    this.seal = seal;
    this.#vnodeCapacity = vnodeCapacity;
    this.#reading = reading;
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
    if (entry !== undefined) checkReadAtOnce(entry);
    return this.#read(entry, signal);
  }

  stream(
    vnode: number,
    options?: OperationOptions,
  ): AsyncIterableIterator<Uint8Array<ArrayBuffer>> | undefined {
    checkInteger("vnode", vnode, 0, this.#vnodeCapacity - 1);
    const signal = signalOf(options);
    const entry = findPartial(this.seal, vnode);
    if (entry === undefined) return undefined;
    return this.#reading.stream(signal, (namespace) => streamSealed(namespace, this.seal, entry, signal));
  }

  async readAttachment(
    name: string,
    options?: OperationOptions,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    checkAttachmentName("name", name);
    const signal = signalOf(options);
    const entry = this.seal.attachments.find((attachment) => attachment.name === name);
    return this.#read(entry, signal);
  }

  #read(
    entry: SealedPartial | SealedAttachment | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#reading.read(signal, async (namespace) => {
      signal?.throwIfAborted();
      return entry === undefined ? undefined : readSealed(namespace, this.seal, entry, signal);
    });
  }
}

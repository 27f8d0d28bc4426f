import { checkAttachmentName, checkInteger, signalOf } from "./arguments.ts";
import type { Namespace } from "./namespace.ts";
import { findPartial, type Seal, type SealedAttachment, type SealedPartial } from "./seal.ts";
import { checkReadAtOnce, readSealed, streamSealed } from "./sealed-bytes.ts";
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
    if (entry !== undefined) checkReadAtOnce(entry);
    return this.#run(signal, () => this.#read(entry, signal));
  }

  stream(
    vnode: number,
    options?: OperationOptions,
  ): AsyncIterableIterator<Uint8Array<ArrayBuffer>> | undefined {
    checkInteger("vnode", vnode, 0, this.#vnodeCapacity - 1);
    const signal = signalOf(options);
    const entry = findPartial(this.seal, vnode);
    return entry === undefined ? undefined : this.#stream(entry, signal);
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

  async *#stream(
    entry: SealedPartial,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    const pieces = streamSealed(this.#namespace, this.seal, entry, signal);
    try {
      for (;;) {
        const next = await this.#run(signal, async () => {
          signal?.throwIfAborted();
          return pieces.next();
        });
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await pieces.return();
    }
  }
}

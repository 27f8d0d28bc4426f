import type { Codecs } from "./codec.ts";
import { concurrently, mapBounded } from "./concurrency.ts";
import { Copies } from "./copies.ts";
import { type Control, listControl } from "./control.ts";
import type { DecisionEvent, EventSink } from "./events.ts";
import { StateError } from "./errors.ts";
import { epochPrefix, namespaceKey, parseEpochFolder } from "./layout.ts";
import { inlineLimit } from "./inline.ts";
import { bytesInFlight } from "./limits.ts";
import { mapInOrder } from "./in-order.ts";
import type { Seal } from "./seal.ts";
import type { ListedObject } from "./store.ts";
import type { StoreClient } from "./store-client.ts";

/** A seal's line for one vnode: its key, size and digest. */
const entryBytes = 256;

export interface NamespaceOptions {
  readonly vnodeCapacity: number;
  readonly concurrency: number;
  readonly emit: EventSink;
  readonly codecs: Codecs;
  readonly chunkBytes: number;
  /** Left out, they are its own. */
  readonly copies?: Copies;
}

/** Where checkpoints are kept: a store, how it is listed, and how many requests a call has in flight. */
export class Namespace {
  readonly client: StoreClient;
  /** As the namespace object says; where there is none yet, as it was asked for. */
  vnodeCapacity: number;
  /** Whether LaminarDB's plain text can be a seal here: only if it was here before us. */
  hasPlainText = true;
  /** Whether the namespace object is known to be there. */
  isKnown = false;
  /** How many requests a call has in flight. */
  readonly concurrency: number;
  readonly emit: EventSink;
  readonly codecs: Codecs;
  /** How large the chunks of a stream are, unless its writer cuts it. */
  readonly chunkBytes: number;
  /** Of what writes are given. */
  readonly copies: Copies;
  /** That any listing has shown, whichever call it was for. */
  readonly #highest: { fence: number; floor: number };

  constructor(client: StoreClient, options: NamespaceOptions, highest = { fence: 0, floor: 0 }) {
    this.client = client;
    this.vnodeCapacity = options.vnodeCapacity;
    this.concurrency = options.concurrency;
    this.emit = options.emit;
    this.codecs = options.codecs;
    this.chunkBytes = options.chunkBytes;
    this.copies = options.copies ?? new Copies();
    this.#highest = highest;
  }

  /** The same namespace for one call: what it tells, it tells with the call's id. */
  ofCall(id: number): Namespace {
    const ofCall = new Namespace(this.client.ofCall(id), this, this.#highest);
    // What it says of itself is found when it is opened, which is one call.
    ofCall.hasPlainText = this.hasPlainText;
    ofCall.isKnown = this.isKnown;
    return ofCall;
  }

  /**
   * A seal names no vnode that the namespace has not.
   *
   * @throws `CapacityMismatch`: the namespace object was lost, and written anew with another capacity
   */
  checkCapacity({ epoch, partials }: Seal): void {
    const highest = partials.at(-1)?.vnode ?? -1;
    // rule: seal-fits-the-capacity
    if (highest < this.vnodeCapacity) return;
    const [has, next] = this.isKnown
      ? [
          "has",
          `Find out who wrote ${namespaceKey}; delete it, and call recover with the right vnodeCapacity`,
        ]
      : ["was opened with", "Open it with a vnodeCapacity that covers it"];
    const message = `the seal of epoch ${epoch} names vnode ${highest}, and the namespace ${has} ${this.vnodeCapacity} vnodes`;
    const details = { sealed: "unknown", epoch, vnode: highest, key: namespaceKey, next } as const;
    throw new StateError("CapacityMismatch", message, details);
  }

  /** How many bytes come, at most, while one `_COMMIT` is read: others are read beside it, over the same line. */
  get expectedCommitBytes(): number {
    return (this.vnodeCapacity * entryBytes + 2 * inlineLimit) * this.concurrency;
  }

  /**
   * Lists `_control/`, and goes by the highest fence and floor that any listing of this backend has shown: a listing that
   * leaves out what another one showed is no news.
   */
  async readControl(signal: AbortSignal | undefined): Promise<Control> {
    const control = await listControl(this.client, signal);
    const highest = this.#highest;
    highest.fence = Math.max(highest.fence, control.fence);
    highest.floor = Math.max(highest.floor, control.floor);
    // rule: highest-control-ever-seen-counts
    const { fence, floor } = highest;
    return { ...control, fence, floor };
  }

  /** The epochs that have a folder, ascending. */
  async listEpochs(signal: AbortSignal | undefined): Promise<number[]> {
    const epochs: number[] = [];
    for await (const page of this.client.list("", { delimiter: "/", signal })) {
      for (const prefix of page.prefixes) {
        const epoch = parseEpochFolder(prefix);
        if (epoch !== undefined) epochs.push(epoch);
      }
    }
    return epochs.toSorted((a, b) => a - b);
  }

  /** What lies in an epoch's folder, object by object. */
  async *listEpoch(epoch: number, signal: AbortSignal | undefined): AsyncGenerator<ListedObject> {
    for await (const page of this.client.list(epochPrefix(epoch), { signal })) yield* page.objects;
  }

  /** In order, bounded by the `concurrency` that the backend was opened with. */
  map<T, R>(items: readonly T[], map: (item: T) => Promise<R>): Promise<R[]> {
    return mapBounded(items, this.concurrency, map);
  }

  /**
   * Maps chunks in order, several at a time: bounded by the backend's `concurrency`, and in memory.
   *
   * @param bytesOf the size of one
   */
  mapChunks<T, R>(
    chunks: AsyncIterator<T> | Iterator<T>,
    bytesOf: (chunk: T) => number,
    signal: AbortSignal | undefined,
    map: (chunk: T, signal: AbortSignal) => Promise<R>,
  ): AsyncGenerator<R, void, undefined> {
    const ahead = { limit: this.concurrency, weightLimit: bytesInFlight, weightOf: bytesOf, signal };
    return mapInOrder(chunks, ahead, map);
  }

  /** Side by side, if the backend's `concurrency` allows it. */
  concurrently<A, B>(first: () => Promise<A>, second: () => Promise<B>): Promise<[A, B]> {
    return concurrently(this.concurrency, first, second);
  }

  /** Tells whoever watches the backend what the protocol decided. */
  report(decision: DecisionEvent["decision"], details: Omit<DecisionEvent, "type" | "decision">): void {
    this.emit?.({ type: "decision", callId: this.client.callId, decision, ...details });
  }
}

import { both, mapBounded, TurnQueue } from "./concurrency.ts";
import type { Control } from "./control.ts";
import { readControl } from "./control.ts";
import { isStoreError, StateError, type StateErrorCode, type StateErrorDetails } from "./errors.ts";
import type { BackendEvent, DecisionEvent } from "./events.ts";
import { epochPrefix, parseEpochFolder } from "./layout.ts";
import type { AttachmentReceipt, PartialReceipt } from "./receipt.ts";
import type { Seal } from "./seal.ts";
import type { StoreClient } from "./store-client.ts";

/** How many epochs' own receipts are kept: plenty for checkpoints in flight, and no more with the years. */
const rememberedEpochs = 16;

interface OwnWrite {
  readonly receipt: PartialReceipt;
  readonly place: number;
}

const decisionOf: { readonly [C in StateErrorCode]?: DecisionEvent["decision"] } = {
  StaleVersion: "stale",
  SplitBrainCommit: "split-brain",
  EpochAborted: "void",
  EpochPruned: "pruned",
  EpochSuperseded: "superseded",
};

export interface IncarnationOptions {
  readonly client: StoreClient;
  readonly instanceId: string;
  readonly vnodeCapacity: number;
  readonly readOnly: boolean;
  readonly acceptListed: boolean;
  readonly concurrency: number;
  readonly emit: (event: BackendEvent) => void;
  readonly fence: number;
}

/**
 * One backend object's life: what it was opened with, and all that it knows beyond what the store says. A restarted
 * process is the same instance, another incarnation, and knows nothing of what the last one wrote.
 */
export class Incarnation {
  /** Random. */
  readonly id: string = crypto.randomUUID();
  readonly client: StoreClient;
  readonly instanceId: string;
  readonly vnodeCapacity: number;
  readonly readOnly: boolean;
  readonly acceptListed: boolean;
  /** `epochComplete` in the order of the calls. */
  readonly sealing: TurnQueue = new TurnQueue();
  /** Epochs of ours whose create of `_COMMIT` was sent, and of which we do not know what became of it. */
  readonly unresolved: Set<number> = new Set();
  readonly #concurrency: number;
  readonly #emit: (event: BackendEvent) => void;
  readonly #written = new Map<number, Map<number, OwnWrite>>();
  #writes = 0;
  #authoritativeVersion: number;
  #claimedVersion: number | undefined;
  #newestSeal: Seal | undefined;

  constructor(options: IncarnationOptions) {
    this.client = options.client;
    this.instanceId = options.instanceId;
    this.vnodeCapacity = options.vnodeCapacity;
    this.readOnly = options.readOnly;
    this.acceptListed = options.acceptListed;
    this.#concurrency = options.concurrency;
    this.#emit = options.emit;
    this.#authoritativeVersion = options.fence;
  }

  get authoritativeVersion(): number {
    return this.#authoritativeVersion;
  }

  raiseAuthoritativeVersion(version: number): void {
    this.#authoritativeVersion = Math.max(this.#authoritativeVersion, version);
  }

  /** The fence that `takeover` claimed. */
  get claimedVersion(): number | undefined {
    return this.#claimedVersion;
  }

  /** `takeover`'s base, or a later epoch of our own that we know is sealed. */
  get newestSeal(): Seal | undefined {
    return this.#newestSeal;
  }

  /** `takeover` has returned: the fence is ours, and the history ends with `base`. */
  lead(version: number, base: Seal | undefined): void {
    if (version < (this.#claimedVersion ?? 0)) {
      const message = `version ${this.#claimedVersion} was claimed meanwhile, ${version} is too low`;
      throw this.refusal("StaleVersion", message, { sealed: "unknown", version: this.#claimedVersion });
    }
    this.#claimedVersion = version;
    this.raiseAuthoritativeVersion(version);
    this.#newestSeal = base;
  }

  /** An epoch's fate is known: `seal` is what was read or created, `undefined` a void. */
  resolve(epoch: number, seal: Seal | undefined): void {
    this.unresolved.delete(epoch);
    if (seal?.committer === this.instanceId && epoch > (this.#newestSeal?.epoch ?? -1))
      this.#newestSeal = seal;
  }

  /** Whether someone else than who claimed `version` holds the fence. Until someone calls `takeover` there is none. */
  isDeposed(control: Control, version: number | undefined = this.#claimedVersion): boolean {
    return control.fence > 0 && control.fence !== version;
  }

  /** Our own last write of a vnode in an epoch. */
  written(epoch: number, vnode: number): PartialReceipt | undefined {
    return this.#written.get(epoch)?.get(vnode)?.receipt;
  }

  /** The place of a write among the calls: which one is the last is told by when it was asked for, not by when it ended. */
  beginWrite(): number {
    this.#writes += 1;
    return this.#writes;
  }

  remember(receipt: PartialReceipt, place: number): void {
    const writes = this.#written.get(receipt.epoch) ?? new Map<number, OwnWrite>();
    this.#written.set(receipt.epoch, writes);
    const last = writes.get(receipt.vnode);
    if (last === undefined || last.place < place) writes.set(receipt.vnode, { receipt, place });
    if (this.#written.size > rememberedEpochs) this.#written.delete(Math.min(...this.#written.keys()));
  }

  /** @throws `StaleVersion` for a write below the authoritative version. */
  checkVersion(what: Pick<PartialReceipt | AttachmentReceipt, "epoch" | "assignmentVersion">): void {
    const { epoch, assignmentVersion } = what;
    if (assignmentVersion >= this.#authoritativeVersion) return;
    throw this.refusal(
      "StaleVersion",
      `a write of epoch ${epoch} carries assignment version ${assignmentVersion}; ${this.#authoritativeVersion} is in force`,
      { sealed: "unknown", epoch, version: this.#authoritativeVersion },
    );
  }

  /** @throws `ReadOnly` */
  checkWritable(call: string): void {
    if (!this.readOnly) return;
    throw new StateError("ReadOnly", `${call}: the backend of ${this.client.name} was opened read-only`, {
      sealed: "unknown",
    });
  }

  decide(decision: DecisionEvent["decision"], details: Omit<DecisionEvent, "type" | "decision">): void {
    this.#emit({ type: "decision", decision, ...details });
  }

  /** A `StateError`; where it is a decision of the protocol it is reported as one too. */
  refusal(code: StateErrorCode, message: string, details: StateErrorDetails): StateError {
    const { epoch, version, committer } = details;
    const decision = decisionOf[code];
    if (decision !== undefined) this.decide(decision, { epoch, version, committer });
    return new StateError(code, message, details);
  }

  /** `EpochPruned`. Below the floor nothing tells any more whether the epoch was sealed, unless its seal was read. */
  pruned(epoch: number, floor: number, details: Partial<StateErrorDetails> = {}): StateError {
    return this.refusal("EpochPruned", `epoch ${epoch} is below the floor ${floor}: it was pruned`, {
      sealed: "unknown",
      epoch,
      ...details,
    });
  }

  readControl(signal: AbortSignal | undefined): Promise<Control> {
    return readControl(this.client, signal);
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

  /** What lies in an epoch's folder, key by key. */
  async *listEpoch(
    epoch: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<{ key: string; size: number }> {
    for await (const page of this.client.list(epochPrefix(epoch), { signal })) yield* page.objects;
  }

  /** Bounded by the `concurrency` that the backend was opened with. */
  map<T, R>(items: readonly T[], map: (item: T) => Promise<R>): Promise<R[]> {
    return mapBounded(items, this.#concurrency, map);
  }

  /** Side by side, where the backend's `concurrency` allows it. */
  both<A, B>(first: () => Promise<A>, second: () => Promise<B>): Promise<[A, B]> {
    return both(this.#concurrency, first, second);
  }
}

/** What a call rejects with, whatever it met: store errors become `StoreFailed`, all else stays what it is. */
export function asStateError(
  error: unknown,
  call: string,
  details: StateErrorDetails,
  signal: AbortSignal | undefined,
): unknown {
  // An abort's reason stays what it is, even where it is a `StoreError`.
  if (!isStoreError(error) || (signal?.aborted === true && error === signal.reason)) return error;
  return new StateError("StoreFailed", `${call}: ${error.message}`, {
    ...details,
    key: error.key,
    cause: error,
  });
}

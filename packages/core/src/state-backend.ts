import type { DeleteFailure, OperationOptions } from "./store.ts";
import type { AttachmentReceipt, PartialReceipt } from "./receipt.ts";
import type { StateError } from "./errors.ts";
import type { Seal } from "./seal.ts";

/**
 * Where a stateful job keeps its checkpoints. `ObjectStoreBackend` is the one on object stores; an engine that
 * depends on this interface can put another in its place.
 *
 * Every call rejects with a `StateError`, or with a `TypeError` or `RangeError` for a bad argument before
 * anything is sent. An abort rejects with the signal's own reason, which says nothing about the epoch: read
 * an aborted `epochComplete` or `abort` as an unknown outcome.
 */
export interface StateBackend {
  /** Names this process among its peers; a restarted process is the same instance. */
  readonly instanceId: string;
  /** The number of vnodes; `0 <= vnode < vnodeCapacity`. */
  readonly vnodeCapacity: number;
  /** The lowest assignment version whose writes are accepted; 0 is off. */
  readonly authoritativeVersion: number;

  /**
   * Writes one vnode's state for an epoch, durably. A `Uint8Array` may be reused as soon as the call was made. A stream, or
   * bytes with `reuse` or `cut`, goes into chunks, each an object of its own; memory stays at a few of them.
   *
   * @throws `StateError`: `SourceFailed` if the stream, the cut or the codec fails: there is no receipt then
   */
  writePartial(args: WritePartialArguments, options?: OperationOptions): Promise<PartialReceipt>;

  /** Writes named bytes that belong to an epoch but to no vnode: source offsets, a sink's descriptor. */
  writeAttachment(args: WriteAttachmentArguments, options?: OperationOptions): Promise<AttachmentReceipt>;

  /** Seals the epoch if everything it needs is there. `{complete: true}` is the permission to release outputs. */
  epochComplete(args: EpochCompleteArguments, options?: OperationOptions): Promise<EpochOutcome>;

  /**
   * Makes sure that the epoch will never be sealed: resolves only if it is void.
   *
   * @throws `EpochSealed` with the `seal` that is there; `EpochPruned`, and nothing is created
   */
  abort(epoch: number, options?: OperationOptions): Promise<void>;

  /** Claims an assignment version and shuts out every leader of a lower one. */
  takeover(args: TakeoverArguments, options?: OperationOptions): Promise<Takeover>;

  /** The newest sealed epoch, to restore from; `undefined` when nothing was ever sealed. */
  latest(options?: OperationOptions): Promise<SealedEpoch | undefined>;

  /** The number of the newest sealed epoch; `undefined` when nothing was ever sealed. */
  latestCommittedEpoch(options?: OperationOptions): Promise<number | undefined>;

  /**
   * One vnode's state of one epoch, below 2^31 bytes; `undefined` when there is none. If the epoch is not sealed: what this
   * backend wrote last, else what another wrote first, but for a stream.
   *
   * @throws `StateError`: `ReceiptRequired` if it is not sealed, and what is there cannot be told, or is not there any more
   */
  readPartial(
    args: ReadPartialArguments,
    options?: OperationOptions,
  ): Promise<Uint8Array<ArrayBuffer> | undefined>;

  /**
   * One epoch's seal, to read from; `undefined` if it has none.
   *
   * @throws `EpochPruned` below the floor
   */
  sealed(epoch: number, options?: OperationOptions): Promise<SealedEpoch | undefined>;

  /**
   * Every epoch that is not pruned, ascending, for operators. Each is told as it was when it was looked at; one that
   * cannot be read hides no other.
   */
  epochs(options?: OperationOptions): AsyncIterable<EpochState>;

  /** Who leads, and what is pruned. */
  control(options?: OperationOptions): Promise<ControlDescription>;

  /**
   * Every sealed epoch above `after` that is not pruned, ascending.
   *
   * @throws `Corrupt` if one of them cannot be read: it may be sealed. `epochs` shows which
   */
  sealedEpochs(args?: SealedEpochsArguments, options?: OperationOptions): Promise<readonly number[]>;

  /** What is in the store of one epoch, for operators. */
  describeEpoch(epoch: number, options?: OperationOptions): Promise<EpochDescription>;

  /**
   * Deletes old epochs. What stays is readable in full: also what a seal that stays names in an epoch that goes.
   *
   * @throws `StaleVersion` if another version than the one that was claimed at the call leads, unless `asOperator`
   */
  prune(args: PruneArguments, options?: PruneOptions): Promise<PruneReport>;

  /** `prune({ before })`. */
  pruneBefore(before: number, options?: PruneOptions): Promise<PruneReport>;

  /**
   * Keeps an epoch, and all that its seal names, from every prune, until it is unpinned: a savepoint. An epoch may have
   * several names, and a name stand on several epochs. At most 256 pins.
   *
   * @throws `StateError`: `NotSealed`, `EpochAborted`, `EpochPruned`: only an epoch at or above the floor can be pinned; if a
   *   prune ran beside it, then it may leave a pin, which `pins` shows; `OutcomeUnknown`: pin it again
   */
  pin(args: PinArguments, options?: OperationOptions): Promise<Pin>;

  /**
   * Lets go of an epoch, or without one of all that have this name: the next prune may delete it. One of its attempts may
   * land later: do not pin the same epoch under the same name again.
   */
  unpin(args: UnpinArguments, options?: OperationOptions): Promise<void>;

  /** Every pin, ascending by epoch. */
  pins(options?: OperationOptions): Promise<readonly Pin[]>;

  /**
   * The highest epoch that has this name. To go on from it: restore it, `takeover`, write the state as `nextEpoch`, and seal
   * that.
   *
   * @throws `StateError`: `NotPinned`; `EpochPruned` if its creator has died and a prune came before the pin
   */
  openPin(name: string, options?: OperationOptions): Promise<SealedEpoch>;

  /** Refuses from now on this backend's writes of a lower version, 0 to 2^52. Monotonic: a lower value is ignored. */
  setAuthoritativeVersion(version: number): void;

  /** Refuses new calls and waits for those in flight, and for a prune. The store belongs to whoever made it. */
  close(): Promise<void>;
}

export interface WritePartialArguments {
  readonly epoch: number;
  readonly vnode: number;
  /** 0 to 2^52. */
  readonly assignmentVersion: number;
  /** Below 2^31 bytes; or a stream of any size, such as a web or Node stream: 65,536 chunks at most. */
  readonly bytes: Uint8Array | AsyncIterable<Uint8Array>;
  /**
   * A seal below `epoch`, such as `takeover`'s base or that of the last completed epoch: chunks that it names are not sent
   * again. Whether that was right the leader sees when it seals: if not, `ReceiptRequired` with `keys`.
   */
  readonly reuse?: SealedEpoch | Seal | undefined;
  /** Keys that `reuse` names and that are sent all the same: those of `ReceiptRequired`. */
  readonly except?: readonly string[] | undefined;
  /**
   * Cuts the stream where its content says, so that a change in it leaves the other chunks as they are. Each piece that it
   * gives is a chunk: at least 64 KiB, but the last. Default: every `chunkBytes`.
   */
  readonly cut?: ((bytes: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>) | undefined;
}

export interface WriteAttachmentArguments {
  readonly epoch: number;
  /** 1 to 200 of `[A-Za-z0-9=_.-]`, not `.` or `..`, not starting with `.staging-`. */
  readonly name: string;
  /** 0 to 2^52. */
  readonly assignmentVersion: number;
  /** Below 2^31 bytes. */
  readonly bytes: Uint8Array;
}

export interface EpochCompleteArguments {
  readonly epoch: number;
  /**
   * Receipts; or the numbers of vnodes that this backend wrote itself; or bytes, which go into the seal itself, 64 KiB in
   * all with those of `unchanged` vnodes: such an epoch needs no request but its seal. Under a claimed version every vnode
   * that the newest seal names is given, `unchanged` or `dropped`; otherwise `VnodeOmitted`, and nothing is sent.
   */
  readonly parts: readonly (PartialReceipt | PartialBytes | number)[];
  /** Vnodes that were not written again: the seal names what the seal before it named. Needs `takeover`. */
  readonly unchanged?: readonly number[] | undefined;
  /** Vnodes that the newest seal names and that this epoch leaves out on purpose. */
  readonly dropped?: readonly number[] | undefined;
  /**
   * The epoch that `unchanged` refers to. Default: the one that is the newest if all earlier calls of this backend
   * succeed. If another is the newest when the turn comes: `BaseChanged`, and nothing is sealed.
   */
  readonly base?: number | undefined;
  /** Every attachment that this backend wrote for the epoch is among them; otherwise `AttachmentOmitted`. */
  readonly attachments?: readonly AttachmentReceipt[] | undefined;
  /**
   * The epoch that is anchored beside this seal, above `epoch`: it can be sealed without a look before, which saves a round
   * trip. Default: `epoch + 1`, where there is one. `false`: none.
   */
  readonly next?: number | false | undefined;
}

/** A vnode's state that goes into the seal. */
export interface PartialBytes {
  readonly vnode: number;
  readonly bytes: Uint8Array;
}

/** `missing` are the vnodes whose partial is not there yet: ask again. A stream of another backend needs its receipt. */
export type EpochOutcome =
  | { readonly complete: true; readonly seal: Seal }
  | { readonly complete: false; readonly missing: readonly number[] };

export interface TakeoverArguments {
  /**
   * Higher than every version claimed before: 1 to 2^52. The limit leaves room: a version of 2^53-1, claimed once by
   * mistake, would lock everyone out for ever. `Date.now()`, a Kafka generation, and the transitions of a Kubernetes lease
   * are far below it.
   */
  readonly version: number;
}

export interface Takeover {
  /** The newest sealed epoch, to restore from; `undefined` when nothing was ever sealed. */
  readonly base: SealedEpoch | undefined;
  /** The epoch to use next. */
  readonly nextEpoch: number;
}

/** A sealed epoch, to read from. Every body is checked against the seal, byte for byte. */
export interface SealedEpoch {
  readonly epoch: number;
  readonly committer: string;
  readonly seal: Seal;
  /** The vnodes that the seal names, ascending. */
  readonly vnodes: readonly number[];
  /** The names of the attachments. */
  readonly attachments: readonly string[];
  /** The vnode's state, below 2^31 bytes; `undefined` only if the seal does not name the vnode. */
  read(vnode: number, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /**
   * The vnode's state, piece by piece, a few of which are in memory; `undefined` only if the seal does not name the vnode.
   * Nothing is given before it is checked; what is wrong rejects `next`. Each piece is the caller's own:
   * `piece.buffer.transfer(0)` frees one that is done with, of which V8 would let 64 MiB lie before it collects.
   */
  stream(
    vnode: number,
    options?: OperationOptions,
  ): AsyncIterableIterator<Uint8Array<ArrayBuffer>> | undefined;
  /** The attachment's bytes; `undefined` only if the seal does not name it. */
  readAttachment(name: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

export interface PinArguments {
  readonly epoch: number;
  /** 1 to 200 of `[A-Za-z0-9=_-]`. */
  readonly name: string;
}

export interface UnpinArguments {
  readonly name: string;
  readonly epoch?: number | undefined;
}

export interface Pin extends PinArguments {
  /** Who made it. */
  readonly instanceId: string;
  readonly incarnation: string;
  /** By the clock of who made it: milliseconds since 1970. */
  readonly at?: number | undefined;
  /** Whether its seal is there. If not, its creator has died, and a prune came before it: the next one deletes the pin. */
  readonly sealed: boolean;
}

export interface ReadPartialArguments {
  readonly vnode: number;
  readonly epoch: number;
}

export interface SealedEpochsArguments {
  /** Exclusive. */
  readonly after?: number | undefined;
}

export interface EpochState {
  readonly epoch: number;
  /**
   * `open` has objects and no `_COMMIT`; `unreadable` has one that is damaged; `given-up` had such a one when an operator
   * gave it up.
   */
  readonly state: "sealed" | "void" | "open" | "unreadable" | "given-up";
  /** Why it is unreadable. */
  readonly error?: StateError | undefined;
}

export interface ControlDescription {
  /** The highest assignment version that was claimed; 0: none. */
  readonly fence: number;
  /** The lowest epoch that may still exist; 0: nothing was pruned. */
  readonly floor: number;
  /** `undefined` if the namespace is not there yet. */
  readonly vnodeCapacity: number | undefined;
  /** The epochs that were given up and are not pruned yet, ascending. */
  readonly givenUp: readonly number[];
  /** Ascending by epoch. */
  readonly pins: readonly PinArguments[];
}

/** An epoch that `recover` gave up. */
export interface GivenUpEpoch {
  readonly epoch: number;
  /** Of its `_COMMIT`. */
  readonly key: string;
  /** Why it cannot be read. */
  readonly fault: string;
  /** Bytes of the `_COMMIT` that was given up. */
  readonly size: number;
  /** Of these bytes, lower-case hex: only a `_COMMIT` of exactly these is void. */
  readonly sha256: string;
  /** The epoch may have been sealed before, and its outputs released. */
  readonly sealed: "unknown";
}

/** A namespace whose object `recover` wrote anew. */
export interface RecoveredNamespace {
  readonly vnodeCapacity: number;
  /** The newest epoch whose seal can be read. */
  readonly newest: number | undefined;
}

/** Who made an epoch void. */
export interface VoidMark {
  readonly by: string;
  readonly incarnation: string;
  /** By the clock of who made it: milliseconds since 1970. */
  readonly at?: number | undefined;
}

export interface EpochDescription {
  readonly epoch: number;
  /** `pinned` is sealed, and below the floor; else `pruned` wins over every other state; `absent` has no object at all. */
  readonly state: EpochState["state"] | "absent" | "pruned" | "pinned";
  readonly seal?: Seal | undefined;
  readonly void?: VoidMark | undefined;
  /** Why it is unreadable. */
  readonly error?: StateError | undefined;
  /** In the epoch's own folder. */
  readonly objects: number;
  /** In the epoch's own folder. */
  readonly bytes: number;
  /** Keys that the seal names, in whatever epoch, and that the store lacks. */
  readonly missing: readonly string[];
}

/** One of the two. */
export type PruneArguments =
  | {
      /**
       * 1 or more: so many of the newest seals stay, however their numbers run. Voids and unsealed epochs do not count. If
       * there are fewer seals, no epoch goes.
       */
      readonly keep: number;
      readonly before?: undefined;
    }
  | {
      /**
       * What is below this epoch goes, but the newest seal stays. Unsealed epochs between the two are made void and emptied.
       * A negative number counts as 0, so `epoch - 10` is good from the first epoch on.
       */
      readonly before: number;
      readonly keep?: undefined;
    };

export interface PruneOptions extends OperationOptions {
  /** Prunes without being the leader, and touches nothing above the newest seal. */
  readonly asOperator?: boolean | undefined;
  /**
   * Creates and deletes nothing, and reports what would be deleted; a read-only backend can do it too. The report is as of
   * now: what is written, sealed or pruned before the prune is not in it, nor are deletes that will fail.
   */
  readonly dryRun?: boolean | undefined;
}

export interface PruneReport {
  /** The lowest epoch that may still exist; 0: none was ever pruned. Of a dry run: as it would be. */
  readonly floor: number;
  /** Epochs below the floor that are pinned. */
  readonly pinned: number;
  /** Epochs from which something was deleted. */
  readonly epochs: number;
  /** Objects deleted under `epoch=`. */
  readonly objects: number;
  /** Bytes deleted under `epoch=`. */
  readonly bytes: number;
  /** The deletes that failed, the first 1,000 of them. The next prune finds what is left. */
  readonly failed: readonly DeleteFailure[];
  /** How many deletes failed. */
  readonly failedCount: number;
}

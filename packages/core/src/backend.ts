import {
  checkAttachmentName,
  checkBefore,
  checkBoolean,
  checkBytes,
  checkEpoch,
  checkInteger,
  checkObject,
  checkPinName,
  checkPruneArguments,
  checkVersion,
  signalOf,
} from "./arguments.ts";
import { beginCall, type CallOutcome, failureOf } from "./call.ts";
import { abort } from "./calls/abort.ts";
import { epochComplete } from "./calls/complete/complete.ts";
import { completeRequest } from "./calls/complete/request.ts";
import { describeControl, describeEpoch } from "./calls/describe.ts";
import { epochStates } from "./calls/epochs.ts";
import { findNewest } from "./calls/latest.ts";
import { checkKnown, openNamespace } from "./calls/open.ts";
import { listPins, pin, readPinned, unpin } from "./calls/pins.ts";
import { prune, type PruneRequest } from "./calls/prune/prune.ts";
import { readPartial, SealCache } from "./calls/read-partial.ts";
import { giveUp, recoverNamespace } from "./calls/recover.ts";
import { findSealed } from "./calls/sealed.ts";
import { sealedEpochs } from "./calls/sealed-epochs.ts";
import { takeover } from "./calls/takeover.ts";
import { writeAttachment, writePartial } from "./calls/write.ts";
import { writeRequest } from "./calls/write-request.ts";
import { asErrorOfCall, isStateError, StateError } from "./errors.ts";
import { refusalOf } from "./events.ts";
import { Leadership } from "./leadership.ts";
import { Namespace } from "./namespace.ts";
import { namespaceOf } from "./namespace-of.ts";
import {
  type CheckedOptions,
  checkOpenOptions,
  checkRecoverOptions,
  type GiveUp,
  type OpenOptions,
  type RecoverNamespace,
  type RecoverOptions,
} from "./open-options.ts";
import { OwnWrites } from "./own-writes.ts";
import type { AttachmentReceipt, PartialReceipt } from "./receipt.ts";
import { Retention } from "./retention.ts";
import type { Seal } from "./seal.ts";
import { SealHandle } from "./sealed-epoch.ts";
import type {
  ControlDescription,
  EpochCompleteArguments,
  EpochDescription,
  EpochOutcome,
  EpochState,
  GivenUpEpoch,
  Pin,
  PinArguments,
  PruneArguments,
  PruneOptions,
  PruneReport,
  ReadPartialArguments,
  RecoveredNamespace,
  SealedEpoch,
  SealedEpochsArguments,
  StateBackend,
  Takeover,
  TakeoverArguments,
  UnpinArguments,
  WriteAttachmentArguments,
  WritePartialArguments,
} from "./state-backend.ts";
import type { OperationOptions } from "./store.ts";

/**
 * Checkpoints on an object store. See `StateBackend` for what each call promises.
 *
 * ```ts
 * const backend = await ObjectStoreBackend.open({ store, instanceId: "node-0", vnodeCapacity: 64 });
 * const { base, nextEpoch } = await backend.takeover({ version: 1 });
 * const part = await backend.writePartial({ epoch: nextEpoch, vnode: 0, assignmentVersion: 1, bytes });
 * const outcome = await backend.epochComplete({ epoch: nextEpoch, parts: [part] });
 * if (outcome.complete) release();
 * ```
 */
export class ObjectStoreBackend implements StateBackend {
  readonly vnodeCapacity: number;
  readonly #namespace: Namespace;
  readonly #leadership: Leadership;
  readonly #ownWrites = new OwnWrites();
  readonly #cache = new SealCache();
  readonly #readOnly: boolean;
  readonly #acceptListed: boolean;
  readonly #verifyObjects: boolean;
  readonly #retention: Retention | undefined;
  readonly #inFlight = new Set<Promise<unknown>>();
  #closed = false;

  private constructor(namespace: Namespace, leadership: Leadership, options: CheckedOptions) {
    if (!(namespace instanceof Namespace))
      throw new TypeError(
        "open a backend: await ObjectStoreBackend.open({ store, instanceId, vnodeCapacity })",
      );
    this.#namespace = namespace;
    this.#leadership = leadership;
    this.vnodeCapacity = namespace.vnodeCapacity;
    this.#readOnly = options.readOnly;
    this.#acceptListed = options.acceptListed;
    // rule: objects-are-verified-if-asked
    this.#verifyObjects = options.verifyObjects;
    const { retention } = options;
    if (retention === undefined) return;
    const request = { extent: retention, asOperator: false, dryRun: false };
    const pruneNow = (): Promise<PruneReport> =>
      toldAndLocated("prune", namespace, undefined, (ofCall) =>
        prune(ofCall, leadership, request, undefined),
      );
    this.#retention = new Retention(retention, pruneNow, namespace.emit);
  }

  /**
   * Opens the namespace in `store`, creating it the first time, and refuses a store that cannot hold checkpoints.
   *
   * @throws `StateError`: `ConditionIgnored`, `CapacityMismatch`, `NamespaceAbsent`, `UnknownFormat`, `Corrupt`,
   *   `StoreFailed`
   */
  static async open(options: OpenOptions): Promise<ObjectStoreBackend> {
    const checked = checkOpenOptions(options);
    return toldAndLocated("open", namespaceOf(checked), checked.signal, async (namespace) => {
      const { fence } = await openNamespace(namespace, checked, checked.signal);
      const leadership = new Leadership(checked.instanceId);
      // rule: open-takes-the-highest-fence
      leadership.raiseAuthoritativeVersion(fence);
      return new ObjectStoreBackend(namespace, leadership, checked);
    });
  }

  /**
   * What an operator decides, by name, when what the protocol goes by is damaged.
   *
   * `giveUp`: the epoch's `_COMMIT` cannot be read, and no copy is left to put back. It counts as void from now on, for
   * exactly the bytes that are there; its outputs may have been released. `version` is claimed for it, so it is above
   * every other: whoever leads is deposed, and the job takes over with a higher one.
   *
   * `vnodeCapacity`: `_control/namespace` was lost, and is written anew. A capacity that does not cover the newest seal is
   * refused.
   *
   * @throws `StateError`: `EpochSealed`, `NotSealed` if the epoch's `_COMMIT` can be read, or is not there;
   *   `StaleVersion`, `EpochPruned`, `OutcomeUnknown`, `CapacityMismatch`, `NamespaceAbsent`, `StoreFailed`
   */
  static async recover(options: RecoverOptions & GiveUp): Promise<GivenUpEpoch>;
  static async recover(options: RecoverOptions & RecoverNamespace): Promise<RecoveredNamespace>;
  static async recover(
    options: RecoverOptions & (GiveUp | RecoverNamespace),
  ): Promise<GivenUpEpoch | RecoveredNamespace> {
    const { open, damage } = checkRecoverOptions(options);
    return toldAndLocated<GivenUpEpoch | RecoveredNamespace>(
      "recover",
      namespaceOf(open),
      open.signal,
      async (namespace) => {
        if ("vnodeCapacity" in damage) return recoverNamespace(namespace, open.signal);
        await openNamespace(namespace, { ...open, mustExist: true }, open.signal);
        checkKnown(namespace);
        return giveUp(namespace, new Leadership(open.instanceId), damage, open.signal);
      },
    );
  }

  get instanceId(): string {
    return this.#leadership.instanceId;
  }

  get authoritativeVersion(): number {
    return this.#leadership.authoritativeVersion;
  }

  setAuthoritativeVersion(version: number): void {
    this.#leadership.raiseAuthoritativeVersion(checkVersion("version", version));
  }

  async writePartial(args: WritePartialArguments, options?: OperationOptions): Promise<PartialReceipt> {
    const request = writeRequest(args, this.vnodeCapacity);
    const signal = signalOf(options);
    return this.#write("writePartial", request.epoch, signal, (namespace) =>
      writePartial(namespace, this.#leadership, this.#ownWrites, request, signal),
    );
  }

  async writeAttachment(
    args: WriteAttachmentArguments,
    options?: OperationOptions,
  ): Promise<AttachmentReceipt> {
    checkObject("args", args);
    const epoch = checkEpoch(args.epoch);
    const name = checkAttachmentName("name", args.name);
    const assignmentVersion = checkVersion("assignmentVersion", args.assignmentVersion);
    const bytes = checkBytes("bytes", args.bytes);
    const signal = signalOf(options);
    return this.#write("writeAttachment", epoch, signal, (namespace) =>
      writeAttachment(
        namespace,
        this.#leadership,
        this.#ownWrites,
        { epoch, name, assignmentVersion, bytes },
        signal,
      ),
    );
  }

  async epochComplete(args: EpochCompleteArguments, options?: OperationOptions): Promise<EpochOutcome> {
    const request = this.#checked("epochComplete", () => completeRequest(args, this.vnodeCapacity));
    const signal = signalOf(options);
    const context = {
      leadership: this.#leadership,
      ownWrites: this.#ownWrites,
      acceptListed: this.#acceptListed,
      verifyObjects: this.#verifyObjects,
    };
    const outcome = await this.#write("epochComplete", request.epoch, signal, (namespace) =>
      epochComplete({ ...context, namespace }, request, signal),
    );
    // Without a fence another instance may lead as well: nobody's number of seals is in force.
    // rule: retention-needs-a-fence
    if (outcome.complete && this.#leadership.claimedVersion !== undefined) this.#retention?.epochCompleted();
    return outcome;
  }

  async abort(epoch: number, options?: OperationOptions): Promise<void> {
    checkEpoch(epoch);
    const signal = signalOf(options);
    return this.#write("abort", epoch, signal, (namespace) =>
      abort(namespace, this.#leadership, epoch, signal),
    );
  }

  async takeover(args: TakeoverArguments, options?: OperationOptions): Promise<Takeover> {
    checkObject("args", args);
    const version = checkVersion("version", args.version, 1);
    const signal = signalOf(options);
    return this.#write("takeover", undefined, signal, async (namespace) => {
      const claim = { version, verifyObjects: this.#verifyObjects };
      const { base, nextEpoch } = await takeover(namespace, this.#leadership, claim, signal);
      return { base: this.#handle(base), nextEpoch };
    });
  }

  async latest(options?: OperationOptions): Promise<SealedEpoch | undefined> {
    const signal = signalOf(options);
    return this.#call("latest", undefined, signal, async (namespace) =>
      this.#handle((await findNewest(namespace, signal)).seal),
    );
  }

  async latestCommittedEpoch(options?: OperationOptions): Promise<number | undefined> {
    const signal = signalOf(options);
    return this.#call(
      "latestCommittedEpoch",
      undefined,
      signal,
      async (namespace) => (await findNewest(namespace, signal)).seal?.epoch,
    );
  }

  async readPartial(
    args: ReadPartialArguments,
    options?: OperationOptions,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    checkObject("args", args);
    const vnode = checkInteger("vnode", args.vnode, 0, this.vnodeCapacity - 1);
    const epoch = checkEpoch(args.epoch);
    const signal = signalOf(options);
    return this.#call("readPartial", epoch, signal, (namespace) =>
      readPartial(namespace, this.#ownWrites, this.#cache, { vnode, epoch }, signal),
    );
  }

  async sealed(epoch: number, options?: OperationOptions): Promise<SealedEpoch | undefined> {
    checkEpoch(epoch);
    const signal = signalOf(options);
    return this.#call("sealed", epoch, signal, async (namespace) =>
      this.#handle(await findSealed(namespace, epoch, signal)),
    );
  }

  async *epochs(options?: OperationOptions): AsyncGenerator<EpochState, void, undefined> {
    const signal = signalOf(options);
    yield* this.#each("epochs", undefined, signal, (namespace) => epochStates(namespace, signal));
  }

  async control(options?: OperationOptions): Promise<ControlDescription> {
    const signal = signalOf(options);
    return this.#call("control", undefined, signal, (namespace) => describeControl(namespace, signal));
  }

  async sealedEpochs(
    args: SealedEpochsArguments = {},
    options?: OperationOptions,
  ): Promise<readonly number[]> {
    checkObject("args", args);
    const after = args.after === undefined ? -1 : checkEpoch(args.after, "after");
    const signal = signalOf(options);
    return this.#call("sealedEpochs", undefined, signal, (namespace) =>
      sealedEpochs(namespace, after, signal),
    );
  }

  async describeEpoch(epoch: number, options?: OperationOptions): Promise<EpochDescription> {
    checkEpoch(epoch);
    const signal = signalOf(options);
    return this.#call("describeEpoch", epoch, signal, (namespace) => describeEpoch(namespace, epoch, signal));
  }

  async prune(args: PruneArguments, options?: PruneOptions): Promise<PruneReport> {
    return this.#prune("prune", checkPruneArguments(args), options);
  }

  async pruneBefore(before: number, options?: PruneOptions): Promise<PruneReport> {
    return this.#prune("pruneBefore", { before: checkBefore(before) }, options);
  }

  async pin(args: PinArguments, options?: OperationOptions): Promise<Pin> {
    checkObject("args", args);
    const epoch = checkEpoch(args.epoch);
    const name = checkPinName(args.name);
    const signal = signalOf(options);
    return this.#write("pin", epoch, signal, (namespace) =>
      pin(namespace, this.#leadership, { epoch, name }, signal),
    );
  }

  async unpin(args: UnpinArguments, options?: OperationOptions): Promise<void> {
    checkObject("args", args);
    const name = checkPinName(args.name);
    const epoch = args.epoch === undefined ? undefined : checkEpoch(args.epoch);
    const signal = signalOf(options);
    return this.#write("unpin", epoch, signal, (namespace) => unpin(namespace, { name, epoch }, signal));
  }

  async pins(options?: OperationOptions): Promise<readonly Pin[]> {
    const signal = signalOf(options);
    return this.#call("pins", undefined, signal, (namespace) => listPins(namespace, signal));
  }

  async openPin(name: string, options?: OperationOptions): Promise<SealedEpoch> {
    checkPinName(name);
    const signal = signalOf(options);
    return this.#call("openPin", undefined, signal, async (namespace) =>
      this.#handle(await readPinned(namespace, name, signal)),
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    const { end } = beginCall("close", this.#namespace, undefined);
    const pruned = this.#retention?.close();
    await Promise.allSettled(this.#inFlight);
    // rule: close-waits-for-the-automatic-prune
    await pruned;
    end?.("ok");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #prune(
    name: string,
    extent: PruneRequest["extent"],
    options: PruneOptions | undefined,
  ): Promise<PruneReport> {
    const signal = signalOf(options);
    const asOperator = checkBoolean("asOperator", options?.asOperator);
    const dryRun = checkBoolean("dryRun", options?.dryRun);
    const run = (namespace: Namespace): Promise<PruneReport> =>
      prune(namespace, this.#leadership, { extent, asOperator, dryRun }, signal);
    return dryRun ? this.#call(name, undefined, signal, run) : this.#write(name, undefined, signal, run);
  }

  #handle(seal: Seal): SealedEpoch;
  #handle(seal: Seal | undefined): SealedEpoch | undefined;
  #handle(seal: Seal | undefined): SealedEpoch | undefined {
    if (seal === undefined) return undefined;
    return new SealHandle(seal, this.vnodeCapacity, {
      read: (signal, read) => this.#call("read", seal.epoch, signal, read),
      stream: (signal, stream) => this.#each("stream", seal.epoch, signal, stream),
    });
  }

  /** Arguments that say something wrong of the epoch are an error of the call. */
  #checked<T>(name: string, check: () => T): T {
    try {
      return check();
    } catch (error) {
      throw asErrorOfCall(
        error,
        `${name} on ${this.#namespace.client.name}`,
        { sealed: "unknown" },
        undefined,
      );
    }
  }

  /** A call that may create or delete something. */
  #write<T>(
    name: string,
    epoch: number | undefined,
    signal: AbortSignal | undefined,
    run: (namespace: Namespace) => Promise<T>,
  ): Promise<T> {
    return this.#call(name, epoch, signal, async (namespace) => {
      if (!this.#readOnly) return run(namespace);
      throw new StateError("ReadOnly", "the backend was opened read-only", { sealed: "unknown", epoch });
    });
  }

  /** Every call passes here, or through `#each`, once its arguments were checked. */
  #call<T>(
    name: string,
    epoch: number | undefined,
    signal: AbortSignal | undefined,
    run: (namespace: Namespace) => Promise<T>,
  ): Promise<T> {
    return told(name, this.#namespace, epoch, signal, (namespace) =>
      this.#step(name, namespace, epoch, signal, () => run(namespace)),
    );
  }

  /** A call that gives one thing after another. Between two it is not in flight: whoever iterates may never come back. */
  async *#each<T>(
    name: string,
    epoch: number | undefined,
    signal: AbortSignal | undefined,
    open: (namespace: Namespace) => AsyncGenerator<T, void, undefined>,
  ): AsyncGenerator<T, void, undefined> {
    const { namespace, end } = beginCall(name, this.#namespace, epoch);
    const items = open(namespace);
    let outcome: CallOutcome = "ok";
    try {
      for (;;) {
        const next = await this.#step(name, namespace, epoch, signal, async () => {
          signal?.throwIfAborted();
          return items.next();
        });
        if (next.done === true) return;
        yield next.value;
      }
    } catch (error) {
      outcome = failureOf(error, signal);
      throw error;
    } finally {
      await items.return();
      end?.(outcome);
    }
  }

  async #step<T>(
    name: string,
    namespace: Namespace,
    epoch: number | undefined,
    signal: AbortSignal | undefined,
    run: () => Promise<T>,
  ): Promise<T> {
    const running = located(name, namespace, epoch, signal, async () => {
      if (!this.#closed) return run();
      throw new StateError("Closed", "the backend was closed", { sealed: "unknown", epoch });
    });
    this.#inFlight.add(running);
    try {
      return await running;
    } catch (error) {
      const refusal = isStateError(error) ? refusalOf(error) : undefined;
      if (refusal !== undefined) namespace.report(refusal.decision, refusal);
      throw error;
    } finally {
      this.#inFlight.delete(running);
    }
  }
}

/** A call that no backend runs: it makes one, or goes on beside its calls. */
function toldAndLocated<T>(
  name: string,
  within: Namespace,
  signal: AbortSignal | undefined,
  run: (namespace: Namespace) => Promise<T>,
): Promise<T> {
  return told(name, within, undefined, signal, (namespace) =>
    located(name, namespace, undefined, signal, () => run(namespace)),
  );
}

/** Runs a call, and tells of its start and its end. */
function told<T>(
  name: string,
  within: Namespace,
  epoch: number | undefined,
  signal: AbortSignal | undefined,
  run: (namespace: Namespace) => Promise<T>,
): Promise<T> {
  const { namespace, end } = beginCall(name, within, epoch);
  const running = run(namespace);
  // It is told before whoever called goes on: its reaction is the first.
  if (end !== undefined)
    running.then(
      () => end("ok"),
      (error: unknown) => end(failureOf(error, signal)),
    );
  return running;
}

/** Runs a call. What it rejects with says which call it was, on which store. */
async function located<T>(
  call: string,
  { client }: Namespace,
  epoch: number | undefined,
  signal: AbortSignal | undefined,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw asErrorOfCall(error, `${call} on ${client.name}`, { sealed: "unknown", epoch }, signal);
  }
}

import {
  checkAmount,
  checkAttachmentName,
  checkBoolean,
  checkBytes,
  checkEpoch,
  checkFunction,
  checkInstanceId,
  checkInteger,
  checkObject,
  signalOf,
} from "./arguments.ts";
import { abort } from "./calls/abort.ts";
import { epochComplete } from "./calls/complete.ts";
import { completeRequest } from "./calls/complete-request.ts";
import { describeEpoch } from "./calls/describe.ts";
import { findNewest } from "./calls/latest.ts";
import { openNamespace } from "./calls/open.ts";
import { pruneBefore } from "./calls/prune.ts";
import { readPartial, SealCache } from "./calls/read-partial.ts";
import { sealedEpochs } from "./calls/sealed-epochs.ts";
import { takeover } from "./calls/takeover.ts";
import { writeAttachment, writePartial } from "./calls/write.ts";
import { StateError } from "./errors.ts";
import { type BackendEvent, eventSink } from "./events.ts";
import { asStateError, Incarnation } from "./incarnation.ts";
import type { AttachmentReceipt, PartialReceipt } from "./receipt.ts";
import { type RetryOptions, retryPolicy } from "./retry.ts";
import type { Seal } from "./seal.ts";
import { SealHandle } from "./sealed-epoch.ts";
import type {
  AbortOutcome,
  EpochCompleteArguments,
  EpochDescription,
  EpochOutcome,
  PruneOptions,
  PruneReport,
  ReadPartialArguments,
  SealedEpoch,
  SealedEpochsArguments,
  StateBackend,
  Takeover,
  TakeoverArguments,
  WriteAttachmentArguments,
  WritePartialArguments,
} from "./state-backend.ts";
import type { ObjectStore, OperationOptions } from "./store.ts";
import { StoreClient } from "./store-client.ts";

export interface OpenOptions {
  readonly store: ObjectStore;
  /** Names this process among its peers: 1 to 200 printable characters, not starting with `{`. */
  readonly instanceId: string;
  /** 1 to 65,536; the same for everyone who opens this namespace, for ever. */
  readonly vnodeCapacity: number;
  /** Creates nothing and accepts a namespace that is not there yet. */
  readonly readOnly?: boolean | undefined;
  /**
   * LaminarDB's rule: a vnode number stands for the only partial that the listing shows, whoever wrote it.
   *
   * What this gives up: nothing tells two attempts at an epoch apart, so a seal can mix their cuts, and a
   * write under an assignment version that has been superseded can satisfy a seal. The seal holds no digest of
   * such a partial, so what is read back is checked by its size alone. Pass receipts instead where you can.
   */
  readonly acceptListed?: boolean | undefined;
  /** How many requests one call has in flight at most; 1 to 1,024. Default 8: plenty for two cores and one bucket. */
  readonly concurrency?: number | undefined;
  readonly retry?: RetryOptions | undefined;
  /** Called synchronously; what it throws goes to `reportError`, or becomes an uncaught error, never into the call. */
  readonly onEvent?: ((event: BackendEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

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
  readonly #self: Incarnation;
  readonly #cache = new SealCache();
  readonly #inFlight = new Set<Promise<unknown>>();
  #closed = false;

  private constructor(self: Incarnation) {
    this.#self = self;
  }

  /**
   * Opens the namespace in `store`, creating it the first time, and refuses a store that cannot hold checkpoints.
   *
   * @throws `StateError`: `ConditionIgnored`, `CapacityMismatch`, `UnknownFormat`, `Corrupt`, `StoreFailed`
   */
  static async open(options: OpenOptions): Promise<ObjectStoreBackend> {
    checkObject("options", options);
    checkObject("store", options.store);
    for (const operation of ["create", "get", "list", "delete"] as const) {
      if (typeof options.store[operation] !== "function") throw new TypeError(`store has no ${operation}`);
    }
    const instanceId = checkInstanceId(options.instanceId);
    const vnodeCapacity = checkInteger("vnodeCapacity", options.vnodeCapacity, 1, 65_536);
    const readOnly = checkBoolean("readOnly", options.readOnly);
    const acceptListed = checkBoolean("acceptListed", options.acceptListed);
    const concurrency = checkInteger(
      "concurrency",
      options.concurrency === undefined ? 8 : options.concurrency,
      1,
      1024,
    );
    checkRetry(options.retry);
    checkFunction("onEvent", options.onEvent);
    const signal = signalOf(options);

    const emit = eventSink(options.onEvent);
    const client = new StoreClient(options.store, retryPolicy(options.retry), emit);
    try {
      const { fence } = await openNamespace(client, { vnodeCapacity, readOnly, concurrency }, signal);
      return new ObjectStoreBackend(
        new Incarnation({
          client,
          instanceId,
          vnodeCapacity,
          readOnly,
          acceptListed,
          concurrency,
          emit,
          fence,
        }),
      );
    } catch (error) {
      throw asStateError(error, `open of ${client.name}`, { sealed: "unknown" }, signal);
    }
  }

  get instanceId(): string {
    return this.#self.instanceId;
  }

  get vnodeCapacity(): number {
    return this.#self.vnodeCapacity;
  }

  get authoritativeVersion(): number {
    return this.#self.authoritativeVersion;
  }

  setAuthoritativeVersion(version: number): void {
    this.#self.raiseAuthoritativeVersion(checkInteger("version", version, 0));
  }

  async writePartial(args: WritePartialArguments, options?: OperationOptions): Promise<PartialReceipt> {
    checkObject("args", args);
    const epoch = checkEpoch(args.epoch);
    const vnode = checkInteger("vnode", args.vnode, 0, this.vnodeCapacity - 1);
    const assignmentVersion = checkInteger("assignmentVersion", args.assignmentVersion, 0);
    const bytes = checkBytes("bytes", args.bytes);
    const signal = signalOf(options);
    return this.#call("writePartial", epoch, signal, () =>
      writePartial(this.#self, { epoch, vnode, assignmentVersion, bytes }, signal),
    );
  }

  async writeAttachment(
    args: WriteAttachmentArguments,
    options?: OperationOptions,
  ): Promise<AttachmentReceipt> {
    checkObject("args", args);
    const epoch = checkEpoch(args.epoch);
    const name = checkAttachmentName("name", args.name);
    const assignmentVersion = checkInteger("assignmentVersion", args.assignmentVersion, 0);
    const bytes = checkBytes("bytes", args.bytes);
    const signal = signalOf(options);
    return this.#call("writeAttachment", epoch, signal, () =>
      writeAttachment(this.#self, { epoch, name, assignmentVersion, bytes }, signal),
    );
  }

  async epochComplete(args: EpochCompleteArguments, options?: OperationOptions): Promise<EpochOutcome> {
    const request = completeRequest(args, this.vnodeCapacity);
    const signal = signalOf(options);
    return this.#call("epochComplete", request.epoch, signal, () =>
      epochComplete(this.#self, request, signal),
    );
  }

  async abort(epoch: number, options?: OperationOptions): Promise<AbortOutcome> {
    checkEpoch(epoch);
    const signal = signalOf(options);
    return this.#call("abort", epoch, signal, () => abort(this.#self, epoch, signal));
  }

  async takeover(args: TakeoverArguments, options?: OperationOptions): Promise<Takeover> {
    checkObject("args", args);
    const version = checkInteger("version", args.version, 1);
    const signal = signalOf(options);
    return this.#call("takeover", undefined, signal, async () => {
      const { base, nextEpoch } = await takeover(this.#self, version, signal);
      return { base: this.#handle(base), nextEpoch };
    });
  }

  async latest(options?: OperationOptions): Promise<SealedEpoch | undefined> {
    const signal = signalOf(options);
    return this.#call("latest", undefined, signal, async () =>
      this.#handle((await findNewest(this.#self, signal)).seal),
    );
  }

  async latestCommittedEpoch(options?: OperationOptions): Promise<number | undefined> {
    const signal = signalOf(options);
    return this.#call(
      "latestCommittedEpoch",
      undefined,
      signal,
      async () => (await findNewest(this.#self, signal)).seal?.epoch,
    );
  }

  async readPartial(args: ReadPartialArguments, options?: OperationOptions): Promise<Uint8Array | undefined> {
    checkObject("args", args);
    const vnode = checkInteger("vnode", args.vnode, 0, this.vnodeCapacity - 1);
    const epoch = checkEpoch(args.epoch);
    const signal = signalOf(options);
    return this.#call("readPartial", epoch, signal, () =>
      readPartial(this.#self, this.#cache, { vnode, epoch }, signal),
    );
  }

  async sealedEpochs(
    args: SealedEpochsArguments = {},
    options?: OperationOptions,
  ): Promise<readonly number[]> {
    checkObject("args", args);
    const after = args.after === undefined ? -1 : checkEpoch(args.after, "after");
    const signal = signalOf(options);
    return this.#call("sealedEpochs", undefined, signal, () => sealedEpochs(this.#self, after, signal));
  }

  async describeEpoch(epoch: number, options?: OperationOptions): Promise<EpochDescription> {
    checkEpoch(epoch);
    const signal = signalOf(options);
    return this.#call("describeEpoch", epoch, signal, () => describeEpoch(this.#self, epoch, signal));
  }

  async pruneBefore(before: number, options?: PruneOptions): Promise<PruneReport> {
    checkEpoch(before, "before");
    const signal = signalOf(options);
    const asOperator = checkBoolean("asOperator", options?.asOperator);
    return this.#call("pruneBefore", undefined, signal, () =>
      pruneBefore(this.#self, { before, asOperator }, signal),
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#inFlight);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #handle(seal: Seal | undefined): SealedEpoch | undefined {
    if (seal === undefined) return undefined;
    return new SealHandle(this.#self, seal, (signal, read) => this.#call("read", seal.epoch, signal, read));
  }

  /** Every call passes here once its arguments were checked. */
  async #call<T>(
    name: string,
    epoch: number | undefined,
    signal: AbortSignal | undefined,
    run: () => Promise<T>,
  ): Promise<T> {
    if (this.#closed)
      throw new StateError("Closed", `${name}: the backend was closed`, { sealed: "unknown", epoch });
    const running = run();
    this.#inFlight.add(running);
    try {
      return await running;
    } catch (error) {
      throw asStateError(error, name, { sealed: "unknown", epoch }, signal);
    } finally {
      this.#inFlight.delete(running);
    }
  }
}

function checkRetry(retry: RetryOptions | undefined): void {
  if (retry === undefined) return;
  checkObject("retry", retry);
  if (retry.attempts !== undefined) checkInteger("retry.attempts", retry.attempts, 1);
  for (const name of ["baseDelayMs", "maxDelayMs", "deadlineMs", "attemptTimeoutMs"] as const) {
    if (retry[name] !== undefined)
      checkAmount(`retry.${name}`, retry[name], name.endsWith("DelayMs") ? 0 : 1);
  }
  for (const name of ["now", "sleep", "random"] as const) checkFunction(`retry.${name}`, retry[name]);
}

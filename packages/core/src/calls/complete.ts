import type { Control } from "../control.ts";
import { readCommit, sealOf, voidEpoch } from "../commit.ts";
import { asStateError, type Incarnation } from "../incarnation.ts";
import {
  isStateError,
  isStoreError,
  StateError,
  type StateErrorCode,
  type StateErrorDetails,
} from "../errors.ts";
import { anchorKey, commitKey, parseEpochObject } from "../layout.ts";
import type { AttachmentReceipt, PartialReceipt } from "../receipt.ts";
import { type Commit, encodeSeal, frozen, type Seal, type SealedPartial } from "../seal.ts";
import type { EpochOutcome } from "../state-backend.ts";
import type { CompleteRequest } from "./complete-request.ts";
import { findGap } from "./coverage.ts";

export async function epochComplete(
  self: Incarnation,
  request: CompleteRequest,
  signal: AbortSignal | undefined,
): Promise<EpochOutcome> {
  self.checkWritable("epochComplete");
  return self.sealing.run(signal, () => new Completion(self, request, signal).run());
}

/** One call. Its steps are those of `docs/protocol.md`, in that order: the order is the safety. */
class Completion {
  readonly #self: Incarnation;
  readonly #request: CompleteRequest;
  readonly #epoch: number;
  readonly #signal: AbortSignal | undefined;
  /** The fence that this call goes by: what another call claims meanwhile is not for these receipts. */
  readonly #claimed: number | undefined;
  /** What this backend had written when the turn came: a write that ends later was not checked. */
  readonly #own = new Map<number, PartialReceipt>();
  /** The epoch's folder: key and size. */
  readonly #listed = new Map<string, number>();
  /** The keys of its partials, by vnode. */
  readonly #partials = new Map<number, string[]>();

  constructor(self: Incarnation, request: CompleteRequest, signal: AbortSignal | undefined) {
    this.#self = self;
    this.#request = request;
    this.#epoch = request.epoch;
    this.#signal = signal;
    this.#claimed = self.claimedVersion;
  }

  async run(): Promise<EpochOutcome> {
    this.#checkVersions();
    await this.#anchor();
    const control = await this.#list();
    if (this.#listed.has(commitKey(this.#epoch))) return this.#decideListed();

    await this.#checkMayProceed(control);
    const resolved = await this.#resolveParts();
    if ("missing" in resolved) return { complete: false, missing: resolved.missing };
    await this.#settleEarlier();
    return this.#createSeal([...resolved.partials, ...(await this.#unchangedPartials())]);
  }

  #checkVersions(): void {
    const { receipts, attachments, vnodes, unchanged } = this.#request;
    const written = vnodes.map((vnode) => this.#self.written(this.#epoch, vnode));
    for (const receipt of written) if (receipt !== undefined) this.#own.set(receipt.vnode, receipt);
    const version = this.#claimed ?? 0;
    for (const receipt of [...receipts, ...attachments, ...written]) {
      if (receipt === undefined || receipt.assignmentVersion >= version) continue;
      const message = `${receipt.key} was written under assignment version ${receipt.assignmentVersion}; this backend leads with ${version}`;
      throw this.#error("StaleVersion", message, { sealed: "unknown", version });
    }
    if (unchanged.length === 0 || this.#claimed !== undefined) return;
    const message = `epoch ${this.#epoch} has unchanged vnodes: call takeover first`;
    throw this.#error("FenceRequired", message, { sealed: "unknown" });
  }

  /** An epoch that writes nothing of its own would be invisible to `takeover`, which then could not void it. */
  async #anchor(): Promise<void> {
    const { receipts, vnodes, attachments } = this.#request;
    if (receipts.length + vnodes.length + attachments.length > 0) return;
    const { client, id } = this.#self;
    const key = anchorKey(this.#epoch);
    const operation = client.operation(this.#signal);
    const answer = await client.create(key, new TextEncoder().encode(id), operation);
    // Whose anchor it is does not matter, only that it is there.
    if (answer.outcome !== "failed") return;
    if (!answer.definite && (await client.get(key, operation)) !== undefined) return;
    throw this.#error("StoreFailed", `${key} could not be written: ${answer.error.message}`, {
      sealed: "unknown",
      key,
      cause: answer.error,
    });
  }

  async #list(): Promise<Control> {
    if (this.#self.acceptListed) {
      // What the listing shows is all there is to go by: the fence must be looked at after it.
      await this.#listEpoch();
      return this.#readControl();
    }
    const [, control] = await this.#self.both(
      () => this.#listEpoch(),
      () => this.#readControl(),
    );
    return control;
  }

  async #listEpoch(): Promise<void> {
    for await (const { key, size } of this.#self.listEpoch(this.#epoch, this.#signal)) {
      this.#listed.set(key, size);
      const object = parseEpochObject(key);
      if (object?.kind !== "partial") continue;
      this.#partials.set(object.vnode, [...this.#listedPartials(object.vnode), key]);
    }
  }

  #listedPartials(vnode: number): readonly string[] {
    return this.#partials.get(vnode) ?? [];
  }

  async #checkMayProceed(control: Control): Promise<void> {
    const self = this.#self;
    const epoch = this.#epoch;
    if (self.isDeposed(control, this.#claimed))
      throw await this.#refuse("StaleVersion", this.#staleMessage(control), { version: control.fence });
    if (control.floor > epoch) throw self.pruned(epoch, control.floor);
    const newest = self.newestSeal?.epoch ?? -1;
    const later = Math.max(newest, ...self.unresolved);
    if (epoch < later) {
      const message = `epoch ${epoch} comes after epoch ${later}, which ${later === newest ? "is" : "may be"} sealed`;
      throw await this.#refuse("EpochSuperseded", message);
    }
  }

  /** Finds the object of each part in the listing. */
  async #resolveParts(): Promise<{ partials: SealedPartial[] } | { missing: number[] }> {
    const partials: SealedPartial[] = [];
    const missing: number[] = [];
    for (const receipt of this.#request.receipts) partials.push(await this.#present(receipt));
    for (const vnode of this.#request.vnodes) {
      const own = this.#own.get(vnode);
      const listed = own === undefined ? this.#listedPartials(vnode) : [];
      if (own !== undefined) partials.push(await this.#present(own));
      else if (listed.length === 0) missing.push(vnode);
      else partials.push(await this.#accept(vnode, listed));
    }
    for (const receipt of this.#request.attachments) await this.#present(receipt);
    return missing.length > 0 ? { missing } : { partials };
  }

  /** A receipt whose object is not there is lost, not "missing": waiting for it would never end. */
  async #present<R extends PartialReceipt | AttachmentReceipt>(receipt: R): Promise<R> {
    const size = this.#listed.get(receipt.key);
    if (size === receipt.size) return receipt;
    const vnode = "vnode" in receipt ? receipt.vnode : undefined;
    if (size === undefined) {
      throw await this.#refuse("PartialLost", `${receipt.key} has a receipt and is gone`, {
        vnode,
        key: receipt.key,
      });
    }
    const message = `${receipt.key} has ${size} bytes, its receipt says ${receipt.size}`;
    throw await this.#refuse("Corrupt", message, { vnode, key: receipt.key });
  }

  /** The rule of `acceptListed`: the only partial that the listing shows, without a digest. */
  async #accept(vnode: number, listed: readonly string[]): Promise<SealedPartial> {
    const [key] = listed;
    if (!this.#self.acceptListed || key === undefined) {
      const message = `vnode ${vnode} of epoch ${this.#epoch} was written by another backend: pass its receipt`;
      throw await this.#refuse("ReceiptRequired", message, { vnode });
    }
    if (listed.length > 1) {
      const message = `vnode ${vnode} of epoch ${this.#epoch} has ${listed.length} partials: pass the receipt of one`;
      throw await this.#refuse("AmbiguousPartial", message, { vnode });
    }
    return { vnode, key, size: this.#listed.get(key) ?? 0 };
  }

  /**
   * An earlier epoch of ours whose outcome is unknown is voided, or found to be sealed, first: landing after this one
   * it would put an older state on top of the history.
   */
  async #settleEarlier(): Promise<void> {
    const earlier = [...this.#self.unresolved]
      .filter((epoch) => epoch < this.#epoch)
      .toSorted((a, b) => a - b);
    for (const epoch of earlier) {
      const voided = await voidEpoch(this.#self, epoch, this.#signal);
      if (voided.state === "void" || voided.state === "sealed") continue;
      if (voided.state === "gone" && ((await this.#floor()) ?? 0) > epoch) {
        this.#self.resolve(epoch, undefined);
        continue;
      }
      const message = `whether epoch ${epoch} is sealed is not known, so ${this.#epoch} was not sealed`;
      const cause = voided.state === "unknown" ? voided.cause : undefined;
      throw await this.#refuse("OutcomeUnknown", message, { cause });
    }
  }

  async #unchangedPartials(): Promise<SealedPartial[]> {
    const entries = new Map(this.#self.newestSeal?.partials.map((entry) => [entry.vnode, entry]));
    const partials: SealedPartial[] = [];
    for (const vnode of this.#request.unchanged) {
      const entry = entries.get(vnode);
      if (entry?.sha256 === undefined) {
        const message = `vnode ${vnode} cannot be unchanged: the newest seal ${entry === undefined ? "does not name it" : "has no digest of it"}`;
        throw await this.#refuse("ReceiptRequired", message, { vnode });
      }
      partials.push(entry);
    }
    return partials;
  }

  async #createSeal(partials: readonly SealedPartial[]): Promise<EpochOutcome> {
    const self = this.#self;
    const epoch = this.#epoch;
    const seal: Seal = frozen({
      format: 1,
      epoch,
      committer: self.instanceId,
      incarnation: self.id,
      assignmentVersion: this.#claimed ?? self.authoritativeVersion,
      partials: partials
        .map(({ vnode, key, size, sha256 }) => ({
          vnode,
          key,
          size,
          ...(sha256 === undefined ? {} : { sha256 }),
        }))
        .toSorted((a, b) => a.vnode - b.vnode),
      attachments: this.#request.attachments.map(({ name, key, size, sha256 }) => ({
        name,
        key,
        size,
        sha256,
      })),
    });
    const body = encodeSeal(seal);
    const operation = self.client.operation(this.#signal, body.length);
    const wasUnresolved = self.unresolved.has(epoch);
    // From here on the seal may land, whatever becomes of this call.
    self.unresolved.add(epoch);
    const answer = await self.client.create(commitKey(epoch), body, operation);
    if (answer.outcome === "created") {
      self.resolve(epoch, seal);
      return this.#confirm(seal);
    }
    if (answer.outcome === "failed" && answer.definite) {
      if (!wasUnresolved) self.unresolved.delete(epoch);
      throw await this.#refuse(
        "StoreFailed",
        `the seal of epoch ${epoch} was refused: ${answer.error.message}`,
        {
          key: commitKey(epoch),
          cause: answer.error,
        },
      );
    }

    const lost = answer.outcome === "failed" ? answer.error : undefined;
    let commit: Commit | undefined;
    try {
      commit = await readCommit(self, epoch, operation);
    } catch (error) {
      operation.throwIfAborted();
      throw isStateError(error) ? error : this.#unknown(lost ?? error);
    }
    if (commit === undefined) throw await this.#vanished(lost);
    return this.#decide(commit);
  }

  async #decideListed(): Promise<EpochOutcome> {
    const commit = await readCommit(this.#self, this.#epoch, this.#self.client.operation(this.#signal));
    if (commit === undefined) throw await this.#vanished(undefined);
    return this.#decide(commit);
  }

  /** `_COMMIT` should be there and is not. Only a listing of control that is sent now can tell a pruned epoch. */
  async #vanished(cause: unknown): Promise<StateError> {
    const floor = (await this.#floor()) ?? 0;
    if (floor <= this.#epoch) return this.#unknown(cause);
    this.#self.resolve(this.#epoch, undefined);
    return this.#self.pruned(this.#epoch, floor);
  }

  /** What `_COMMIT` says decides. */
  async #decide(commit: Commit): Promise<EpochOutcome> {
    const self = this.#self;
    const epoch = this.#epoch;
    const seal = await this.#inventory(commit);
    self.resolve(epoch, seal);
    if (seal === undefined) {
      throw await this.#refuse(
        "EpochAborted",
        `epoch ${epoch} is void: it was aborted and will never be sealed`,
      );
    }
    const { committer } = seal;
    if (committer !== self.instanceId) {
      const message = `epoch ${epoch} was sealed by ${committer}, this is ${self.instanceId}`;
      throw this.#error("SplitBrainCommit", message, { sealed: "yes", committer });
    }
    const gap = findGap(self, this.#request, seal, (vnode) => this.#listedPartials(vnode));
    if (gap !== undefined) {
      throw this.#error(gap.code, `epoch ${epoch} is sealed, ${gap.message}`, {
        sealed: "yes",
        committer,
        vnode: gap.vnode,
      });
    }
    return this.#confirm(seal);
  }

  async #inventory(commit: Commit): Promise<Seal | undefined> {
    try {
      return await sealOf(this.#self, this.#epoch, commit, this.#signal);
    } catch (error) {
      const details = { sealed: "yes", epoch: this.#epoch } as const;
      throw asStateError(error, `listing epoch ${this.#epoch}, which is sealed`, details, this.#signal);
    }
  }

  /**
   * The last step of every success: a leader that was deposed or pruned meanwhile must not release its outputs. Control
   * is listed after the seal was created or read. Beside the read would be too early: what was there then may have been
   * a void, since pruned, and the seal a stray that came late.
   */
  async #confirm(seal: Seal): Promise<EpochOutcome> {
    const self = this.#self;
    const { epoch, committer } = seal;
    const control = await this.#controlAfterSeal();
    if (self.isDeposed(control, this.#claimed)) {
      throw this.#error("StaleVersion", this.#staleMessage(control), {
        sealed: "yes",
        version: control.fence,
        committer,
      });
    }
    if (control.floor > epoch) throw self.pruned(epoch, control.floor, { sealed: "yes", committer });
    self.decide("sealed", { epoch, committer, version: seal.assignmentVersion });
    return { complete: true, seal };
  }

  /** Should the listing fail, the epoch is sealed all the same. */
  async #controlAfterSeal(): Promise<Control> {
    const details = { sealed: "yes", epoch: this.#epoch } as const;
    try {
      return await this.#readControl();
    } catch (error) {
      if (isStateError(error)) throw new StateError(error.code, error.message, { ...details, cause: error });
      throw asStateError(error, `epochComplete of ${this.#epoch}, which is sealed`, details, this.#signal);
    }
  }

  /** The floor as of now, or `undefined` when the store does not tell. */
  async #floor(): Promise<number | undefined> {
    try {
      return (await this.#readControl()).floor;
    } catch (error) {
      this.#signal?.throwIfAborted();
      if (!isStoreError(error)) throw error;
      return undefined;
    }
  }

  #readControl(): Promise<Control> {
    return this.#self.readControl(this.#signal);
  }

  #staleMessage(control: Control): string {
    const own = this.#claimed;
    return `version ${control.fence} leads, this backend ${own === undefined ? "claimed none" : `claimed ${own}`}`;
  }

  /**
   * An error that was met before a seal was seen. It says `sealed: "no"` only after one more look at the floor: below
   * it the seal may have been there and been pruned, and then it is `EpochPruned` where that explains the error.
   */
  async #refuse(
    code: StateErrorCode,
    message: string,
    details: Partial<StateErrorDetails> = {},
  ): Promise<StateError> {
    const epoch = this.#epoch;
    if (this.#self.unresolved.has(epoch))
      return this.#error(code, message, { ...details, sealed: "unknown" });
    const floor = await this.#floor();
    if (floor === undefined) return this.#error(code, message, { ...details, sealed: "unknown" });
    if (floor <= epoch) return this.#error(code, message, { ...details, sealed: "no" });
    if (code === "PartialLost" || code === "Corrupt") return this.#self.pruned(epoch, floor);
    return this.#error(code, message, { ...details, sealed: "unknown" });
  }

  #unknown(cause: unknown): StateError {
    const message = `whether epoch ${this.#epoch} is sealed is not known: ask again, or abort it`;
    return this.#error("OutcomeUnknown", message, { sealed: "unknown", key: commitKey(this.#epoch), cause });
  }

  #error(code: StateErrorCode, message: string, details: StateErrorDetails): StateError {
    return this.#self.refusal(code, message, { epoch: this.#epoch, ...details });
  }
}

import { isStateError, type StateError, type StateErrorCode } from "../../src/errors.ts";
import type { PartialReceipt, AttachmentReceipt } from "../../src/receipt.ts";
import type { Seal } from "../../src/seal.ts";
import type { EpochDescription, EpochOutcome, PruneReport } from "../../src/state-backend.ts";
import { type History, type SealRecord, textOf } from "./history.ts";
import { sha256 } from "./in-order-crypto.ts";
import type { ObservedCall } from "./observed-call.ts";

/** Who made a call. */
export interface Caller {
  readonly instanceId: string;
  readonly incarnation: string;
  /** Versions whose takeover has returned to it. */
  readonly claimed: ReadonlySet<number>;
}

/** What a caller of `epochComplete` expects of the seal: digests by vnode or name, and what is unchanged. */
export interface Expected {
  readonly digests: ReadonlyMap<string, string>;
  readonly unchanged: readonly number[];
}

/** Codes that say that the store was tampered with. */
const damageCodes: ReadonlySet<StateErrorCode> = new Set(["Corrupt", "UnknownFormat"]);

/** Judges what callers are told by what the store's history was when they asked. */
export class Observer {
  readonly codes: Set<StateErrorCode> = new Set();
  readonly #history: History;
  /** Instances that were told that an epoch is complete. */
  readonly #completed = new Map<number, string>();
  readonly #claims = new Map<number, string>();

  readonly #lastTimeout: () => number;

  constructor(history: History, lastTimeout: () => number) {
    this.#history = history;
    this.#lastTimeout = lastTimeout;
  }

  completed(caller: Caller, call: ObservedCall, outcome: EpochOutcome, expected: Expected): void {
    if (!outcome.complete) return;
    const history = this.#history;
    const { seal } = outcome;
    const { epoch } = seal;
    const what = `${caller.instanceId} was told that ${epoch} is complete`;
    const record = this.#record(seal);
    if (record === undefined) return history.violate("9", `${what}, which no seal says`);

    const first = this.#completed.get(epoch) ?? caller.instanceId;
    this.#completed.set(epoch, first);
    if (first !== caller.instanceId) history.violate("3", `${what}, as ${first} was`);
    if (record.committer !== caller.instanceId)
      history.violate("3", `${what}, sealed by ${record.committer}`);
    if (record.isStray) history.violate("4", `${what}, by a seal that came below the floor`);
    if (history.neverSealed.has(epoch)) history.violate("9", `${what}, after it was told to be void`);
    if (epoch >= history.floor && history.seals.get(epoch) !== record)
      history.violate("11", `${what}, and its seal is not in the history`);

    const last = call.lastControl;
    if (last === undefined || call.learnt === undefined || last.tick < call.learnt)
      return history.violate("4", `${what} without a look at control after its seal was there`);
    if (last.floor > epoch) history.violate("4", `${what}, the floor was ${last.floor}`);
    const holder = history.holders.get(last.fence);
    if (last.fence > 0 && (holder !== caller.incarnation || !caller.claimed.has(last.fence)))
      history.violate("6", `${what}, though version ${last.fence} had been claimed`);
    this.#contents(record, expected, what);
  }

  #contents(record: SealRecord, { digests, unchanged }: Expected, what: string): void {
    const entries = new Map(record.entries.map((entry) => [entry.of, entry]));
    for (const [of, digest] of digests) {
      const body = record.bodies.get(entries.get(of)?.key ?? "");
      if (body === undefined || sha256(body) !== digest)
        this.#history.violate("7", `${what}, with other bytes of ${of} than were asked about`);
    }
    for (const vnode of unchanged) {
      const key = entries.get(String(vnode))?.key;
      if (key === undefined || key.startsWith(`epoch=${record.epoch}/`))
        this.#history.violate("7", `${what}, with vnode ${vnode} not unchanged`);
    }
  }

  aborted(epoch: number): void {
    this.#toldVoid(epoch, `abort of ${epoch}`);
  }

  tookOver(caller: Caller, call: ObservedCall, version: number, base: number, nextEpoch: number): void {
    const history = this.#history;
    const what = `takeover ${version} by ${caller.instanceId} from ${base}`;
    const other = this.#claims.get(version) ?? caller.incarnation;
    this.#claims.set(version, other);
    if (other !== caller.incarnation) history.violate("6", `${what}: two incarnations hold it`);
    if (base < call.start.newest) history.violate("5", `${what}: ${call.start.newest} was sealed before`);
    const missed = [...history.seals.values()].find(
      (seal) => seal.epoch > base && !seal.isStray && seal.version < version,
    );
    if (missed !== undefined) history.violate("6", `${what} missed the seal of ${missed.epoch}`);
    if (nextEpoch <= base || nextEpoch <= call.start.newest)
      history.violate("6", `${what} would go on with ${nextEpoch}`);
    history.takeovers.push({ version, base });
  }

  newest(call: ObservedCall, epoch: number | undefined): void {
    const history = this.#history;
    const found = epoch ?? -1;
    const what = `${call.kind} returned ${epoch ?? "none"}`;
    if (found < call.start.newest)
      history.violate("5", `${what}: ${call.start.newest} had been sealed before`);
    if (epoch !== undefined && !history.wasSealed(epoch))
      history.violate("5", `${what}, which was not sealed`);
    const floor = call.lastControl?.floor ?? 0;
    if (epoch === undefined ? floor > 0 : epoch < floor)
      history.violate("4", `${what}, the floor was ${floor}`);
  }

  /** Bytes that a handle read. */
  read(seal: Seal, of: string, bytes: Uint8Array | undefined): void {
    const record = this.#record(seal);
    const entry = record?.entries.find((candidate) => candidate.of === of);
    const sealed = record?.bodies.get(entry?.key ?? "");
    if (!same(bytes, sealed)) this.#history.violate("7", `reading ${of} of ${seal.epoch} gave other bytes`);
  }

  readPartial(call: ObservedCall, epoch: number, vnode: number, bytes: Uint8Array | undefined): void {
    const history = this.#history;
    const what = `readPartial of vnode ${vnode} in ${epoch}`;
    const seals = history.everSealed.filter((seal) => seal.epoch === epoch);
    const possible = seals.map((seal) =>
      seal.bodies.get(seal.entries.find(({ of }) => of === String(vnode))?.key ?? ""),
    );
    if (call.start.newest >= epoch && history.seals.has(epoch) && call.start.floor <= epoch) {
      // Sealed meanwhile or before: only what was sealed before the call must be what it reads.
      const isOld = (this.#sealedAt.get(epoch) ?? Infinity) < call.start.tick;
      if (isOld && !possible.some((body) => same(body, bytes)))
        history.violate("7", `${what} gave other bytes than were sealed`);
    }
    if (possible.some((body) => same(body, bytes))) return;
    if (call.start.floor > epoch) history.violate("7", `${what} returned, the floor was ${call.start.floor}`);
    if (bytes === undefined) return;
    const digest = sha256(bytes);
    const written = [...history.everWritten].some(
      ([key, digests]) => key.startsWith(`epoch=${epoch}/vnode=${vnode}/`) && digests.has(digest),
    );
    if (!written) history.violate("7", `${what} gave bytes that nobody wrote there`);
  }

  sealedEpochs(call: ObservedCall, after: number, epochs: readonly number[]): void {
    const history = this.#history;
    const what = `sealedEpochs after ${after} returned [${epochs.join(" ")}]`;
    const highest = epochs.at(-1) ?? -1;
    for (const [index, epoch] of epochs.entries()) {
      if (epoch <= after || epoch <= (epochs[index - 1] ?? -1))
        history.violate("11", `${what}, out of order`);
      if (!history.wasSealed(epoch)) history.violate("11", `${what}: ${epoch} was never sealed`);
    }
    for (const { epoch, isStray } of history.seals.values()) {
      if (isStray || epoch <= after || epoch < history.floor || epochs.includes(epoch)) continue;
      const isOld = (this.#sealedAt.get(epoch) ?? Infinity) < call.start.tick;
      if (isOld || (epoch < highest && history.isFenced)) history.violate("11", `${what} without ${epoch}`);
    }
  }

  described(call: ObservedCall, { epoch, state, missing }: EpochDescription): void {
    const history = this.#history;
    const what = `describeEpoch of ${epoch} returned ${state}`;
    if (state === "sealed" && !history.everSealed.some((seal) => seal.epoch === epoch))
      history.violate("5", `${what}, and it never was`);
    if (state === "void" && !history.everVoid.has(epoch)) history.violate("9", `${what}, and it never was`);
    if (state === "pruned" && history.floor <= epoch) history.violate("4", `${what}, floor ${history.floor}`);
    if (state === "sealed" && missing.length > 0 && epoch >= history.floor)
      history.violate("10", `${what}, without ${missing.join(" ")}`);
    const isOpen = state === "open" || state === "absent" || state === "void";
    if (isOpen && (this.#sealedAt.get(epoch) ?? Infinity) < call.start.tick && epoch >= history.floor)
      history.violate("5", `${what}, and it is sealed`);
  }

  pruned({ floor, failedCount }: PruneReport, call: ObservedCall): void {
    if (floor > this.#history.floor)
      this.#history.violate("4", `prune returned floor ${floor}, not published`);
    if (failedCount > 0 && call.faults === 0 && this.#lastTimeout() <= call.start.tick)
      this.#history.violate("9", `prune returned ${failedCount} failures, there were none`);
  }

  wrote(receipt: PartialReceipt | AttachmentReceipt, text: string): void {
    const digest = sha256(new TextEncoder().encode(text));
    if (receipt.sha256 !== digest || !(this.#history.everWritten.get(receipt.key)?.has(digest) ?? false))
      this.#history.violate("9", `a receipt for ${receipt.key}, which was not written`);
  }

  failed(caller: Caller, call: ObservedCall, error: unknown): void {
    const history = this.#history;
    if (!isStateError(error)) {
      if (error !== "given up") history.violate("9", `${call.kind} failed with ${String(error)}`);
      return;
    }
    this.codes.add(error.code);
    const what = `${call.kind} by ${caller.instanceId}: ${error.code}, sealed "${error.sealed}" (${error.message})`;
    if (damageCodes.has(error.code)) history.violate("8", what);
    const isSound = call.faults === 0 && this.#lastTimeout() <= call.start.tick;
    if (isSound && (error.code === "StoreFailed" || error.code === "OutcomeUnknown"))
      history.violate("8", `${what}, though no request failed`);
    const { epoch } = error;
    if (epoch !== undefined) this.#refused(caller, call, error, epoch, what);
  }

  #refused(caller: Caller, call: ObservedCall, error: StateError, epoch: number, what: string): void {
    const history = this.#history;
    const { code, sealed, committer } = error;
    const seals = history.everSealed.filter((seal) => seal.epoch === epoch);
    if (sealed === "yes" && !seals.some((seal) => (committer ?? seal.committer) === seal.committer))
      history.violate("9", `${what}, and there is no such seal`);
    if (error.seal !== undefined && this.#record(error.seal) === undefined)
      history.violate("9", `${what}, with a seal that never was`);
    if (sealed === "no") {
      if (call.start.floor > epoch) history.violate("9", `${what}, below the floor ${call.start.floor}`);
      const isOld = (this.#sealedAt.get(epoch) ?? Infinity) < call.start.tick;
      if (isOld || seals.some((seal) => seal.incarnation === caller.incarnation))
        history.violate("9", `${what}, and it is sealed`);
      history.toldNo.set(`${caller.incarnation}/${epoch}`, history.view().tick);
      if (code === "EpochAborted") this.#toldVoid(epoch, what);
    }
    if (code === "EpochAborted" && !history.everVoid.has(epoch))
      history.violate("9", `${what}, and it is not void`);
    if (code === "EpochPruned" && history.floor <= epoch)
      history.violate("9", `${what}, floor ${history.floor}`);
    if (code === "SplitBrainCommit" && committer === caller.instanceId) history.violate("9", what);
    const isGone = history.isVoid(epoch) || history.floor > epoch;
    if (code === "PartialLost" && !(call.kind === "complete" && isGone)) history.violate("10", what);
  }

  #toldVoid(epoch: number, what: string): void {
    if (this.#history.wasSealed(epoch)) this.#history.violate("9", `${what}: void, and it was sealed`);
    this.#history.neverSealed.add(epoch);
  }

  #record(seal: Seal): SealRecord | undefined {
    const text = JSON.stringify(seal);
    return this.#history.everSealed.find(
      (record) =>
        record.epoch === seal.epoch &&
        record.incarnation === seal.incarnation &&
        record.entries.length === seal.partials.length + seal.attachments.length &&
        (record.text === text || sameEntries(record, seal)),
    );
  }

  get #sealedAt(): ReadonlyMap<number, number> {
    return this.#history.sealedAt;
  }
}

function sameEntries(record: SealRecord, seal: Seal): boolean {
  const keys = new Set(
    [...seal.partials, ...seal.attachments].map(({ key, sha256: digest }) => `${key} ${digest}`),
  );
  return record.entries.every((entry) => keys.has(`${entry.key} ${entry.sha256}`));
}

function same(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : textOf(a) === textOf(b);
}

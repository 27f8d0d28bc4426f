import { isStateError, type StateError, type StateErrorCode } from "../../src/errors.ts";
import type { PartialReceipt, AttachmentReceipt } from "../../src/receipt.ts";
import type { EpochOutcome, PruneReport, Takeover } from "../../src/state-backend.ts";
import { uncoded } from "../support/coded.ts";
import { takeoverRequests } from "./costs.ts";
import type { History, SealRecord } from "./history.ts";
import { sha256 } from "./repeatable-globals.ts";
import type { ObservedCall } from "./observed-call.ts";

/** Who made a call. */
export interface Caller {
  readonly instanceId: string;
  readonly incarnation: string;
  /** Versions whose takeover has returned to it, and when. */
  readonly claimed: ReadonlyMap<number, number>;
}

/** What a caller of `epochComplete` expects of the seal: digests by vnode or name, and what is unchanged. */
export interface Expected {
  readonly digests: ReadonlyMap<string, string>;
  readonly unchanged: readonly number[];
  /** Digests of unchanged vnodes, as far as the caller can know them. */
  readonly unchangedDigests: ReadonlyMap<string, string>;
  /** The epoch that it named as the one before. */
  readonly base: number | undefined;
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
    const record = history.recordOf(seal);
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
    if ((caller.claimed.get(last.fence) ?? 0) > call.start.tick)
      history.violate("6", `${what}, under version ${last.fence}, which it claimed after it had asked`);
    this.#contents(record, expected, what);
    if (record.incarnation === caller.incarnation && record.tick > call.start.tick)
      this.#base(record, expected, what);
  }

  #contents(record: SealRecord, { digests, unchanged }: Expected, what: string): void {
    const entries = new Map(record.entries.map((entry) => [entry.of, entry]));
    for (const [of, digest] of digests) {
      const body = record.bodies.get(entries.get(of)?.key ?? "");
      if (body === undefined || sha256(uncoded(body)) !== digest)
        this.#history.violate("7", `${what}, with other bytes of ${of} than were asked about`);
    }
    for (const vnode of unchanged) {
      const key = entries.get(String(vnode))?.key;
      if (key === undefined || key.startsWith(`epoch=${record.epoch}/`))
        this.#history.violate("7", `${what}, with vnode ${vnode} not unchanged`);
    }
  }

  /** Of a seal that this very call made: it goes on from the epoch that its caller meant. */
  #base(record: SealRecord, { unchangedDigests, base }: Expected, what: string): void {
    const history = this.#history;
    if (base !== undefined && record.before !== base)
      history.violate("7", `${what}, as a change of ${base}, and ${record.before} was the newest`);
    const named = new Map(record.entries.map((entry) => [entry.of, (entry.plain ?? entry).sha256]));
    for (const [of, digest] of unchangedDigests) {
      if (named.get(of) !== digest)
        history.violate("7", `${what}, with vnode ${of} as it was in another epoch than its caller meant`);
    }
  }

  aborted(epoch: number): void {
    this.#toldVoid(epoch, `abort of ${epoch}`);
  }

  tookOver(caller: Caller, call: ObservedCall, version: number, { base: found, nextEpoch }: Takeover): void {
    const history = this.#history;
    const base = found?.epoch ?? -1;
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
    if (found !== undefined && history.recordOf(found.seal)?.isStray !== false)
      history.violate("5", `${what}, which was never sealed`);
    const { floor = 0, fence = 0 } = call.lastControl ?? {};
    if (base < floor && floor > 0) history.violate("4", `${what}, the floor was ${floor}`);
    if (fence > version) history.violate("6", `${what}, the fence was ${fence}`);
    history.takeovers.push({ version, base });
    if (!this.#isSound(call)) return;
    const most = takeoverRequests(history, call, base);
    if (call.requests > most) history.violate("cost", `${what} took ${call.requests} requests, not ${most}`);
  }

  pruned({ floor, failedCount }: PruneReport, call: ObservedCall): void {
    if (floor > this.#history.floor)
      this.#history.violate("4", `prune returned floor ${floor}, not published`);
    if (failedCount > 0 && this.#isSound(call))
      this.#history.violate("9", `prune returned ${failedCount} failures, there were none`);
  }

  wrote(receipt: PartialReceipt | AttachmentReceipt, text: string): void {
    const digest = sha256(new TextEncoder().encode(text));
    const [object = receipt] = receipt.key === undefined ? receipt.chunks : [receipt];
    const { key = "", plain = object } = object;
    const { sha256: written } = plain;
    if (written !== digest || !(this.#history.everWritten.get(key)?.has(digest) ?? false))
      this.#history.violate("9", `a receipt for ${key}, which was not written`);
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
    const { code, version = 0 } = error;
    if (code === "StaleVersion" && call.kind !== "write" && version > history.fence)
      history.violate("8", `${what}, and no such version was claimed`);
    if (this.#isSound(call) && (code === "StoreFailed" || code === "OutcomeUnknown"))
      history.violate("8", `${what}, though no request failed`);
    const { epoch } = error;
    if (epoch !== undefined) this.#refused(caller, call, error, epoch, what);
  }

  /** Whether nothing that its requests met explains a failure. */
  #isSound(call: ObservedCall): boolean {
    return call.faults === 0 && this.#lastTimeout() <= call.start.tick;
  }

  #refused(caller: Caller, call: ObservedCall, error: StateError, epoch: number, what: string): void {
    const history = this.#history;
    const { code, sealed, committer } = error;
    const seals = history.everSealed.filter((seal) => seal.epoch === epoch);
    if (sealed === "yes" && !seals.some((seal) => (committer ?? seal.committer) === seal.committer))
      history.violate("9", `${what}, and there is no such seal`);
    if (error.seal !== undefined && history.recordOf(error.seal) === undefined)
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

  get #sealedAt(): ReadonlyMap<number, number> {
    return this.#history.sealedAt;
  }
}

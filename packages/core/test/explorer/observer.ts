import { keysOfReceipt } from "../support/keyed.ts";
import { isStateError } from "../../src/errors.ts";
import type { PartialReceipt } from "../../src/receipt.ts";
import type {
  EpochDescription,
  EpochOutcome,
  EpochState,
  PruneReport,
  RecoveredNamespace,
  SealedEpoch,
  StateBackend,
  Takeover,
} from "../../src/state-backend.ts";
import { type Call, textOfCall } from "./calls.ts";
import { Completions } from "./completions.ts";
import { type History, textOf, type View } from "./history.ts";
import type { Instance, Intent } from "./instance.ts";
import { answeredPastDamage, gaveUp, recovered } from "./recoveries.ts";
import {
  described,
  foundLatest,
  listed,
  pinOpened,
  readHandle,
  readPartialReturned,
  sealedReturned,
  shown,
} from "./readings.ts";
import { Refusals } from "./refusals.ts";

/** A call under way, and what the store was when it began. */
export interface ObservedCall {
  readonly instance: Instance;
  readonly call: Call;
  readonly epoch: number | undefined;
  readonly begin: View;
  /** How many takeovers of this backend had returned. */
  readonly claims: number;
  readonly intent: Intent | undefined;
  /** Whether the epoch that it is about, or its handle's, was pinned. */
  readonly wasPinned: boolean;
  /** Whether its epoch was void. */
  readonly wasVoid: boolean;
  /** Vnodes that it names by number, of which the epoch held several partials. */
  readonly ambiguous: readonly number[];
  /** What the backend itself wrote last of the vnode that it reads, or was still writing. */
  readonly ownTexts: ReadonlySet<string>;
  /** What the store was when its last listing of control took its names. */
  lastControl: View | undefined;
  /** What each epoch was, of a call that lists them. */
  readonly states: readonly string[];
  /** When a response first showed what the epoch's `_COMMIT` is: before, it may be a void. */
  learnt: number | undefined;
  /** Whether it has created a `_COMMIT`. */
  hasCommitted: boolean;
  hasFailedReads: boolean;
  hasFailedDeletes: boolean;
  /** Since when the epoch's `_COMMIT` had been there when the create of it failed. */
  thereWhenCreateFailed: number | undefined;
}

export interface ObservedResponse {
  readonly operation: string;
  readonly key: string;
  readonly text: string;
}

/** Judges what callers are told by everything that the store ever held. */
export class Observer {
  readonly #history: History;
  readonly #completions: Completions;
  readonly #refusals: Refusals;
  readonly #hadFaults: () => boolean;

  constructor(history: History, hadFaults: () => boolean) {
    this.#history = history;
    this.#completions = new Completions(history);
    this.#refusals = new Refusals(history, hadFaults);
    this.#hadFaults = hadFaults;
  }

  begin(instance: Instance, call: Call): ObservedCall {
    const history = this.#history;
    const epoch = "epoch" in call ? instance.epoch(call.epoch) : undefined;
    const numbers = call.kind === "complete" ? (call.numbers ?? []) : [];
    const ofHandle = call.kind === "read" ? instance.handle?.epoch : epoch;
    const wasPinned =
      call.kind === "openPin" ? history.pins.haveName(instance.id) : history.pins.hold(ofHandle ?? -1);
    if (call.kind === "unpin") history.letGo(call.epoch, instance.id);
    return {
      instance,
      call,
      epoch,
      begin: history.view(),
      claims: instance.claimed.length,
      intent: call.kind === "complete" ? instance.intend(call) : undefined,
      wasPinned,
      wasVoid: epoch !== undefined && history.isVoid(epoch),
      ambiguous: numbers.filter((vnode) => history.partialsOf(epoch ?? -1, vnode).size > 1),
      ownTexts: call.kind === "readPartial" ? instance.lastWrites(call.epoch, call.vnode) : new Set(),
      states: call.kind === "epochs" ? history.states() : [],
      lastControl: undefined,
      learnt: undefined,
      hasCommitted: false,
      hasFailedReads: false,
      hasFailedDeletes: false,
      thereWhenCreateFailed: undefined,
    };
  }

  /** A response came to a request of the call. */
  responded(observed: ObservedCall, { operation, key, text }: ObservedResponse): void {
    const { call, epoch, instance, lastControl } = observed;
    const history = this.#history;
    const isCommit = operation === "create" && key.endsWith("/_COMMIT");
    if (isCommit && text === "created") {
      observed.hasCommitted = true;
      if (call.kind === "prune" && call.asOperator === true)
        history.violate("voided-by-operator", `8: ${textOfCall(call)} by ${instance.id} created ${key}`);
      if (call.kind === "takeover" && (lastControl?.fence ?? 0) > call.version)
        history.violate(
          "void-though-deposed",
          `6: ${textOfCall(call)} by ${instance.id} created ${key}, when it last looked ${lastControl?.fence} led`,
        );
    }
    if (text === "created") this.#created(observed, key);
    const isChange = operation === "create" || operation === "delete";
    if (call.kind === "prune" && call.dryRun === true && isChange)
      history.violate(
        "dry-run-changed",
        `11: ${textOfCall(call)} by ${instance.id} sent ${operation} ${key}`,
      );
    if (text !== "Unavailable") return;
    if (operation === "delete") observed.hasFailedDeletes = true;
    if (operation === "get" || operation === "list") observed.hasFailedReads = true;
    if (!isCommit || key !== `epoch=${epoch}/_COMMIT`) return;
    observed.thereWhenCreateFailed = history.committedAt.get(epoch ?? -1);
    history.note(`create failed ${instance.id} ${epoch} ${observed.thereWhenCreateFailed !== undefined}`);
  }

  #created({ call, begin, instance }: ObservedCall, key: string): void {
    const history = this.#history;
    const what = `${textOfCall(call)} by ${instance.id} created ${key}`;
    if (call.kind === "open" && key === "_control/namespace") {
      if (begin.isLost) history.violate("namespace-invented", `8: ${what}, and it was lost`);
      if (call.mustExist === true) history.violate("created-though-must-exist", `9: ${what}`);
    }
    if (call.kind !== "keep" || !key.startsWith("_control/floor=")) return;
    const floor = Number(key.slice("_control/floor=".length));
    const kept = history.readableSeals().filter(({ epoch }) => epoch >= floor);
    if (kept.length < call.keep)
      history.violate("kept-too-few", `11: ${what}, and ${kept.length} seals are kept`);
    const damaged = history.unreadable().find((epoch) => epoch >= floor);
    if (damaged !== undefined)
      history.violate("floor-past-damage", `11: ${what}, and ${damaged} cannot be read`);
  }

  succeeded(observed: ObservedCall, value: unknown): string {
    const { call, epoch = -1, instance } = observed;
    const history = this.#history;
    switch (call.kind) {
      case "open":
        return this.#opened(observed, value as StateBackend);
      case "write":
        return this.#written(observed, value as PartialReceipt);
      case "attach":
        return "a receipt";
      case "complete":
        if (call.epoch === "next") instance.nextEpoch = epoch + 1;
        return this.#completions.returned(observed, call, value as EpochOutcome);
      case "abort":
        return this.#aborted(epoch);
      case "takeover":
        return this.#tookOver(observed, call.version, value as Takeover);
      case "latest":
        return foundLatest(history, observed, value as SealedEpoch | undefined);
      case "read":
        return readHandle(history, instance, call.vnode, value as Uint8Array | undefined);
      case "readPartial":
        return readPartialReturned(history, observed, call, value as Uint8Array | undefined);
      case "describe":
        return described(history, observed, value as EpochDescription);
      case "sealedEpochs":
        return listed(history, observed, value as readonly number[]);
      case "sealed":
        return sealedReturned(history, observed, epoch, value as SealedEpoch | undefined);
      case "epochs":
        return shown(history, observed, value as readonly EpochState[]);
      case "giveUp":
        return gaveUp(history, observed, call);
      case "pin":
        history.tellPinned(call.epoch, call.name ?? instance.id);
        return "pinned";
      case "unpin":
        return "unpinned";
      case "openPin":
        return pinOpened(history, value as SealedEpoch);
      case "recoverNamespace":
        return recovered(history, observed, value as RecoveredNamespace);
      case "prune":
      case "keep":
        break;
    }
    const isOperator = call.kind === "prune" && call.asOperator === true;
    return this.#pruned(observed, isOperator, value as PruneReport);
  }

  failed(observed: ObservedCall, error: unknown): string {
    const { instance, call, epoch: asked = -1 } = observed;
    if (call.kind === "complete" && call.epoch === "next") instance.nextEpoch = asked + 1;
    if (!isStateError(error)) {
      if (error !== "given up")
        this.#history.violate("strange-error", `9: ${textOfCall(call)} failed: ${String(error)}`);
      return String(error);
    }
    return this.#refusals.refused(observed, error);
  }

  #opened(
    { instance, begin, call }: ObservedCall,
    { vnodeCapacity, authoritativeVersion }: StateBackend,
  ): string {
    const history = this.#history;
    const what = `${textOfCall(call)} by ${instance.id}`;
    if (history.vnodeCapacity !== undefined && history.vnodeCapacity !== vnodeCapacity)
      history.violate("opened-with-other-vnodes", `7: ${what}, the namespace has ${history.vnodeCapacity}`);
    if (begin.isLost && history.isLost)
      history.violate("opened-though-lost", `8: ${what}, and the namespace is lost`);
    if (authoritativeVersion < begin.fence)
      history.violate("opened-below-fence", `6: ${what} goes by ${authoritativeVersion}, ${begin.fence} led`);
    return `version ${authoritativeVersion}`;
  }

  #written({ instance, call, claims }: ObservedCall, receipt: PartialReceipt): string {
    const { epoch, assignmentVersion } = receipt;
    const keys = keysOfReceipt(receipt);
    const history = this.#history;
    const what = `${textOfCall(call)} by ${instance.id} returned a receipt of ${keys.join(", ")}`;
    const isGone = history.floor > epoch || history.everVoid.has(epoch);
    // Whether a chunk of a lower epoch is there is for the leader to see.
    const own = keys.filter((key) => key.startsWith(`epoch=${epoch}/`));
    if (!isGone && own.some((key) => history.textAt(key) === undefined))
      history.violate("receipt-of-nothing", `2: ${what}, which is not there`);
    const claimed = Math.max(0, ...instance.claimed.slice(0, claims));
    if (assignmentVersion < claimed)
      history.violate(
        "stale-write-accepted",
        `6: ${what} under ${assignmentVersion}, and ${claimed} was claimed`,
      );
    return "a receipt";
  }

  #aborted(epoch: number): string {
    const history = this.#history;
    if (history.sealsOf(epoch).length > 0)
      history.violate("aborted-though-sealed", `9: abort of ${epoch} says aborted, and it was sealed`);
    history.tellVoid(epoch);
    return "aborted";
  }

  #tookOver(
    { instance, begin, lastControl }: ObservedCall,
    version: number,
    { base, nextEpoch }: Takeover,
  ): string {
    const history = this.#history;
    const what = `takeover ${version} by ${instance.id} from ${base?.epoch}`;
    answeredPastDamage(history, base?.epoch, what);
    const basis = base === undefined ? undefined : history.recordOf(base.seal);
    const isOwn = basis?.version === version && basis.incarnation === instance.incarnation;
    if (basis !== undefined && basis.version >= version && !isOwn)
      history.violate("takeover-below-seal", `6: ${what}, which was sealed under ${basis.version}`);
    if ((base?.epoch ?? -1) < begin.newest)
      history.violate("base-too-old", `5: ${what}, and ${begin.newest} was sealed before`);
    if (base !== undefined && this.#history.recordOf(base.seal)?.isStray !== false)
      history.violate("base-never-sealed", `5: ${what}, which was never sealed`);
    if (lastControl !== undefined && lastControl.floor > (base?.epoch ?? -1) && lastControl.floor > 0)
      history.violate(
        "base-below-floor",
        `4: ${what}, when it last looked the floor was ${lastControl.floor}`,
      );
    if ((lastControl?.fence ?? 0) > version)
      history.violate("takeover-below-fence", `6: ${what}, when it last looked ${lastControl?.fence} led`);
    if (nextEpoch <= begin.newest || !Number.isSafeInteger(nextEpoch))
      history.violate("next-epoch-taken", `11: ${what}, next is ${nextEpoch}`);
    if (
      history.takeovers.some(
        (other) => other.version === version && other.incarnation !== instance.incarnation,
      )
    )
      history.violate("version-held-twice", `6: ${what}, and another incarnation holds that version`);
    history.takeovers.push({ version, incarnation: instance.incarnation, base: base?.epoch ?? -1 });
    history.note(`takeover ${version} ${instance.id} ${base?.epoch}`);
    instance.claimed.push(version);
    const texts = new Map<number, ReadonlySet<string>>();
    const record = base === undefined ? undefined : this.#history.recordOf(base.seal);
    for (const { vnode, key } of record?.entries ?? [])
      texts.set(vnode, new Set([textOf(record?.bodies.get(key) ?? new Uint8Array())]));
    instance.intents = [
      { epoch: base?.epoch ?? -1, texts, attachments: new Map(), base: undefined, isRefused: false },
    ];
    return `from ${base?.epoch}, next ${nextEpoch}`;
  }

  #pruned(observed: ObservedCall, isOperator: boolean, { floor, failedCount }: PruneReport): string {
    const history = this.#history;
    const { instance, begin, call, hasFailedDeletes } = observed;
    const what = `${textOfCall(call)} by ${instance.id}`;
    const isDryRun = call.kind === "prune" && call.dryRun === true;
    const damaged = history.highestUnreadable();
    if (floor > 0 && damaged !== undefined && begin.unreadable.includes(damaged))
      history.violate("answered-past-damage", `5: ${what} was done, and ${damaged} cannot be read`);
    if (floor > history.floor && !isDryRun)
      history.violate("floor-not-published", `4: ${what} returned floor ${floor}, which was not published`);
    if (failedCount > 0 && !this.#hadFaults())
      history.violate("failed-without-fault", `8: ${what} reports ${failedCount} failed deletes`);
    if (failedCount === 0 && hasFailedDeletes)
      history.violate("failed-and-not-counted", `9: ${what} reports no failed deletes, and one has failed`);
    const leader = history.holders.get(begin.fence);
    if (!isOperator && leader !== undefined && leader !== instance.incarnation)
      history.violate("pruned-while-deposed", `6: ${what} was done, and ${begin.fence} led before it began`);
    return `floor ${floor}`;
  }
}

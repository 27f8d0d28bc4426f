import { isStateError, type StateError } from "../../src/errors.ts";
import type { EpochOutcome, PruneReport, SealedEpoch, Takeover } from "../../src/state-backend.ts";
import { type Call, type Instance, type Intent, textOfCall } from "./calls.ts";
import { type History, type SealRecord, textOf, type View } from "./history.ts";
import { foundLatest, listed, readHandle, readPartialReturned } from "./readings.ts";

/** A call under way, and what the store was when it began. */
export interface ObservedCall {
  readonly instance: Instance;
  readonly call: Call;
  readonly epoch: number | undefined;
  readonly begin: View;
  /** How many takeovers of this backend had returned. */
  readonly claims: number;
  readonly intent: Intent | undefined;
  /** What the store was when its last listing of control took its names. */
  lastControl: View | undefined;
  /** When a response first showed what the epoch's `_COMMIT` is: before, it may be a void. */
  learnt: number | undefined;
}

/** Judges what callers are told by everything that the store ever held. */
export class Observer {
  readonly #history: History;
  readonly #completed = new Map<number, string>();
  readonly #hadFaults: () => boolean;

  constructor(history: History, hadFaults: () => boolean) {
    this.#history = history;
    this.#hadFaults = hadFaults;
  }

  begin(instance: Instance, call: Call): ObservedCall {
    const epoch = "epoch" in call ? instance.epoch(call.epoch) : undefined;
    const intent = call.kind === "complete" ? instance.intend(epoch ?? 0, call.unchanged ?? []) : undefined;
    const begin = this.#history.view();
    return {
      instance,
      call,
      epoch,
      begin,
      claims: instance.claimed.length,
      intent,
      lastControl: undefined,
      learnt: undefined,
    };
  }

  succeeded(observed: ObservedCall, value: unknown): string {
    const { call, epoch = -1, instance } = observed;
    switch (call.kind) {
      case "write":
        return "a receipt";
      case "complete":
        if (call.epoch === "next") instance.nextEpoch = epoch + 1;
        return this.#completeReturned(observed, epoch, value as EpochOutcome);
      case "abort":
        return this.#aborted(epoch);
      case "takeover":
        return this.#tookOver(observed, call.version, value as Takeover);
      case "latest":
        return foundLatest(this.#history, observed, value as SealedEpoch | undefined);
      case "read":
        return readHandle(this.#history, instance, call.vnode, value as Uint8Array | undefined);
      case "readPartial":
        return readPartialReturned(
          this.#history,
          observed,
          epoch,
          call.vnode,
          value as Uint8Array | undefined,
        );
      case "sealedEpochs":
        return listed(this.#history, observed, value as readonly number[]);
      case "prune":
      case "keep":
        break;
    }
    return this.#pruned(value as PruneReport);
  }

  #completeReturned(observed: ObservedCall, epoch: number, outcome: EpochOutcome): string {
    if (!outcome.complete) {
      if (observed.intent !== undefined) observed.intent.isRefused = true;
      return `incomplete, missing ${outcome.missing.join(" ")}`;
    }
    const history = this.#history;
    const { instance, begin, claims, intent, lastControl, learnt = Infinity } = observed;
    const { instanceId } = instance.backend;
    const told = `${instance.id} was told that ${epoch} is complete`;
    const record = this.#history.recordOf(outcome.seal);
    if (record === undefined) {
      history.violate("complete-without-seal", `9: ${told}, and there is no such seal`);
      return "complete";
    }
    const first = this.#completed.get(epoch) ?? instanceId;
    this.#completed.set(epoch, first);
    history.note(`complete ${epoch} ${first}`);
    if (first !== instanceId) history.violate("complete-for-two", `3: ${told}, as ${first} was`);
    if (record.committer !== instanceId)
      history.violate("complete-of-another", `3: ${told}, and ${record.committer} sealed it`);
    if (record.isStray)
      history.violate("complete-of-stray", `4: ${told}, by a seal that came below the floor`);
    if (history.toldVoid.has(epoch))
      history.violate("complete-after-void", `9: ${told}, after it was told void`);
    if (epoch >= history.floor && history.present.get(epoch) !== record)
      history.violate("complete-and-gone", `11: ${told}, and its seal is gone`);
    if (lastControl === undefined || lastControl.tick < learnt)
      history.violate(
        "complete-without-last-look",
        `4: ${told}, without a look at control after its seal was there`,
      );
    else if (lastControl.floor > epoch)
      history.violate(
        "complete-below-floor",
        `4: ${told}, when it last looked the floor was ${lastControl?.floor}`,
      );
    const holder = history.holders.get(lastControl?.fence ?? 0);
    if (holder !== undefined && holder !== instance.incarnation)
      history.violate("complete-while-deposed", `6: ${told}, when it last looked ${lastControl?.fence} led`);
    const later = instance.claimed.slice(claims);
    if (
      record.incarnation === instance.incarnation &&
      record.createdAt > begin.tick &&
      later.includes(record.version)
    )
      history.violate(
        "version-claimed-later",
        `6: ${told} under ${record.version}, which was claimed after the call`,
      );
    this.#contents(record, intent, told);
    return "complete";
  }

  #contents(record: SealRecord, intent: Intent | undefined, told: string): void {
    for (const [vnode, text] of intent?.texts ?? []) {
      const entry = record.entries.find((other) => other.vnode === vnode);
      const body = record.bodies.get(entry?.key ?? "");
      const found = body === undefined ? "nothing" : textOf(body);
      if (found === text) continue;
      const isUnchanged = entry !== undefined && !entry.key.startsWith(`epoch=${record.epoch}/`);
      const id = isUnchanged ? "unchanged-of-another-base" : "other-bytes-sealed";
      this.#history.violate(id, `7: ${told}, with "${found}" for vnode ${vnode}, not "${text}"`);
    }
  }

  #aborted(epoch: number): string {
    const history = this.#history;
    if (history.sealsOf(epoch).length > 0)
      history.violate("aborted-though-sealed", `9: abort of ${epoch} says aborted, and it was sealed`);
    this.#toldVoid(epoch);
    return "aborted";
  }

  #tookOver(
    { instance, begin, lastControl }: ObservedCall,
    version: number,
    { base, nextEpoch }: Takeover,
  ): string {
    const history = this.#history;
    const what = `takeover ${version} by ${instance.id} from ${base?.epoch}`;
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
    if (nextEpoch <= begin.newest) history.violate("next-epoch-taken", `11: ${what}, next is ${nextEpoch}`);
    if (
      history.takeovers.some(
        (other) => other.version === version && other.incarnation !== instance.incarnation,
      )
    )
      history.violate("version-held-twice", `6: ${what}, and another incarnation holds that version`);
    history.takeovers.push({ version, incarnation: instance.incarnation, base: base?.epoch ?? -1 });
    history.note(`takeover ${version} ${instance.id} ${base?.epoch}`);
    instance.claimed.push(version);
    const texts = new Map<number, string>();
    const record = base === undefined ? undefined : this.#history.recordOf(base.seal);
    for (const { vnode, key } of record?.entries ?? [])
      texts.set(vnode, textOf(record?.bodies.get(key) ?? new Uint8Array()));
    instance.intents = [{ epoch: base?.epoch ?? -1, texts, isRefused: false }];
    return `from ${base?.epoch}, next ${nextEpoch}`;
  }

  #pruned({ floor, failedCount }: PruneReport): string {
    if (floor > this.#history.floor)
      this.#history.violate(
        "floor-not-published",
        `4: prune returned floor ${floor}, which was not published`,
      );
    if (failedCount > 0 && !this.#hadFaults())
      this.#history.violate("failed-without-fault", `8: prune reports ${failedCount} failed deletes`);
    return `floor ${floor}`;
  }

  failed(observed: ObservedCall, error: unknown): string {
    const { instance, call, intent, epoch: asked = -1 } = observed;
    if (call.kind === "complete" && call.epoch === "next") instance.nextEpoch = asked + 1;
    if (!isStateError(error)) {
      if (error !== "given up")
        this.#history.violate("strange-error", `9: ${textOfCall(call)} failed: ${String(error)}`);
      return String(error);
    }
    const mayCome = error.sealed === "yes" || error.code === "OutcomeUnknown" || error.code === "StoreFailed";
    if (intent !== undefined && !mayCome) intent.isRefused = true;
    const shown = `${error.code}, sealed "${error.sealed}"`;
    const what = `${textOfCall(call)} by ${instance.id}: ${shown} (${error.message})`;
    this.#failedWithoutFault(error, what);
    if (error.epoch !== undefined) this.#refused(observed, error, error.epoch, what);
    return shown;
  }

  #failedWithoutFault({ code, version = Infinity }: StateError, what: string): void {
    const history = this.#history;
    if (code === "Corrupt" || code === "UnknownFormat") history.violate("sound-is-corrupt", `8: ${what}`);
    if ((code === "StoreFailed" || code === "OutcomeUnknown") && !this.#hadFaults())
      history.violate("failed-without-fault", `8: ${what}, and no request failed`);
    if (code === "StaleVersion" && version !== Infinity && version > history.fence)
      history.violate("stale-without-claim", `8: ${what}, and no such version was claimed`);
  }

  #refused(
    { instance, call, begin, lastControl }: ObservedCall,
    error: StateError,
    epoch: number,
    what: string,
  ): void {
    const history = this.#history;
    const { code, sealed, committer } = error;
    const seals = history.sealsOf(epoch);
    if (sealed === "yes" && !seals.some((seal) => (committer ?? seal.committer) === seal.committer)) {
      const isStray = history.seals.some((seal) => seal.epoch === epoch);
      history.violate(
        isStray ? "stray-believed" : "yes-of-no-seal",
        `9: ${what}, and no such seal ever counted`,
      );
    }
    if (sealed === "no") {
      if (seals.some((seal) => seal.incarnation === instance.incarnation))
        history.violate("no-though-sealed", `9: ${what}, and this attempt is sealed`);
      const floor = Math.max(begin.floor, lastControl?.floor ?? 0);
      if (floor > epoch) history.violate("no-below-floor", `9: ${what}, below the floor ${floor}`);
      history.toldNo.set(`${instance.incarnation}/${epoch}`, history.now);
      history.note(`no ${instance.id} ${epoch}`);
      if (code === "EpochAborted") {
        if (seals.length > 0) history.violate("aborted-though-sealed", `9: ${what}, and it was sealed`);
        this.#toldVoid(epoch);
      }
    }
    if (code === "EpochAborted" && !history.everVoid.has(epoch))
      history.violate("aborted-not-void", `9: ${what}, and it never was void`);
    if (code === "EpochPruned" && history.floor <= epoch)
      history.violate("pruned-above-floor", `9: ${what}, the floor is ${history.floor}`);
    const isGone = history.isVoid(epoch) || history.floor > epoch;
    if (code === "PartialLost" && !(call.kind === "complete" && isGone))
      history.violate("partial-lost", `10: ${what}`);
  }

  #toldVoid(epoch: number): void {
    this.#history.toldVoid.add(epoch);
    this.#history.note(`told void ${epoch}`);
  }
}

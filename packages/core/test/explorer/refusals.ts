import type { StateError } from "../../src/errors.ts";
import { type Call, textOfCall } from "./calls.ts";
import { type History, type SealRecord, textOf } from "./history.ts";
import type { ObservedCall } from "./observer.ts";

/** Judges what errors say, and whether there was a reason for them. */
export class Refusals {
  readonly #history: History;
  readonly #hadFaults: () => boolean;

  constructor(history: History, hadFaults: () => boolean) {
    this.#history = history;
    this.#hadFaults = hadFaults;
  }

  refused(observed: ObservedCall, error: StateError): string {
    const { instance, call, intent } = observed;
    const mayCome = error.sealed === "yes" || error.code === "OutcomeUnknown" || error.code === "StoreFailed";
    if (intent !== undefined && !mayCome) intent.isRefused = true;
    const shown = `${error.code}, sealed "${error.sealed}"`;
    const what = `${textOfCall(call)} by ${instance.id}: ${shown} (${error.message})`;
    this.#withoutFault(observed, error, what);
    this.#needless(observed, error, what);
    if (error.epoch !== undefined) this.#ofEpoch(observed, error, error.epoch, what);
    return shown;
  }

  #withoutFault(
    { call, begin }: ObservedCall,
    { code, version = Infinity, epoch }: StateError,
    what: string,
  ): void {
    const history = this.#history;
    const isDamaged = epoch === undefined ? begin.unreadable.length > 0 : begin.unreadable.includes(epoch);
    const isRead = call.kind !== "epochs" && call.kind !== "describe";
    if (code === "UnknownFormat" || (code === "Corrupt" && !(begin.isLost || (isDamaged && isRead))))
      history.violate("sound-is-corrupt", `8: ${what}`);
    if (call.kind === "giveUp" && notDamaged.has(code) && history.isDamaged(call.epoch))
      history.violate("damage-not-given-up", `8: ${what}, and its _COMMIT is damaged`);
    if ((code === "StoreFailed" || code === "OutcomeUnknown") && !this.#hadFaults())
      history.violate("failed-without-fault", `8: ${what}, and no request failed`);
    if (
      code === "StaleVersion" &&
      version !== Infinity &&
      version > Math.max(history.fence, ...history.seals.map((seal) => seal.version))
    )
      history.violate("stale-without-claim", `8: ${what}, and no such version was claimed`);
  }

  /** Whoever is refused without a reason cannot go on. */
  #needless(observed: ObservedCall, { code, vnode = -1 }: StateError, what: string): void {
    const history = this.#history;
    const { instance, call, intent, begin, epoch = -1, hasFailedReads, thereWhenCreateFailed } = observed;
    if (
      call.kind === "pin" &&
      code === "NotSealed" &&
      begin.sealed.some((seal) => seal.epoch === call.epoch)
    ) {
      if (history.floor <= call.epoch)
        history.violate("sealed-not-pinned", `8: ${what}, and it was sealed before`);
    }
    const isStillPinned =
      call.kind === "openPin"
        ? history.pins.haveName(instance.id)
        : history.pins.hold(observed.epoch ?? instance.handle?.epoch ?? -1);
    if (observed.wasPinned && isStillPinned && readsState(call) && lostCodes.has(code))
      history.violate("pinned-not-read", `12: ${what}, and it is pinned`);
    if (call.kind === "open" && code === "StoreFailed" && begin.isKnown && !hasFailedReads)
      history.violate("open-refused", `8: ${what}, and the namespace was there to be read`);
    if (code === "OutcomeUnknown" && !hasFailedReads && thereWhenCreateFailed !== undefined) {
      if (history.committedAt.get(epoch) === thereWhenCreateFailed)
        history.violate("unknown-though-there", `9: ${what}, and the _COMMIT was there to be read`);
    }
    if (intent === undefined) return;
    const newest = history.present.get(history.newest);
    if (
      code === "BaseChanged" &&
      newest?.epoch === intent.base &&
      newest?.incarnation === instance.incarnation
    )
      history.violate("base-has-not-changed", `8: ${what}, and ${newest.epoch} is the newest`);
    const isAskedLater = instance.intents.some((other) => other.epoch > epoch);
    if (code === "EpochSuperseded" && history.newest <= epoch && !isAskedLater)
      history.violate("superseded-by-nothing", `8: ${what}, and nothing came after it`);
    const sealed = history.present.get(epoch);
    const isOwn = sealed?.incarnation === instance.incarnation && begin.sealed.includes(sealed);
    // What it holds may be the same by chance.
    const isOfAnotherBase = code === "SealMismatch" && ![undefined, intent.base].includes(sealed?.base);
    const isAsAsked = isOwn && !isOfAnotherBase && this.#isAsAsked(observed, sealed);
    if (isAsAsked && epoch >= history.floor && contentCodes.has(code))
      history.violate("refused-though-sealed", `8: ${what}, and it is sealed as it was asked for`);
    if (code === "AmbiguousPartial" && history.partialsOf(epoch, vnode).size === 1)
      history.violate("one-is-ambiguous", `8: ${what}, and all of them hold the same`);
  }

  #isAsAsked({ intent, call }: ObservedCall, sealed: SealRecord): boolean {
    const textOfVnode = (vnode: number): string | undefined => {
      const key = sealed.entries.find((entry) => entry.vnode === vnode)?.key ?? "";
      const body = sealed.bodies.get(key);
      return body === undefined ? undefined : textOf(body);
    };
    const { numbers = [], unchanged = [] } = call.kind === "complete" ? call : {};
    const isNamed = [...numbers, ...unchanged].every((vnode) => textOfVnode(vnode) !== undefined);
    const isWritten = (vnode: number): boolean =>
      sealed.entries.some((entry) => entry.vnode === vnode && entry.key.startsWith(`epoch=${sealed.epoch}/`));
    if (unchanged.some(isWritten)) return false;
    for (const [name, text] of intent?.attachments ?? []) {
      const key = sealed.attachments.find((entry) => entry.name === name)?.key ?? "";
      const body = sealed.bodies.get(key);
      if (body === undefined || textOf(body) !== text) return false;
    }
    return (
      isNamed && [...(intent?.texts ?? [])].every(([vnode, texts]) => texts.has(textOfVnode(vnode) ?? ""))
    );
  }

  #ofEpoch(
    { instance, call, begin, lastControl, hasCommitted }: ObservedCall,
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
    if (sealed !== "yes" && sealCodes.has(code))
      history.violate("seal-read-and-not-said", `9: ${what}, and it has read the seal`);
    if (sealed === "no") {
      if (history.everDamaged.has(epoch))
        history.violate("no-of-damage", `9: ${what}, and its _COMMIT is damaged`);
      if (seals.some((seal) => seal.incarnation === instance.incarnation))
        history.violate("no-though-sealed", `9: ${what}, and this attempt is sealed`);
      const floor = Math.max(begin.floor, lastControl?.floor ?? 0);
      if (floor > epoch) history.violate("no-below-floor", `9: ${what}, below the floor ${floor}`);
      history.toldNo.set(`${instance.incarnation}/${epoch}`, history.now);
      history.note(`no ${instance.id} ${epoch}`);
      if (code === "EpochAborted") {
        if (seals.length > 0) history.violate("aborted-though-sealed", `9: ${what}, and it was sealed`);
        history.tellVoid(epoch);
      }
    }
    if (code === "EpochAborted" && !history.everVoid.has(epoch) && !history.isGivenUp(epoch))
      history.violate("aborted-not-void", `9: ${what}, and it never was void`);
    if (code === "EpochPruned" && history.floor <= epoch)
      history.violate("pruned-above-floor", `9: ${what}, the floor is ${history.floor}`);
    // What was anchored before the floor is sealed without a look: a stray, which the look after it tells.
    const hasLooked = call.kind === "abort" || (call.kind === "complete" && instance.verifiesObjects);
    if (hasCommitted && begin.floor > epoch && hasLooked)
      history.violate("committed-below-floor", `4: ${what}, and it created a _COMMIT, below ${begin.floor}`);
    const isGone = history.isVoid(epoch) || history.everDamaged.has(epoch) || history.floor > epoch;
    if (code === "PartialLost" && !(call.kind === "complete" && isGone))
      history.violate("partial-lost", `10: ${what}`);
  }
}

/** What is said of an epoch's contents. */
const contentCodes: ReadonlySet<string> = new Set([
  "SealMismatch",
  "ReceiptRequired",
  "BaseChanged",
  "VnodeOmitted",
  "EpochSuperseded",
]);

/** What is said of an epoch whose `_COMMIT` can be read, or is not there. */
const notDamaged: ReadonlySet<string> = new Set(["EpochSealed", "NotSealed"]);

/** What is said only once a seal was read. */
const sealCodes: ReadonlySet<string> = new Set(["SplitBrainCommit", "SealMismatch", "EpochSealed"]);

/** What is said of an epoch that is not there to be read. */
const lostCodes: ReadonlySet<string> = new Set(["EpochPruned", "NotPinned", "PartialLost"]);

function readsState({ kind }: Call): boolean {
  return kind === "read" || kind === "readPartial" || kind === "sealed" || kind === "openPin";
}

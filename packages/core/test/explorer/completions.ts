import type { EpochOutcome } from "../../src/state-backend.ts";
import type { Call } from "./calls.ts";
import { keysOfReceipt } from "../support/keyed.ts";
import { type History, type SealRecord, textOf } from "./history.ts";
import type { ObservedCall } from "./observer.ts";

type Complete = Extract<Call, { readonly kind: "complete" }>;

/** Judges what `epochComplete` returns. */
export class Completions {
  readonly #history: History;
  /** Who was told so, by epoch. */
  readonly #completed = new Map<number, string>();

  constructor(history: History) {
    this.#history = history;
  }

  returned(observed: ObservedCall, call: Complete, outcome: EpochOutcome): string {
    const { instance, intent, epoch = -1 } = observed;
    if (!outcome.complete) {
      if (intent !== undefined) intent.isRefused = true;
      return `incomplete, missing ${outcome.missing.join(" ")}`;
    }
    const told = `${instance.id} was told that ${epoch} is complete`;
    const record = this.#history.recordOf(outcome.seal);
    if (record === undefined) {
      this.#history.violate("complete-without-seal", `9: ${told}, and there is no such seal`);
      return "complete";
    }
    this.#whose(observed, record, told);
    this.#when(observed, record, told);
    this.#version(observed, call, record, told);
    this.#contents(observed, call, record, told);
    const claimed = Math.max(0, ...observed.instance.claimed.slice(0, observed.claims));
    if (claimed < observed.begin.gaveUp)
      this.#history.violate(
        "complete-after-give-up",
        `6: ${told} under ${claimed}, after ${observed.begin.gaveUp} had given up an epoch`,
      );
    return "complete";
  }

  #whose({ instance, epoch = -1 }: ObservedCall, record: SealRecord, told: string): void {
    const history = this.#history;
    const { instanceId } = instance.backend;
    const first = this.#completed.get(epoch) ?? instanceId;
    this.#completed.set(epoch, first);
    history.note(`complete ${epoch} ${first}`);
    if (first !== instanceId) history.violate("complete-for-two", `3: ${told}, as ${first} was`);
    if (record.committer !== instanceId)
      history.violate("complete-of-another", `3: ${told}, and ${record.committer} sealed it`);
  }

  #when(
    { instance, epoch = -1, lastControl, learnt = Infinity }: ObservedCall,
    record: SealRecord,
    told: string,
  ): void {
    const history = this.#history;
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
  }

  #version(
    { instance, begin, claims }: ObservedCall,
    call: Complete,
    record: SealRecord,
    told: string,
  ): void {
    if (record.incarnation !== instance.incarnation) return;
    const isLater = !instance.claimed.slice(0, claims).includes(record.version);
    if (record.createdAt > begin.tick && isLater && instance.claimed.includes(record.version))
      this.#history.violate(
        "version-claimed-later",
        `6: ${told} under ${record.version}, which was claimed after the call`,
      );
    if (record.isFenced && !instance.claimed.includes(record.version))
      this.#history.violate(
        "version-not-claimed-yet",
        `6: ${told} under ${record.version}, and no takeover of it has returned`,
      );
    const receipts = [...instance.written, ...instance.passed(call)].flatMap(({ receipt }) => receipt ?? []);
    for (const { key } of record.isFenced ? record.entries : []) {
      const versions = receipts.filter((receipt) => keysOfReceipt(receipt).includes(key));
      const version = Math.max(-1, ...versions.map(({ assignmentVersion }) => assignmentVersion));
      if (version >= 0 && version < record.version && key.startsWith(`epoch=${record.epoch}/`))
        this.#history.violate(
          "receipt-of-a-lower-version",
          `6: ${told} under ${record.version}, with ${key} of version ${version}`,
        );
    }
  }

  #contents(observed: ObservedCall, call: Complete, record: SealRecord, told: string): void {
    const { instance, intent, begin, ambiguous, hasCommitted } = observed;
    const history = this.#history;
    const { unchanged = [], dropped = [], numbers = [] } = call;
    for (const [vnode, texts] of intent?.texts ?? []) {
      const entry = record.entries.find((other) => other.vnode === vnode);
      const body = record.bodies.get(entry?.key ?? "");
      const found = body === undefined ? "nothing" : textOf(body);
      if (texts.has(found)) continue;
      const isUnchanged = entry !== undefined && !entry.key.startsWith(`epoch=${record.epoch}/`);
      const id = isUnchanged ? "unchanged-of-another-base" : "other-bytes-sealed";
      const wanted = [...texts].map((text) => `"${text}"`).join(" or ");
      history.violate(id, `7: ${told}, with "${found}" for vnode ${vnode}, not ${wanted}`);
    }
    for (const [name, text] of intent?.attachments ?? []) {
      const entry = record.attachments.find((other) => other.name === name);
      const body = record.bodies.get(entry?.key ?? "");
      if (body === undefined || textOf(body) !== text)
        history.violate("other-attachment-sealed", `7: ${told}, without the attachment "${text}"`);
    }
    const isNew = record.incarnation === instance.incarnation && record.createdAt > begin.tick;
    for (const vnode of [...numbers, ...unchanged]) {
      const entry = record.entries.find((other) => other.vnode === vnode);
      if (entry === undefined) history.violate("sealed-without-vnode", `7: ${told}, without vnode ${vnode}`);
    }
    for (const { vnode } of record.isFenced && isNew && hasCommitted ? (record.before?.entries ?? []) : []) {
      if (!dropped.includes(vnode) && !record.entries.some((entry) => entry.vnode === vnode))
        history.violate("vnode-vanished", `7: ${told}, without vnode ${vnode}, which was not dropped`);
    }
    const isOwn = (vnode: number): boolean => intent?.texts.has(vnode) === true;
    if (instance.acceptsListed) {
      if (isNew && ambiguous.some((vnode) => !isOwn(vnode)))
        history.violate(
          "ambiguous-accepted",
          `7: ${told}, and vnode ${ambiguous.join(" ")} had two partials`,
        );
    } else if (
      numbers.some((vnode) => !isOwn(vnode)) &&
      (isNew || record.incarnation !== instance.incarnation)
    )
      history.violate(
        "number-of-another",
        `7: ${told}, and it wrote nothing of a vnode that it only numbered`,
      );
  }
}

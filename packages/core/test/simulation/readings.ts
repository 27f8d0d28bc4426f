/** Judges what those are told who read. */
import type { Seal } from "../../src/seal.ts";
import type { ControlDescription, EpochDescription, SealedEpoch } from "../../src/state-backend.ts";
import { uncoded } from "../support/coded.ts";
import { bytesInSeal } from "../support/keyed.ts";
import { type History, type SealRecord, textOf } from "./history.ts";
import { sha256 } from "./repeatable-globals.ts";
import type { ObservedCall } from "./observed-call.ts";

export class Readings {
  readonly #history: History;

  constructor(history: History) {
    this.#history = history;
  }

  latest(call: ObservedCall, handle: SealedEpoch | undefined): void {
    this.newest(call, handle?.epoch);
    if (handle !== undefined && this.#history.recordOf(handle.seal)?.isStray !== false)
      this.#history.violate("5", `latest returned ${handle.epoch} with a seal that never counted`);
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
    const record = this.#history.recordOf(seal);
    const entry = record?.entries.find((candidate) => candidate.of === of);
    const sealed = record?.bodies.get(entry?.key ?? "");
    if (!same(bytes, sealed)) this.#history.violate("7", `reading ${of} of ${seal.epoch} gave other bytes`);
  }

  readPartial(call: ObservedCall, epoch: number, vnode: number, bytes: Uint8Array | undefined): void {
    const history = this.#history;
    const what = `readPartial of vnode ${vnode} in ${epoch}`;
    const seals = history.everSealed.filter((seal) => seal.epoch === epoch && !seal.isStray);
    const possible = seals.map((seal) => bodyOf(seal, vnode));
    const isSealed = possible.some((body) => same(body, bytes));
    // Only what was sealed before the call must be what it reads.
    if (seals.some(({ tick }) => tick < call.start.tick)) {
      if (!isSealed) history.violate("7", `${what} gave other bytes than were sealed`);
      return;
    }
    if (isSealed) return;
    // A void, a stray, or what a prune has left: below the floor nothing is what was sealed.
    if (call.start.floor > epoch) history.violate("7", `${what} returned, the floor was ${call.start.floor}`);
    if ((call.lastControl?.floor ?? 0) > epoch)
      history.violate("4", `${what} returned, the floor was ${call.lastControl?.floor}`);
    if (bytes === undefined) return;
    const digest = sha256(bytes);
    const folder = `epoch=${epoch}/vnode=${vnode}/`;
    // A stream may use a chunk of a lower epoch again.
    const written = [...history.everWritten].some(
      ([key, digests]) =>
        (key.startsWith(folder) || key.includes(`/vnode=${vnode}/chunk.`)) && digests.has(digest),
    );
    if (!written) history.violate("7", `${what} gave bytes that nobody wrote there`);
  }

  sealedEpochs(call: ObservedCall, after: number, epochs: readonly number[]): void {
    const history = this.#history;
    const { start, lastControl } = call;
    const what = `sealedEpochs after ${after} returned [${epochs.join(" ")}]`;
    const [lowest = Infinity] = epochs;
    const highest = epochs.at(-1) ?? -1;
    for (const [index, epoch] of epochs.entries()) {
      if (epoch <= after || epoch <= (epochs[index - 1] ?? -1))
        history.violate("11", `${what}, out of order`);
      if (!history.wasSealed(epoch)) history.violate("11", `${what}: ${epoch} was never sealed`);
    }
    if (lowest < (lastControl?.floor ?? 0))
      history.violate("4", `${what}, the floor was ${lastControl?.floor}`);
    if (start.newest > after && highest < start.newest)
      history.violate("5", `${what}: ${start.newest} had been sealed before`);
    for (const { epoch, isStray, tick } of history.everSealed) {
      if (isStray || epoch <= after || epochs.includes(epoch)) continue;
      const isGap = epoch > lowest && epoch < highest;
      const isKept = epoch >= history.floor;
      const mustBeSeen = tick < start.tick || (epoch < highest && history.isFenced);
      if (mustBeSeen && (isGap || isKept)) history.violate("11", `${what} without ${epoch}`);
    }
  }

  control(call: ObservedCall, { fence, floor }: ControlDescription): void {
    const history = this.#history;
    const what = `control returned fence ${fence} and floor ${floor}`;
    if (fence < call.start.fence || fence > history.fence)
      history.violate("6", `${what}, not ${history.fence}`);
    if (floor < call.start.floor || floor > history.floor)
      history.violate("4", `${what}, not ${history.floor}`);
  }

  /** An epoch in a copy is what was sealed, and all that its seal names. */
  copied(epoch: number, objects: ReadonlyMap<string, Uint8Array>): void {
    const history = this.#history;
    const record = history.everSealed.find((seal) => seal.epoch === epoch && !seal.isStray);
    const commit = objects.get(`epoch=${epoch}/_COMMIT`);
    if (record === undefined || commit === undefined || textOf(commit) !== record.text)
      return history.violate("copy", `the copy has another seal of ${epoch}`);
    for (const entry of record.entries) {
      const sealed = record.bodies.get(entry.key);
      const copied = bytesInSeal(entry) ?? objects.get(entry.key);
      if (sealed === undefined || copied === undefined || textOf(copied) !== textOf(sealed))
        history.violate("copy", `the copy of ${epoch} has other bytes of ${entry.key}`);
    }
  }

  described(call: ObservedCall, description: EpochDescription): void {
    const { epoch, state, seal, missing } = description;
    const history = this.#history;
    const what = `describeEpoch of ${epoch} returned ${state}`;
    const { floor = 0 } = call.lastControl ?? {};
    if (state === "sealed" && !history.everSealed.some((other) => other.epoch === epoch))
      history.violate("5", `${what}, and it never was`);
    if (seal !== undefined && history.recordOf(seal) === undefined)
      history.violate("5", `${what}, with a seal that never was`);
    if (state === "void" && !history.everVoid.has(epoch)) history.violate("9", `${what}, and it never was`);
    if (state === "pruned" && history.floor <= epoch) history.violate("4", `${what}, floor ${history.floor}`);
    if (state === "pinned" && !history.wasSealed(epoch))
      history.violate("5", `${what}, and it was not sealed`);
    if (state !== "pruned" && state !== "pinned" && floor > epoch)
      history.violate("4", `${what}, the floor was ${floor}`);
    const isThere = epoch >= history.floor || history.pins.hold(epoch);
    if ((state === "sealed" || state === "pinned") && missing.length > 0 && isThere)
      history.violate("10", `${what}, without ${missing.join(" ")}`);
    const isOpen = state === "open" || state === "absent" || state === "void";
    const sealedAt = history.sealedAt.get(epoch) ?? Infinity;
    if (isOpen && sealedAt < call.start.tick && epoch >= history.floor)
      history.violate("5", `${what}, and it is sealed`);
  }
}

function bodyOf(seal: SealRecord, vnode: number): Uint8Array | undefined {
  return seal.bodies.get(seal.entries.find(({ of }) => of === String(vnode))?.key ?? "");
}

function same(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : textOf(uncoded(a)) === textOf(uncoded(b));
}

/** Judges what those are told who read. */
import type { EpochDescription, EpochState, SealedEpoch } from "../../src/state-backend.ts";
import { textOfCall } from "./calls.ts";
import type { Instance } from "./instance.ts";
import { type History, type SealRecord, textOf } from "./history.ts";
import type { ObservedCall } from "./observer.ts";
import { answeredPastDamage } from "./recoveries.ts";

export function foundLatest(
  history: History,
  { begin, lastControl }: ObservedCall,
  found: SealedEpoch | undefined,
): string {
  const what = `latest returned ${found?.epoch ?? "none"}`;
  answeredPastDamage(history, found?.epoch, what);
  if (found === undefined) {
    if (begin.newest >= 0)
      history.violate("latest-none", `5: ${what}, and ${begin.newest} was sealed before`);
    return "none";
  }
  if (found.epoch < begin.newest)
    history.violate("latest-too-old", `5: ${what}, and ${begin.newest} was sealed before`);
  if (history.recordOf(found.seal)?.isStray !== false)
    history.violate("latest-never-sealed", `5: ${what}, which was never sealed`);
  if ((lastControl?.floor ?? 0) > found.epoch)
    history.violate(
      "latest-below-floor",
      `4: ${what}, when it last looked the floor was ${lastControl?.floor}`,
    );
  return String(found.epoch);
}

export function readHandle(
  history: History,
  { handle }: Instance,
  vnode: number,
  body: Uint8Array | undefined,
): string {
  if (handle === undefined) return "nothing to read";
  sameBytes(history, history.recordOf(handle.seal), vnode, body, `a handle of ${handle.epoch}`);
  return body === undefined ? "none" : `"${textOf(body)}"`;
}

export function readPartialReturned(
  history: History,
  { begin, wasVoid, ownTexts }: ObservedCall,
  { epoch, vnode }: { readonly epoch: number; readonly vnode: number },
  body: Uint8Array | undefined,
): string {
  const [sealed] = history.sealsOf(epoch);
  const what = `readPartial of ${epoch}`;
  const isStray = history.seals.some((seal) => seal.epoch === epoch);
  if (sealed === undefined && begin.floor > epoch)
    history.violate(
      isStray ? "stray-believed" : "read-below-floor",
      `7: ${what} gave ${body === undefined ? "none" : "bytes"} of what never was sealed`,
    );
  if (wasVoid && body !== undefined)
    history.violate("void-read", `7: ${what} gave "${textOf(body)}", and it was void`);
  const text = body === undefined ? "none" : textOf(body);
  const isDecided = history.everVoid.has(epoch) || history.everDamaged.has(epoch);
  const isOpen = !isDecided && history.floor <= epoch && !isStray;
  if (isOpen && ownTexts.size > 0 && !ownTexts.has(text))
    history.violate("own-write-not-read", `7: ${what} gave "${text}", not what it wrote last`);
  // What was sealed while it was looked for may be seen or not.
  if (begin.sealed.some((seal) => seal.epoch === epoch)) sameBytes(history, sealed, vnode, body, what);
  return body === undefined ? "none" : `"${text}"`;
}

export function described(
  history: History,
  { begin, call, epoch = -1, wasVoid }: ObservedCall,
  { state, missing }: EpochDescription,
): string {
  const what = `${textOfCall(call)} says ${state}`;
  if (state === "pinned" && !history.everPinned.has(epoch))
    history.violate("pinned-by-nobody", `9: ${what}, and nobody has pinned it`);
  if (state !== "pruned" && state !== "pinned" && begin.floor > epoch)
    history.violate("described-below-floor", `4: ${what}, and the floor was ${begin.floor}`);
  if (state === "pruned" && history.floor <= epoch)
    history.violate("pruned-above-floor", `9: ${what}, the floor is ${history.floor}`);
  const wasSealed = begin.sealed.some((seal) => seal.epoch === epoch);
  if (wasSealed && state !== "sealed" && state !== "pruned" && state !== "pinned")
    history.violate("described-as-not-sealed", `9: ${what}, and it was sealed before`);
  if (wasVoid && state !== "void" && state !== "pruned")
    history.violate("described-as-not-void", `9: ${what}, and it was void before`);
  if (state === "sealed" && missing.length > 0)
    history.violate("partial-lost", `10: ${what}, and lacks ${missing.join(" ")}`);
  return state;
}

export function sealedReturned(
  history: History,
  { begin }: ObservedCall,
  epoch: number,
  found: SealedEpoch | undefined,
): string {
  const what = `sealed ${epoch} returned ${found === undefined ? "none" : "a seal"}`;
  if (begin.floor > epoch && !history.everPinned.has(epoch))
    history.violate("sealed-below-floor", `4: ${what}, and the floor was ${begin.floor}`);
  if (history.unreadable().includes(epoch))
    history.violate("answered-past-damage", `9: ${what}, and its _COMMIT cannot be read`);
  if (found !== undefined && history.recordOf(found.seal)?.isStray !== false)
    history.violate("stray-believed", `7: ${what}, which never counted`);
  if (found === undefined && begin.sealed.some((seal) => seal.epoch === epoch))
    history.violate("described-as-not-sealed", `9: ${what}, and it was sealed before`);
  return found === undefined ? "none" : "a seal";
}

export function pinOpened(history: History, { epoch, seal }: SealedEpoch): string {
  if (history.recordOf(seal)?.isStray !== false)
    history.violate("stray-believed", `7: openPin returned ${epoch}, which never counted`);
  return String(epoch);
}

/** Each epoch is told as it was at some moment of the call. */
export function shown(history: History, { begin }: ObservedCall, epochs: readonly EpochState[]): string {
  const told = epochs.map(({ epoch, state }) => `${epoch} ${state}`).join(", ");
  const what = `epochs showed [${told}]`;
  const states = history.statesSince(begin);
  for (const { epoch, state } of epochs) {
    if (begin.floor > epoch)
      history.violate("shown-below-floor", `4: ${what}, and the floor was ${begin.floor}`);
    const was = states.get(epoch) ?? new Set();
    if (!was.has(state))
      history.violate("shown-in-another-state", `9: ${what}, and ${epoch} was ${[...was].join(", ")}`);
  }
  for (const [epoch, was] of states) {
    if (was.has("absent") || epoch < history.floor || epochs.some((other) => other.epoch === epoch)) continue;
    history.violate("shown-without", `11: ${what} without ${epoch}`);
  }
  return `[${told}]`;
}

function sameBytes(
  history: History,
  record: SealRecord | undefined,
  vnode: number,
  body: Uint8Array | undefined,
  what: string,
): void {
  const key = record?.entries.find((entry) => entry.vnode === vnode)?.key;
  const expected = key === undefined ? undefined : record?.bodies.get(key);
  const [found, sealed] = [body, expected].map((bytes) =>
    bytes === undefined ? "nothing" : `"${textOf(bytes)}"`,
  );
  if (found !== sealed)
    history.violate("other-bytes-read", `7: ${what} gave ${found} of ${vnode}, not ${sealed}`);
}

export function listed(history: History, { begin }: ObservedCall, epochs: readonly number[]): string {
  const what = `sealedEpochs returned [${epochs.join(", ")}]`;
  answeredPastDamage(history, -1, what);
  const sealed = new Set(history.readableSeals().map(({ epoch }) => epoch));
  const [lowest = Infinity] = epochs;
  const highest = epochs.at(-1) ?? -1;
  for (const epoch of epochs)
    if (!sealed.has(epoch))
      history.violate("listed-never-sealed", `11: ${what}, and ${epoch} was never sealed`);
  if (epochs.toSorted((a, b) => a - b).join() !== epochs.join())
    history.violate("listed-unordered", `11: ${what}`);
  for (const epoch of sealed) {
    if (epochs.includes(epoch)) continue;
    if (epoch > lowest && epoch < highest)
      history.violate("listed-with-a-gap", `11: ${what} without ${epoch}`);
    else if (epoch >= history.floor && (begin.sealed.some((seal) => seal.epoch === epoch) || epoch < highest))
      history.violate("listed-without", `11: ${what} without ${epoch}`);
  }
  if (highest < begin.newest) history.violate("listed-without-newest", `5: ${what} without ${begin.newest}`);
  return `[${epochs.join(", ")}]`;
}

/** Judges what those are told who meet damage, or decide what becomes of it. */
import type { RecoveredNamespace } from "../../src/state-backend.ts";
import { type Call, textOfCall } from "./calls.ts";
import type { History } from "./history.ts";
import type { ObservedCall } from "./observer.ts";

/** An epoch that cannot be read may be the newest: nobody answers from below it before it is given up. */
export function answeredPastDamage(history: History, answered: number | undefined, what: string): void {
  const damaged = history.highestUnreadable();
  if (damaged !== undefined && damaged > (answered ?? -1))
    history.violate("answered-past-damage", `5: ${what}, and ${damaged} cannot be read`);
}

export function gaveUp(
  history: History,
  { instance, begin }: ObservedCall,
  { epoch, version }: Extract<Call, { readonly kind: "giveUp" }>,
): string {
  const what = `${instance.id} gave up ${epoch} under version ${version}`;
  if (!history.everDamaged.has(epoch))
    history.violate("sound-given-up", `9: ${what}, and its _COMMIT is not damaged`);
  if (begin.floor > epoch)
    history.violate("given-up-below-floor", `4: ${what}, and the floor was ${begin.floor}`);
  if (history.isDamaged(epoch) && !history.isGivenUp(epoch))
    history.violate("not-given-up", `9: ${what}, and nothing in the store says so`);
  history.gaveUp = Math.max(history.gaveUp, version);
  history.note(`gave up ${epoch} ${version}`);
  return "given up";
}

export function recovered(
  history: History,
  { instance, call }: ObservedCall,
  { vnodeCapacity, newest }: RecoveredNamespace,
): string {
  const what = `${textOfCall(call)} by ${instance.id}`;
  if (history.vnodeCapacity !== vnodeCapacity)
    history.violate("opened-with-other-vnodes", `7: ${what}, the namespace has ${history.vnodeCapacity}`);
  const highest = Math.max(
    -1,
    ...(history.present.get(history.newest)?.entries ?? []).map(({ vnode }) => vnode),
  );
  if (highest >= vnodeCapacity)
    history.violate("too-few-vnodes", `7: ${what}, and the newest seal names vnode ${highest}`);
  return `${vnodeCapacity} vnodes, newest ${newest}`;
}

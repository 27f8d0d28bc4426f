/** How many requests a call may send: what `docs/protocol.md` says that it costs. */
import type { History } from "./history.ts";
import type { ObservedCall } from "./observed-call.ts";

/** How many `_COMMIT`s a takeover reads, and makes void, side by side. */
const batchSize = 8;

/**
 * The most requests that a takeover from `base` sends if none of them fails: exactly what the table says if nobody else
 * changed anything meanwhile.
 */
export function takeoverRequests(history: History, call: ObservedCall, base: number): number {
  const { pageSize } = history;
  const pages = (names: number): number => Math.max(1, Math.ceil(names / pageSize));
  const changes = history.changes - call.changesBefore;
  if (changes > call.created) {
    // Each change by somebody else may begin the search anew; a void that somebody else made is read back.
    const epochs = history.epochsEver.size;
    const once = 2 * (pages(history.controlsEver) + 1) + pages(epochs + 1) + 1 + 3 * epochs;
    return 2 + (1 + changes) * once;
  }
  const { controls, epochs } = contentOf(history);
  const searched = epochs.filter((epoch) => epoch >= history.floor);
  const above = searched.filter((epoch) => epoch > base).length;
  const batches = Math.ceil((above + 1) / batchSize);
  const read = Math.min(searched.length, batches * batchSize);
  // The root holds a folder for each epoch, and the one of control.
  const listed = 2 * pages(controls) + pages(epochs.length + 1);
  // A fence that it had claimed before is read back.
  const fence = call.createdFence ? 1 : 2;
  const voids = call.created - (call.createdFence ? 1 : 0);
  return fence + listed + read + voids;
}

/** The most requests from the opening of a backend until the epoch is sealed that it takes over to, without rivals. */
export function requestsUntilSealed(history: History, vnodes: number): number {
  const { pageSize, controlsEver, epochsEver, everWritten } = history;
  const pages = (names: number): number => Math.ceil(names / pageSize) + 1;
  const opening = 4 + pages(controlsEver);
  const takeover = 2 + 2 * pages(controlsEver) + pages(epochsEver.size + 1) + 2 * epochsEver.size;
  const restore = 2 * vnodes;
  const writes = 3 * vnodes;
  const sealing = 3 + 2 * pages(controlsEver) + pages(everWritten.size);
  return opening + takeover + restore + writes + sealing;
}

function contentOf(history: History): { readonly controls: number; readonly epochs: readonly number[] } {
  let controls = 0;
  const epochs = new Set<number>();
  for (const key of history.keys()) {
    if (key.startsWith("_control/")) controls += 1;
    const epoch = /^epoch=(\d+)\//.exec(key)?.[1];
    if (epoch !== undefined) epochs.add(Number(epoch));
  }
  return { controls, epochs: [...epochs] };
}

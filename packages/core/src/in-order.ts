import { outcomeOf, unlessAborted } from "./concurrency.ts";

/** How much is under way at once. */
export interface Ahead<T> {
  /** Items. */
  readonly limit: number;
  /** Of all items under way: nothing more is begun above it. One item is under way whatever its weight. */
  readonly weightLimit: number;
  readonly weightOf: (item: T) => number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Maps what `items` gives, several at a time, and gives the results in order. After a failure nothing more is begun. When
 * it fails, or no more results are taken, what is under way is aborted, and has ended before this has.
 */
export async function* mapInOrder<T, R>(
  items: AsyncIterator<T> | Iterator<T>,
  { limit, weightLimit, weightOf, signal }: Ahead<T>,
  map: (item: T, signal: AbortSignal) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  const stop = new AbortController();
  const running: { readonly weight: number; readonly result: Promise<PromiseSettledResult<R>> }[] = [];
  let weight = 0;
  let isOver = false;
  // Nobody waits for the source any more once an item has failed: it may be what hangs.
  const waiting = new AbortController();
  const forward = (): void => {
    waiting.abort(signal?.reason);
    stop.abort(signal?.reason);
  };
  signal?.addEventListener("abort", forward, { once: true });
  const mayBegin = (): boolean =>
    !waiting.signal.aborted && running.length < limit && (running.length === 0 || weight < weightLimit);
  const run = async (item: T): Promise<PromiseSettledResult<R>> => {
    const outcome = await outcomeOf(map(item, stop.signal));
    if (outcome.status === "rejected") waiting.abort(outcome.reason);
    return outcome;
  };
  try {
    for (;;) {
      signal?.throwIfAborted();
      while (!isOver && mayBegin()) {
        const next = await unlessAborted(nextOf(items), waiting.signal);
        if (next.done === true) isOver = true;
        else {
          const itsWeight = weightOf(next.value);
          weight += itsWeight;
          running.push({ weight: itsWeight, result: run(next.value) });
        }
      }
      const first = running.shift();
      if (first === undefined) return;
      const outcome = await first.result;
      weight -= first.weight;
      if (outcome.status === "rejected") throw outcome.reason;
      yield outcome.value;
    }
  } finally {
    signal?.removeEventListener("abort", forward);
    stop.abort(new DOMException("no more is taken", "AbortError"));
    await Promise.all(running.map(({ result }) => result));
    if (!isOver) await closed(items, waiting.signal);
  }
}

async function nextOf<T>(items: AsyncIterator<T> | Iterator<T>): Promise<IteratorResult<T, unknown>> {
  return items.next();
}

/** Lets the source clean up. After a failure or an abort nobody waits for that: the source may be what hangs. */
async function closed(items: AsyncIterator<unknown> | Iterator<unknown>, signal: AbortSignal): Promise<void> {
  const closing = outcomeOf(returnOf(items));
  if (!signal.aborted) await closing;
}

async function returnOf(items: AsyncIterator<unknown> | Iterator<unknown>): Promise<void> {
  await items.return?.();
}

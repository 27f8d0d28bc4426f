/** Nothing came for so long that the request was given up. */
export class Silence extends Error {
  constructor(ms: number) {
    super(`nothing came for ${ms} ms`);
    this.name = "Silence";
  }
}

export interface Attempt {
  /** For the SDK. Aborts with the caller's, and when nothing comes. */
  readonly signal: AbortSignal;
  /** Something came: the wait starts anew. */
  alive(): void;
}

/**
 * Runs one request. Ends at once when the caller's signal aborts, with its reason, or when nothing comes for
 * `limitMs`: the SDK has no time-out of its own that works.
 *
 * The SDK sees only a signal of this attempt: it may leave its listeners on that as long as it likes.
 */
export async function attempt<T>(
  caller: AbortSignal | undefined,
  limitMs: number,
  run: (attempt: Attempt) => Promise<T>,
): Promise<T> {
  caller?.throwIfAborted();
  const controller = new AbortController();
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(caller?.reason);
  caller?.addEventListener("abort", onAbort);
  const timer = setTimeout(() => reject(new Silence(limitMs)), limitMs);
  const alive = (): void => {
    timer.refresh();
  };
  try {
    return await Promise.race([run({ signal: controller.signal, alive }), ended]);
  } catch (error) {
    // Ends the request, or closes the connection of an answer that was refused before its end: nobody would read the rest.
    controller.abort();
    throw error;
  } finally {
    clearTimeout(timer);
    caller?.removeEventListener("abort", onAbort);
  }
}

/** How long nothing may move, up or down, before an attempt counts as lost. */
export const idleLimitMs = 60_000;

/** Nothing moved for too long. */
export class IdleError extends Error {
  override readonly name = "IdleError";
}

/** What work is given: its own signal, and a way to say that something moved. */
export interface Bounds {
  readonly signal: AbortSignal;
  readonly moved: () => void;
}

/**
 * Settles as `work` does, unless the signal aborts first: then it rejects at once with the signal's reason; or unless
 * nothing moves for too long.
 *
 * `work` gets a signal of its own, since the client may leave listeners on it. The client itself has no time-out that
 * works: the one that it offers is only sent to the service.
 */
export async function bounded<T>(
  signal: AbortSignal | undefined,
  work: (bounds: Bounds) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const own = new AbortController();
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal?.reason);
  const onIdle = (): void => reject(new IdleError(`nothing came or went for ${idleLimitMs} ms`));
  let timer = setTimeout(onIdle, idleLimitMs);
  const moved = (): void => {
    clearTimeout(timer);
    timer = setTimeout(onIdle, idleLimitMs);
  };
  signal?.addEventListener("abort", onAbort);
  try {
    return await Promise.race([work({ signal: own.signal, moved }), ended]);
  } catch (error) {
    own.abort();
    // By the signal, never by the error's name: the client calls a dropped connection an abort.
    throw signal?.aborted === true ? signal.reason : error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

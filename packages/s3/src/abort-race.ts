/**
 * Settles as `work` does, unless the signal aborts first: then it rejects at once with the signal's
 * reason.
 *
 * `work` gets a signal of its own, because the SDK keeps its listeners on a signal for as long as
 * the socket lives, and does not look at the signal while it fetches credentials. If `work` fails
 * or is aborted, its signal aborts too, which ends the requests that are still under way.
 */
export async function raceAbort<T>(
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const request = new AbortController();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal?.reason);
  signal?.addEventListener("abort", onAbort);
  try {
    return await Promise.race([work(request.signal), aborted]);
  } catch (error) {
    request.abort();
    // The error's name does not tell whose abort it was. If the signal has aborted, the abort
    // caused the error.
    throw signal?.aborted === true ? signal.reason : error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

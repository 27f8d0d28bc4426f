/**
 * Settles as `work` does, unless the signal aborts first: then it rejects at once with the signal's reason.
 *
 * `work` gets a signal of its own: the SDK leaves listeners on it for as long as a socket lives, and does not look at it
 * while it fetches credentials. Whatever is still under way when the work has failed ends with it.
 */
export async function abortable<T>(
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
    // Not by the error's name: with the signal aborted, whatever was thrown is the abort's doing.
    throw signal?.aborted === true ? signal.reason : error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

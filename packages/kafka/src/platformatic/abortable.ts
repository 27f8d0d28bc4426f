/** The client's calls take no signal: what becomes of one after the signal has fired is nobody's any more. */
export async function abortable<T>(request: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => {
    aborted.reject(signal.reason);
  };
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    // Also of a signal that has fired before: the race hears how the request ends, which nobody else does.
    return await Promise.race([aborted.promise, request]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/**
 * Settles as `work` does, unless the signal aborts first: then it rejects at once with the signal's
 * reason.
 *
 * A system call that has begun cannot be stopped. So the work goes on until its next step, sees
 * there that the signal has aborted, and removes what it has made.
 */
export async function raceAbort<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (signal === undefined) return work;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort);
  try {
    if (signal.aborted) onAbort();
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

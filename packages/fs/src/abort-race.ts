/**
 * Settles as `work` does, unless the signal aborts first: then it rejects at once with the signal's reason.
 *
 * No system call can be called back. The work goes on, finds at its next step that it is no longer wanted, and
 * clears up behind itself.
 */
export async function untilAborted<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
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

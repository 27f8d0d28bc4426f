import { setTimeout as sleep } from "node:timers/promises";
import { isRetryable } from "./failures.ts";

/** How long brokers may be out of reach before the reading rejects. */
const patienceMs = 60_000;
const pauseMs = 500;

/** Tries again while the brokers are out of reach, for a minute; ends with the signal's reason. */
export async function patiently<T>(request: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const end = performance.now() + patienceMs;
  for (;;) {
    // Before the request: nobody would hear how one ends whose connection is closed at once.
    signal.throwIfAborted();
    try {
      return await abortable(request(), signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isRetryable(error) || performance.now() > end) throw error;
    }
    await sleep(pauseMs, undefined, { signal });
  }
}

/** The client's calls take no signal: what comes after it has fired is nobody's any more. */
async function abortable<T>(request: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => {
    aborted.reject(signal.reason);
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([request, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

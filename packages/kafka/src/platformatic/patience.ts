import { setTimeout as sleep } from "node:timers/promises";
import { abortable } from "./abortable.ts";
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

/** A request made no progress for so long that it was given up. */
export class IdleTimeout extends Error {
  constructor(ms: number) {
    super(`no progress for ${ms} ms`);
    this.name = "IdleTimeout";
  }
}

export interface RunningRequest {
  /**
   * For the SDK. It aborts if the request fails, is aborted by the caller, or makes no progress.
   */
  readonly signal: AbortSignal;
  /** To be called when bytes arrive: the idle time-out starts anew. */
  onProgress(): void;
}

/**
 * Runs one request. If the caller's signal aborts, it rejects at once with the signal's reason. If
 * the request makes no progress for `idleTimeoutMs`, it rejects with an `IdleTimeout`: the SDK has
 * no time-out of its own that works.
 *
 * The SDK gets a signal of this request only, because it may leave its listeners on a signal.
 */
export async function runRequest<T>(
  caller: AbortSignal | undefined,
  idleTimeoutMs: number,
  run: (request: RunningRequest) => Promise<T>,
): Promise<T> {
  caller?.throwIfAborted();
  const controller = new AbortController();
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(caller?.reason);
  caller?.addEventListener("abort", onAbort);
  const timer = setTimeout(() => reject(new IdleTimeout(idleTimeoutMs)), idleTimeoutMs);
  const onProgress = (): void => {
    timer.refresh();
  };
  try {
    return await Promise.race([run({ signal: controller.signal, onProgress }), ended]);
  } catch (error) {
    // Ends the request. If the response was refused before its end, this closes its connection:
    // nobody reads the rest.
    controller.abort();
    throw error;
  } finally {
    clearTimeout(timer);
    caller?.removeEventListener("abort", onAbort);
  }
}

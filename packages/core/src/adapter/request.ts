import { isStoreError } from "../errors.ts";
import { maxTimerMs } from "../timers.ts";
import type { Pool } from "./pool.ts";

/** A request that is under way. */
export interface RunningRequest {
  /**
   * For the SDK. It aborts if the request fails, if the caller aborts it, and if it makes no progress. It is this request's
   * own, because SDKs leave their listeners on a signal for as long as a connection lives.
   */
  readonly signal: AbortSignal;
  /**
   * To be called when bytes were handed over to be sent: the idle time-out starts anew, longer by what a slow line of 128
   * KiB a second needs for them. The system holds up to some MiB of them, and says nothing of their progress.
   *
   * @param bytes how many were handed over, in all
   */
  sent(bytes: number): void;
  /** To be called when bytes arrived: the idle time-out starts anew. */
  received(): void;
}

export interface RequestOptions {
  /** The caller's. */
  readonly signal?: AbortSignal | undefined;
  /** How long no byte may pass in either direction, in milliseconds; left out, for ever. */
  readonly idleTimeoutMs?: number | undefined;
  /**
   * Called if the request was given up, here or by the backend's own time-out, before a byte arrived. Connections of the
   * same pool may be as dead: a store ends those that are idle, so that the next attempt opens one.
   */
  readonly onSilent?: (() => void) | undefined;
  /** Where the request waits for its turn. It is not idle meanwhile: it may have to pass no byte. */
  readonly pool?: Pool | undefined;
}

const slowBytesPerMs = (128 * 1024) / 1_000;
/** What the buffers of two sockets on the way hold at most. */
const bufferedBytes = 8 * 2 ** 20;

/**
 * Runs one request, or another piece of work. It settles as `run` does, unless the caller's signal aborts first, or no byte
 * passes for `idleTimeoutMs`: then it rejects at once, and the request's own signal aborts.
 *
 * Whose abort it was is told by the caller's signal, never by the name of an error: if the caller has aborted, it rejects
 * with the signal's own reason, whatever else happened.
 */
export async function runRequest<T>(
  run: (request: RunningRequest) => Promise<T>,
  { signal: caller, idleTimeoutMs, onSilent, pool }: RequestOptions = {},
): Promise<T> {
  caller?.throwIfAborted();
  const controller = new AbortController();
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  /** Whether it has started, and no byte has arrived. */
  let isSilent = false;
  let isIdle = false;
  let isSettled = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let timerMs = 0;
  const expire = (): void => {
    isIdle = true;
    reject(new IdleTimeout(idleTimeoutMs ?? 0));
  };
  const wait = (extraMs: number): void => {
    if (idleTimeoutMs === undefined || isSettled) return;
    const ms = Math.min(idleTimeoutMs + extraMs, maxTimerMs);
    if (ms === timerMs && startsAnew(timer)) return;
    clearTimeout(timer);
    timer = setTimeout(expire, ms);
    timerMs = ms;
  };
  const onAbort = (): void => reject(caller?.reason);
  caller?.addEventListener("abort", onAbort);
  const request: RunningRequest = {
    signal: controller.signal,
    sent: (bytes) => wait(Math.min(bytes, bufferedBytes) / slowBytesPerMs),
    received: () => {
      isSilent = false;
      wait(0);
    },
  };
  const start = (): Promise<T> => {
    // Its turn may have come too late.
    controller.signal.throwIfAborted();
    isSilent = true;
    wait(0);
    return run(request);
  };
  try {
    (pool === undefined ? start() : pool(async () => start())).then(resolve, reject);
    return await promise;
  } catch (error) {
    // Ends the request. If its response was refused before its end, this closes the connection: nobody reads the rest.
    controller.abort(error);
    const isOverdue = isIdle || (caller?.aborted === true && isStoreError(caller.reason));
    if (isSilent && isOverdue) onSilent?.();
    throw caller?.aborted === true ? caller.reason : error;
  } finally {
    isSettled = true;
    clearTimeout(timer);
    caller?.removeEventListener("abort", onAbort);
  }
}

/** Starts a timer anew, if it can: one of Node does, for less than what another timer costs. */
function startsAnew(timer: unknown): boolean {
  const { refresh } = Object(timer) as { refresh?: () => void };
  refresh?.call(timer);
  return refresh !== undefined;
}

/** No byte passed for so long that the request was given up. */
export class IdleTimeout extends Error {
  readonly code: string = "ETIMEDOUT";

  constructor(ms: number) {
    super(`no byte was sent or received for ${ms} ms`);
    this.name = "IdleTimeout";
  }
}

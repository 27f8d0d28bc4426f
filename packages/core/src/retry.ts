import { isStoreError, noteEffort, StoreError } from "./errors.ts";
import { maxTimerMs } from "./timers.ts";

/**
 * How store requests are tried again. Every clock and random source can be replaced; no other one is read.
 *
 * Each time is in milliseconds, and at most 2^31-1, which is 24 days: a timer that is set for longer fires at once.
 */
export interface RetryOptions {
  /** Attempts in all; 1 means no retry. Default 8. */
  readonly attempts?: number | undefined;
  /** The first wait is a random part of this. Default 100. */
  readonly baseDelayMs?: number | undefined;
  /** The longest wait, unless the service asks for more. Default 10,000. */
  readonly maxDelayMs?: number | undefined;
  /**
   * One operation with its retries, and for a create its reading back too; for a listing, from page to page.
   * Plus 1 s per MiB of body beyond 8. Default 45,000.
   */
  readonly deadlineMs?: number | undefined;
  /** One attempt. Plus 1 s per MiB of body. Default 15,000. */
  readonly attemptTimeoutMs?: number | undefined;
  /** Milliseconds on a clock that does not go back. */
  now?(): number;
  /** Resolves after `ms`; rejects with the signal's reason as soon as it aborts. */
  sleep?(ms: number, signal?: AbortSignal): Promise<void>;
  /** From 0 up to 1. */
  random?(): number;
}

type Defined = Required<{ [K in keyof RetryOptions]: Exclude<RetryOptions[K], undefined> }>;

export interface RetryPolicy extends Defined {
  /** Calls `expire` after `ms`, unless what it returns is called before. */
  readonly startTimer: (ms: number, expire: () => void) => () => void;
}

const defaults: RetryPolicy = {
  attempts: 8,
  baseDelayMs: 100,
  maxDelayMs: 10_000,
  deadlineMs: 45_000,
  attemptTimeoutMs: 15_000,
  now: () => performance.now(),
  sleep,
  random: () => Math.random(),
  // A `sleep` that is aborted at the end of each attempt would cost more than all else of a small request.
  startTimer: (ms, expire) => {
    const timer = setTimeout(expire, ms);
    return () => clearTimeout(timer);
  },
};

/** The options over the defaults. The functions may be methods: their `this` is kept. */
export function retryPolicy(options: RetryOptions = {}): RetryPolicy {
  const sleeping = options.sleep?.bind(options);
  return {
    attempts: options.attempts ?? defaults.attempts,
    baseDelayMs: options.baseDelayMs ?? defaults.baseDelayMs,
    maxDelayMs: options.maxDelayMs ?? defaults.maxDelayMs,
    deadlineMs: options.deadlineMs ?? defaults.deadlineMs,
    attemptTimeoutMs: options.attemptTimeoutMs ?? defaults.attemptTimeoutMs,
    now: options.now?.bind(options) ?? defaults.now,
    sleep: sleeping ?? defaults.sleep,
    random: options.random?.bind(options) ?? defaults.random,
    startTimer: sleeping === undefined ? defaults.startTimer : timerOf(sleeping),
  };
}

function timerOf(sleeping: Defined["sleep"]): RetryPolicy["startTimer"] {
  return (ms, expire) => {
    const timer = new AbortController();
    const wake = (): void => {
      if (!timer.signal.aborted) expire();
    };
    // Its only rejection is its own abort, when the attempt has ended.
    sleeping(ms, timer.signal).then(wake, () => undefined);
    return () => timer.abort("the attempt has ended");
  };
}

/** An attempt that ran out of time. What was sent may still take effect. */
export class AttemptTimeout extends StoreError {
  constructor(message: string) {
    super("Unavailable", message);
  }
}

const mebibyte = 1024 * 1024;

/** One store operation: its attempts share a deadline and end with the caller's signal. */
export class Operation {
  readonly #policy: RetryPolicy;
  readonly #signal: AbortSignal | undefined;
  readonly #deadlineMs: number;
  readonly #attemptTimeoutMs: number;
  #deadline: number;

  /** @param bytes the size of the body that goes one way or the other, where it is known */
  constructor(policy: RetryPolicy, signal: AbortSignal | undefined, bytes = 0) {
    this.#policy = policy;
    this.#signal = signal;
    this.#deadlineMs = timerMs(policy.deadlineMs + Math.max(0, bytes / mebibyte - 8) * 1000);
    this.#attemptTimeoutMs = timerMs(policy.attemptTimeoutMs + (bytes / mebibyte) * 1000);
    this.#deadline = policy.now() + this.#deadlineMs;
  }

  throwIfAborted(): void {
    this.#signal?.throwIfAborted();
  }

  /** Something was achieved (a page of a listing): the deadline starts anew. */
  progress(): void {
    this.#deadline = this.#policy.now() + this.#deadlineMs;
  }

  /**
   * Runs `attempt` until it succeeds, fails for good, or there is no time or attempt left; then rejects with the
   * last attempt's `StoreError`. Each attempt gets a signal of its own that aborts when its time is over.
   *
   * `readBack` leaves time for one attempt more: a create whose responses were all lost must still be read back.
   * `number` is that of the first attempt, `attempts` how many there are at most; `request` is what the error says of it.
   */
  async retry<T>(
    attempt: (signal: AbortSignal, number: number) => Promise<T>,
    options: {
      readonly request?: string;
      readonly readBack?: boolean;
      readonly number?: number;
      readonly attempts?: number;
    } = {},
  ): Promise<T> {
    const attempts = Math.min(this.#policy.attempts, options.attempts ?? Infinity);
    const reserve = options.readBack === true ? Math.min(this.#attemptTimeoutMs, this.#deadlineMs / 3) : 0;
    const { now } = this.#policy;
    const started = now();
    for (let number = options.number ?? 1; ; number++) {
      try {
        return await this.#bounded(attempt, number, this.#deadline - reserve);
      } catch (error) {
        this.#signal?.throwIfAborted();
        if (!isStoreError(error)) throw error;
        noteEffort(error, options.request ?? "a request", number, now() - started);
        if (!error.retryable || number >= attempts) throw error;
        if (!(await this.#pause(number, error, this.#deadline - reserve))) throw error;
      }
    }
  }

  /** Waits before the next attempt, with full jitter; returns false when the deadline comes first. */
  async #pause(number: number, error: StoreError, deadline: number): Promise<boolean> {
    const { random, baseDelayMs, maxDelayMs, now } = this.#policy;
    const jitter = random() * Math.min(maxDelayMs, baseDelayMs * 2 ** (number - 1));
    const delay = Math.max(jitter, error.retryAfterMs ?? 0);
    if (now() + delay >= deadline) return false;
    await this.#policy.sleep(delay, this.#signal);
    this.#signal?.throwIfAborted();
    return true;
  }

  async #bounded<T>(
    run: (signal: AbortSignal, number: number) => Promise<T>,
    number: number,
    deadline: number,
  ): Promise<T> {
    this.#signal?.throwIfAborted();
    const { now } = this.#policy;
    const started = now();
    const timeoutMs = Math.min(this.#attemptTimeoutMs, deadline - started);
    if (timeoutMs <= 0) throw new StoreError("Unavailable", "no time was left before the deadline");

    const attempt = new AbortController();
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const end = (reason: unknown): void => {
      reject(reason);
      attempt.abort(reason);
    };
    const forward = (): void => end(this.#signal?.reason);
    this.#signal?.addEventListener("abort", forward, { once: true });
    const stopTimer = this.#policy.startTimer(timeoutMs, () => {
      // If an injected `sleep` returns early, the attempt goes on: the clock decides, not the sleep.
      if (now() - started < timeoutMs / 2) return;
      end(new AttemptTimeout(`no response within ${Math.round(timeoutMs)} ms`));
    });
    try {
      run(attempt.signal, number).then(resolve, reject);
      return await promise;
    } catch (error) {
      // The signals say who ended the attempt, never the error: services report an abort in many ways.
      this.#signal?.throwIfAborted();
      if (attempt.signal.aborted) throw attempt.signal.reason;
      throw error;
    } finally {
      this.#signal?.removeEventListener("abort", forward);
      stopTimer();
    }
  }
}

function timerMs(ms: number): number {
  return Math.min(ms, maxTimerMs);
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason);
      return;
    }
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

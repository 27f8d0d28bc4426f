import type { RetryOptions } from "../../src/retry.ts";

/** Whose sleep it is: a process that has crashed sleeps no more. */
export interface Sleeper {
  readonly crashed: boolean;
}

interface Sleep {
  readonly owner: Sleeper;
  readonly wakesAt: number;
  readonly signal: AbortSignal | undefined;
  readonly isPause: boolean;
  wake(): void;
}

/** Longer than every pause between two attempts, so that the two kinds of sleep can be told apart. */
const attemptTimeoutMs = 15_000;

/** A clock that stands still until the schedule lets time pass. */
export class Clock {
  #now = 0;
  #sleeps: Sleep[] = [];

  /** What a backend takes to live on this clock. */
  retry(owner: Sleeper, attempts: number, random: () => number): RetryOptions {
    return {
      attempts,
      attemptTimeoutMs,
      now: () => this.#now,
      sleep: (ms, signal) => this.#sleep(owner, ms, signal),
      random,
    };
  }

  /** What would wake next: a pause between attempts, an attempt's time-out, or nothing. */
  get next(): "pause" | "timeout" | undefined {
    this.#sleeps = this.#sleeps.filter(({ owner, signal }) => !owner.crashed && signal?.aborted !== true);
    const first = this.#first();
    if (first === undefined) return undefined;
    return first.isPause ? "pause" : "timeout";
  }

  /** Time passes until the next sleep is over. */
  advance(): void {
    const first = this.#first();
    if (first === undefined) return;
    this.#now = Math.max(this.#now, first.wakesAt);
    this.#sleeps.splice(this.#sleeps.indexOf(first), 1);
    first.wake();
  }

  #first(): Sleep | undefined {
    let first: Sleep | undefined;
    for (const sleep of this.#sleeps) if (first === undefined || sleep.wakesAt < first.wakesAt) first = sleep;
    return first;
  }

  #sleep(owner: Sleeper, ms: number, signal: AbortSignal | undefined): Promise<void> {
    const isPause = ms < attemptTimeoutMs / 3;
    return new Promise((resolve, reject) => {
      this.#sleeps.push({ owner, wakesAt: this.#now + ms, signal, isPause, wake: resolve });
      // An attempt's timer that is given up may stay pending: nobody waits for it. A pause must end with its call.
      if (isPause) signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  }
}

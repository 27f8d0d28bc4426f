import type { RetryOptions } from "../../src/retry.ts";
import type { StandbyClock } from "../../src/standby/index.ts";

/** Whose sleep it is: a process that has crashed sleeps no more. */
export interface Sleeper {
  readonly crashed: boolean;
}

type Kind = "pause" | "timeout" | "transfer";

interface Sleep {
  readonly owner: Sleeper;
  readonly wakesAt: number;
  readonly signal: AbortSignal | undefined;
  readonly kind: Kind;
  /** @returns what happened, if that is worth a line of the trace */
  wake(): string | void;
}

/** Bytes go over the link whatever becomes of who sent them. */
const nobody: Sleeper = { crashed: false };

/** A clock that stands still until the schedule lets time pass. */
export class Clock {
  now = 0;
  readonly #callers = new WeakSet<AbortSignal>();
  #sleeps: Sleep[] = [];

  /** What a backend takes to live on this clock. */
  retry(
    owner: Sleeper,
    options: { attempts: number; attemptTimeoutMs: number },
    random: () => number,
  ): RetryOptions {
    return {
      ...options,
      now: () => this.now,
      sleep: (ms, signal) => this.#sleep(owner, ms, signal),
      random,
    };
  }

  /** A pause between two attempts ends with the caller's signal, an attempt's time-out has one of its own. */
  isCaller(signal: AbortSignal): void {
    this.#callers.add(signal);
  }

  /** The time of whoever stands by. */
  standing(owner: Sleeper): StandbyClock {
    return { now: () => this.now, sleep: (ms, signal) => this.#sleep(owner, ms, signal) };
  }

  /** Runs `wake` at that moment. */
  transferUntil(wakesAt: number, wake: () => string | void): void {
    this.#sleeps.push({ owner: nobody, wakesAt, signal: undefined, kind: "transfer", wake });
  }

  /** What would wake next, if anything. */
  get next(): Kind | undefined {
    this.#sleeps = this.#sleeps.filter(({ owner, signal }) => !owner.crashed && signal?.aborted !== true);
    return this.#first()?.kind;
  }

  /** Time passes until the next sleep is over. @returns what happened */
  advance(): string {
    const first = this.#first();
    if (first === undefined) return "time passes";
    this.now = Math.max(this.now, first.wakesAt);
    this.#sleeps.splice(this.#sleeps.indexOf(first), 1);
    return `time passes: ${first.wake() ?? first.kind}`;
  }

  #first(): Sleep | undefined {
    let first: Sleep | undefined;
    for (const sleep of this.#sleeps) if (first === undefined || sleep.wakesAt < first.wakesAt) first = sleep;
    return first;
  }

  #sleep(owner: Sleeper, ms: number, signal: AbortSignal | undefined): Promise<void> {
    const isPause = signal === undefined || this.#callers.has(signal);
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) reject(signal.reason);
      const kind = isPause ? "pause" : "timeout";
      this.#sleeps.push({ owner, wakesAt: this.now + ms, signal, kind, wake: resolve });
      // The pause of a chunk ends with a signal of its write, which is no caller's.
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  }
}

import { nextIteration } from "../../src/conformance/store-suite/operations.ts";
import type { RetryOptions } from "../../src/retry.ts";

interface Sleeper {
  readonly wakesAt: number;
  wake(): void;
}

/** A clock that stands still until the test moves it. Nothing here waits for real time. */
export class VirtualClock {
  /** The sleeps that ran to their end, in the order in which they ended; an attempt's timer is cut short. */
  readonly slept: number[] = [];
  readonly #sleepers = new Set<Sleeper>();
  #now = 0;
  #changed: PromiseWithResolvers<void> = Promise.withResolvers();

  readonly now = (): number => this.#now;

  readonly sleep = (ms: number, signal?: AbortSignal): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sleeper = {
      wakesAt: this.#now + ms,
      wake: () => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener("abort", stop);
        this.slept.push(ms);
        resolve();
      },
    };
    const stop = (): void => {
      this.#sleepers.delete(sleeper);
      reject(signal?.reason);
    };
    if (signal?.aborted === true) reject(signal.reason);
    else {
      signal?.addEventListener("abort", stop, { once: true });
      this.#sleepers.add(sleeper);
      this.#changed.resolve();
    }
    return promise;
  };

  /** Retry options on this clock, with a `random` that is always 0. */
  retry(options: RetryOptions = {}): RetryOptions {
    return { now: this.now, sleep: this.sleep, random: () => 0, ...options };
  }

  /** How many sleeps have neither ended nor been given up. */
  get sleepers(): number {
    return this.#sleepers.size;
  }

  /** Moves the time on, and wakes whoever is due on the way. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await nextIteration();
    for (let next = this.#next(); next !== undefined && next.wakesAt <= end; next = this.#next()) {
      this.#now = Math.max(this.#now, next.wakesAt);
      next.wake();
      await nextIteration();
    }
    this.#now = end;
  }

  /** Lets time pass, from one sleep's end to the next, until the promise has resolved or rejected; returns it. */
  async run<T>(promise: Promise<T>): Promise<T> {
    let pending = true;
    const end = (): void => {
      pending = false;
      this.#changed.resolve();
    };
    promise.then(end, end);
    for (;;) {
      await nextIteration();
      if (!pending) return promise;
      const next = this.#next();
      if (next === undefined) {
        // A digest is under way, or the test holds the response: no time passes before somebody sleeps.
        this.#changed = Promise.withResolvers();
        await this.#changed.promise;
      } else {
        this.#now = Math.max(this.#now, next.wakesAt);
        next.wake();
      }
    }
  }

  #next(): Sleeper | undefined {
    return [...this.#sleepers].toSorted((a, b) => a.wakesAt - b.wakesAt)[0];
  }
}

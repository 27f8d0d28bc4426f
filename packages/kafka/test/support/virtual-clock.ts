import { setImmediate } from "node:timers/promises";
import type { Clock } from "../../src/clock.ts";

interface Timer {
  readonly at: number;
  fire(): void;
}

/** A clock that stands still until `until` has waited for everything that needs no time. */
export class VirtualClock implements Clock {
  readonly #timers = new Set<Timer>();
  #now = 0;

  readonly now = (): number => this.#now;
  readonly random = (): number => 0.5;

  readonly sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const abort = (): void => {
        this.#timers.delete(timer);
        reject(signal?.reason as Error);
      };
      const timer = {
        at: this.#now + ms,
        fire: () => {
          signal?.removeEventListener("abort", abort);
          resolve();
        },
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#timers.add(timer);
    });

  /** Lets everything run that needs no time. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 40; turn++) await setImmediate();
  }

  /** Lets everything run, and time pass, until the condition holds. */
  async until(condition: () => boolean, atMostMs = 600_000): Promise<void> {
    const end = this.#now + atMostMs;
    for (;;) {
      for (let turn = 0; turn < 40; turn++) {
        if (condition()) return;
        await setImmediate();
      }
      const [next] = [...this.#timers].toSorted((one, other) => one.at - other.at);
      if (next === undefined) throw new Error("nothing happens any more, and the condition does not hold");
      if (next.at > end) throw new Error(`the condition does not hold after ${atMostMs} ms`);
      this.#pass(next);
    }
  }

  /** Lets so much time pass, with everything that falls into it. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.settle();
    for (;;) {
      const [next] = [...this.#timers].toSorted((one, other) => one.at - other.at);
      if (next === undefined || next.at > end) break;
      this.#pass(next);
      await this.settle();
    }
    this.#now = end;
  }

  #pass(timer: Timer): void {
    this.#timers.delete(timer);
    this.#now = Math.max(this.#now, timer.at);
    timer.fire();
  }
}

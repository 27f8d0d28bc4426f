import type { Clock } from "./clock.ts";

/** One process's line: what goes over it takes time by its size, one body after the other. */
export class Link {
  readonly #clock: Clock;
  /** Bytes a second; `undefined`: nothing takes time. */
  readonly #rate: number | undefined;
  #busyUntil = 0;

  constructor(clock: Clock, rate: number | undefined) {
    this.#clock = clock;
    this.#rate = rate;
  }

  /** Runs `then` once so many bytes have gone over the line: now, or when time has passed. */
  carry(bytes: number, then: () => string | void): void {
    if (this.#rate === undefined || bytes === 0) {
      then();
      return;
    }
    this.#busyUntil = Math.max(this.#busyUntil, this.#clock.now) + (bytes / this.#rate) * 1000;
    this.#clock.transferUntil(this.#busyUntil, then);
  }
}

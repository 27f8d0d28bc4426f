import type { Attributes, ObservableGauge, ObservableResult } from "@opentelemetry/api";

/**
 * The time since the newest seal, until `close`. That a call was stale does not end it: a leader that is refused again and
 * again, and seals nothing, is what an alert is for.
 */
export class SealAge {
  readonly #gauge: ObservableGauge;
  readonly #common: Attributes;
  readonly #now: () => number;
  #since: number | undefined;

  constructor(gauge: ObservableGauge, common: Attributes, now: () => number) {
    this.#gauge = gauge;
    this.#common = common;
    this.#now = now;
  }

  restart(): void {
    // Registered while it says something: a meter keeps a callback, and all that it refers to, for ever.
    if (this.#since === undefined) this.#gauge.addCallback(this.#observe);
    this.#since = this.#now();
  }

  stop(): void {
    this.#since = undefined;
    this.#gauge.removeCallback(this.#observe);
  }

  readonly #observe = (result: ObservableResult): void => {
    if (this.#since !== undefined) result.observe((this.#now() - this.#since) / 1000, this.#common);
  };
}

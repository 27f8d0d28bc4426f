import type { Attributes, ObservableGauge, ObservableResult } from "@opentelemetry/api";

/**
 * The time since the newest seal, until `close`. That a call was stale does not end it: a leader that is refused again and
 * again, and seals nothing, is what an alert is for.
 *
 * An SDK with cumulative temporality repeats the last value of a gauge that nobody observes any more. A backend that is
 * closed would look as young as it was then, for ever, and hide that no other seals. So the last value is NaN.
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
    this.#gauge.removeCallback(this.#observeEnd);
    this.#since = this.#now();
  }

  stop(): void {
    this.#gauge.removeCallback(this.#observe);
    // Before the first takeover there was nothing to end.
    if (this.#since !== undefined) this.#gauge.addCallback(this.#observeEnd);
    this.#since = undefined;
  }

  readonly #observe = (result: ObservableResult): void => {
    if (this.#since !== undefined) result.observe((this.#now() - this.#since) / 1000, this.#common);
  };

  /** Once: what one reader collects, the SDK keeps for all of them. */
  readonly #observeEnd = (result: ObservableResult): void => {
    result.observe(Number.NaN, this.#common);
    this.#gauge.removeCallback(this.#observeEnd);
  };
}

/** How long nothing may come of what is waited for. A machine that is busy takes long; one that stands still takes for ever. */
const patienceMs = 600_000;

/** Waits for conditions on what is reported. Whoever takes in a report calls `notify`. */
export class Changes {
  readonly #waiting = new Set<() => void>();
  #failure: Error | undefined;

  notify(): void {
    for (const check of this.#waiting) check();
  }

  /** Ends everything that waits now or later. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.notify();
  }

  /** @throws `Error` with what was waited for, after ten minutes */
  async until(what: string, holds: () => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      reject(new Error(`ten minutes have passed without this: ${what}`));
    }, patienceMs);
    const check = (): void => {
      if (this.#failure !== undefined) reject(this.#failure);
      else if (holds()) resolve();
    };
    this.#waiting.add(check);
    check();
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(check);
    }
  }
}

/**
 * Runs at most so many pieces of work at a time. What waits in the fast lane starts before what waits in the slow one; in
 * each lane they start in the order in which they came.
 */
export class Lanes {
  readonly #limit: number;
  readonly #fast: (() => void)[] = [];
  readonly #slow: (() => void)[] = [];
  #running = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  fast<T>(work: () => Promise<T>): Promise<T> {
    return this.#run(work, this.#fast);
  }

  slow<T>(work: () => Promise<T>): Promise<T> {
    return this.#run(work, this.#slow);
  }

  async #run<T>(work: () => Promise<T>, lane: (() => void)[]): Promise<T> {
    // Whoever ends hands its place over, so that no other work can take it.
    if (this.#running < this.#limit) this.#running += 1;
    else await new Promise<void>((resolve) => void lane.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#fast.shift() ?? this.#slow.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}

import type { Operation } from "./generated-store.ts";

export interface Measurement {
  readonly requests: Readonly<Record<Operation, number>>;
  /** Without the time that measuring took. */
  readonly milliseconds: number;
  /** The highest sample of live memory, above that at `setIdle`. */
  readonly peakBytes: number;
  /** The highest sample of the call's second half, less that of its first half. */
  readonly growthBytes: number;
  readonly samples: number;
}

/** Counts requests, and at every n-th of them collects the garbage and measures the memory that is left. */
export class Meter {
  readonly #collect: () => void;
  #every = 1;
  #requests: Record<Operation, number> = { create: 0, get: 0, list: 0, delete: 0 };
  #samples: number[] = [];
  #idle = 0;
  #collecting = 0;

  /** @throws `Error` in a process that was started without `--expose-gc` */
  constructor() {
    const { gc } = globalThis;
    if (gc === undefined) throw new Error("run with --expose-gc: what is garbage must not be counted");
    this.#collect = () => gc();
  }

  readonly onRequest = (operation: Operation): void => {
    this.#requests[operation] += 1;
    if (this.#count % this.#every === 0) this.#samples.push(this.#live());
  };

  /** Takes the memory that is live now as the zero of later samples. */
  setIdle(): void {
    this.#idle = this.#live();
  }

  /** Measures a call, with a sample at every n-th request. */
  async measure(every: number, call: () => Promise<unknown>): Promise<Measurement> {
    this.#every = every;
    this.#requests = { create: 0, get: 0, list: 0, delete: 0 };
    this.#samples = [];
    this.#collecting = 0;
    const started = performance.now();
    await call();
    const milliseconds = performance.now() - started - this.#collecting;
    const samples = this.#samples.map((bytes) => bytes - this.#idle);
    const middle = Math.floor(samples.length / 2);
    return {
      requests: { ...this.#requests },
      milliseconds,
      peakBytes: Math.max(...samples),
      growthBytes: Math.max(...samples.slice(middle)) - Math.max(...samples.slice(0, middle)),
      samples: samples.length,
    };
  }

  get #count(): number {
    const { create, get, list, delete: deletes } = this.#requests;
    return create + get + list + deletes;
  }

  #live(): number {
    const started = performance.now();
    this.#collect();
    const { heapUsed, external } = process.memoryUsage();
    this.#collecting += performance.now() - started;
    return heapUsed + external;
  }
}

import type { Operation } from "./generated-store.ts";

export interface Measurement {
  readonly requests: Readonly<Record<Operation, number>>;
  /** Without the time that measuring took. */
  readonly milliseconds: number;
  /** What was live at the worst of the samples, above what was when the meter was set idle. */
  readonly peakBytes: number;
  /** How much higher the worst sample of the call's later half is than that of its first; below 0: lower. */
  readonly growthBytes: number;
  readonly samples: number;
}

/** Counts requests, and every so many of them collects the garbage and looks at what is left. */
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

  /** What is live from now on counts. */
  setIdle(): void {
    this.#idle = this.#live();
  }

  /** What a call costs, with a sample every so many requests. */
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

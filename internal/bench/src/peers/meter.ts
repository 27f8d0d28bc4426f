/** Wall-clock and CPU time of all threads of this process since a moment. */
export class Meter {
  readonly #started: number = performance.now();
  readonly #cpu: NodeJS.CpuUsage = process.cpuUsage();

  get ms(): number {
    return performance.now() - this.#started;
  }

  get cpuMs(): number {
    const { user, system } = process.cpuUsage(this.#cpu);
    return (user + system) / 1_000;
  }

  /** Microseconds, and those of CPU, of each of so many. */
  each(count: number): { readonly us: number; readonly cpuUs: number } {
    return { us: (this.ms * 1_000) / count, cpuUs: (this.cpuMs * 1_000) / count };
  }
}

/** Does the work for 0 to `count - 1`, so many at a time. */
export async function atOnce(
  count: number,
  limit: number,
  work: (number: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const loop = async (): Promise<void> => {
    for (let number = next++; number < count; number = next++) await work(number);
  };
  await Promise.all(Array.from({ length: Math.min(count, limit) }, loop));
}

const rounds = 60;
const warmUps = 5;

/** The times of one variant, and their ratios to those of the first variant. */
export interface VariantTimes {
  readonly name: string;
  readonly medianMs: number;
  /** The ratio within a round: a disturbance of the machine slows all variants of a round. */
  readonly medianRatio: number;
  readonly ratioQuartiles: string;
}

/** The number of measured rounds, and of all rounds with those that warm up the compiler. */
export const roundCounts = { measured: rounds, all: rounds + warmUps } as const;

/**
 * Times the variants, in milliseconds, round after round. Each round runs all of them, and begins
 * with another one: running first, or after a certain variant, favours none.
 */
export async function timeVariants(
  variants: ReadonlyMap<string, () => Promise<number> | number>,
): Promise<readonly VariantTimes[]> {
  const names = [...variants.keys()];
  const times = new Map<string, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds + warmUps; round++) {
    for (let place = 0; place < names.length; place++) {
      const name = names[(place + round) % names.length] ?? "";
      const milliseconds = await variants.get(name)?.();
      if (round >= warmUps) times.get(name)?.push(milliseconds ?? Number.NaN);
    }
  }
  const base = times.get(names[0] ?? "") ?? [];
  return [...times].map(([name, own]) => {
    const ratios = own.map((milliseconds, round) => milliseconds / (base[round] ?? Number.NaN));
    return {
      name,
      medianMs: quantile(own, 0.5),
      medianRatio: quantile(ratios, 0.5),
      ratioQuartiles: `${quantile(ratios, 0.25).toFixed(3)}-${quantile(ratios, 0.75).toFixed(3)}`,
    };
  });
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.round((sorted.length - 1) * part)] ?? Number.NaN;
}

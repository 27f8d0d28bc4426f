/**
 * The delays of some flights, in minutes. All are integers far below 2^53: the sums are exact,
 * whatever the order of the additions, and however often the job starts over.
 */
export interface Statistic {
  readonly count: number;
  readonly sum: number;
  readonly sumOfSquares: number;
  readonly min: number;
  readonly max: number;
}

/** By airport (`"SEA"`) or route (`"SEA-LAX"`). */
export type Statistics = Map<string, Statistic>;

/** The statistic of one flight. */
export function ofDelay(delay: number): Statistic {
  return { count: 1, sum: delay, sumOfSquares: delay * delay, min: delay, max: delay };
}

/** Adds a statistic to that of `key`. */
export function add(statistics: Statistics, key: string, more: Statistic): void {
  const known = statistics.get(key);
  statistics.set(
    key,
    known === undefined
      ? more
      : {
          count: known.count + more.count,
          sum: known.sum + more.sum,
          sumOfSquares: known.sumOfSquares + more.sumOfSquares,
          min: Math.min(known.min, more.min),
          max: Math.max(known.max, more.max),
        },
  );
}

/** One line a key, sorted: equal statistics have equal bytes. */
export function encode(statistics: Statistics): string {
  return [...statistics]
    .map(([key, { count, sum, sumOfSquares, min, max }]) =>
      [key, count, sum, sumOfSquares, min, max].join(","),
    )
    .toSorted()
    .map((line) => `${line}\n`)
    .join("");
}

const lineForm = /^([A-Z]{3}(?:-[A-Z]{3})?),(\d+),(-?\d+),(\d+),(-?\d+),(-?\d+)$/;

/** Reads what `encode` wrote, and nothing else. */
export function decode(text: string): Statistics {
  const statistics: Statistics = new Map();
  for (const line of text.split("\n").slice(0, -1)) {
    const [, key = "", ...fields] = lineForm.exec(line) ?? [];
    const [count, sum, sumOfSquares, min, max] = fields.map(Number);
    if (
      count === undefined ||
      sum === undefined ||
      sumOfSquares === undefined ||
      min === undefined ||
      max === undefined ||
      statistics.has(key)
    ) {
      throw new Error(`this is not a line of statistics, or the second of its key: ${JSON.stringify(line)}`);
    }
    statistics.set(key, { count, sum, sumOfSquares, min, max });
  }
  return statistics;
}

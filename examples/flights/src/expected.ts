import { asyncBufferFromFile, parquetRead } from "hyparquet";
import { compressors } from "hyparquet-compressors";

/** The statistic that an airport or a route must have, in whole numbers of any size. */
export interface ExpectedStatistic {
  count: bigint;
  sum: bigint;
  sumOfSquares: bigint;
  min: bigint;
  max: bigint;
}

/**
 * Reads the columns straight from the file and adds them up, by airport and by route. It shares no
 * code with the job, whose result must equal this.
 */
export async function readExpected(
  path: string,
  records: number,
): Promise<ReadonlyMap<string, ExpectedStatistic>> {
  const file = await asyncBufferFromFile(path);
  const column = async <Value>(name: string): Promise<Value[]> => {
    const chunks: { readonly rowStart: number; readonly columnData: ArrayLike<unknown> }[] = [];
    await parquetRead({
      file,
      compressors,
      columns: [name],
      rowEnd: records,
      onChunk: (chunk) => chunks.push(chunk),
    });
    return chunks
      .toSorted((a, b) => a.rowStart - b.rowStart)
      .flatMap(({ columnData }) => Array.from(columnData) as Value[])
      .slice(0, records);
  };
  const origins = await column<string>("origin");
  const destinations = await column<string>("destination");
  const delays = await column<bigint>("delay");

  const expected = new Map<string, ExpectedStatistic>();
  for (const [row, delay] of delays.entries()) {
    const origin = String(origins[row]);
    for (const key of [origin, `${origin}-${String(destinations[row])}`]) {
      let known = expected.get(key);
      if (known === undefined) {
        known = { count: 0n, sum: 0n, sumOfSquares: 0n, min: delay, max: delay };
        expected.set(key, known);
      }
      known.count += 1n;
      known.sum += delay;
      known.sumOfSquares += delay * delay;
      if (delay < known.min) known.min = delay;
      if (delay > known.max) known.max = delay;
    }
  }
  return expected;
}

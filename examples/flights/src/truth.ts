import { asyncBufferFromFile, parquetRead } from "hyparquet";
import { compressors } from "hyparquet-compressors";

/** What the sums must be, each in whole numbers of any size. */
export interface Truth {
  count: bigint;
  sum: bigint;
  sumOfSquares: bigint;
  min: bigint;
  max: bigint;
}

/**
 * Reads the columns straight from the file and adds them up, with none of the job's code: what the job must come to,
 * by airport and by route.
 */
export async function readTruth(path: string, records: number): Promise<ReadonlyMap<string, Truth>> {
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

  const truth = new Map<string, Truth>();
  for (const [row, delay] of delays.entries()) {
    const origin = String(origins[row]);
    for (const key of [origin, `${origin}-${String(destinations[row])}`]) {
      let known = truth.get(key);
      if (known === undefined) {
        known = { count: 0n, sum: 0n, sumOfSquares: 0n, min: delay, max: delay };
        truth.set(key, known);
      }
      known.count += 1n;
      known.sum += delay;
      known.sumOfSquares += delay * delay;
      if (delay < known.min) known.min = delay;
      if (delay > known.max) known.max = delay;
    }
  }
  return truth;
}

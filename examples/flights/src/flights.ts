import { fileURLToPath } from "node:url";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import type { AsyncBuffer, FileMetaData } from "hyparquet";
import { compressors } from "hyparquet-compressors";

/** 3,000,000 flights within the United States, in the order of their departure. */
export const flightsFile: string = fileURLToPath(
  new URL("../data/flights-3m.parquet", import.meta.resolve("vega-datasets")),
);

export interface Flight {
  /** Three letters: `"SEA"`. */
  readonly origin: string;
  readonly destination: string;
  /** Minutes; negative is early. */
  readonly delay: bigint;
}

/** The input. Every read of a row gives the same flight, so that a job can read it again after a crash. */
export class FlightSource {
  readonly #file: AsyncBuffer;
  readonly #metadata: FileMetaData;
  #group: { readonly from: number; readonly to: number; readonly flights: readonly Flight[] } = {
    from: 0,
    to: 0,
    flights: [],
  };

  private constructor(file: AsyncBuffer, metadata: FileMetaData) {
    this.#file = file;
    this.#metadata = metadata;
  }

  static async open(): Promise<FlightSource> {
    const file = await asyncBufferFromFile(flightsFile);
    return new FlightSource(file, await parquetMetadataAsync(file));
  }

  /** The flights of the rows `from` to `to - 1`. */
  async read(from: number, to: number): Promise<readonly Flight[]> {
    let flights: readonly Flight[] = [];
    for (let row = from; row < to; row = Math.min(to, this.#group.to)) {
      // Only one row group is held decoded. Memory stays flat, and going back costs one decode.
      if (row < this.#group.from || row >= this.#group.to) await this.#decodeGroupOf(row);
      const group = this.#group;
      flights = flights.concat(group.flights.slice(row - group.from, to - group.from));
    }
    return flights;
  }

  async #decodeGroupOf(row: number): Promise<void> {
    let from = 0;
    for (const group of this.#metadata.row_groups) {
      const to = from + Number(group.num_rows);
      if (row < to) {
        const flights = await parquetReadObjects({
          file: this.#file,
          metadata: this.#metadata,
          compressors,
          columns: ["origin", "destination", "delay"],
          rowStart: from,
          rowEnd: to,
        });
        this.#group = { from, to, flights: flights as unknown as readonly Flight[] };
        return;
      }
      from = to;
    }
    throw new RangeError(`row ${row} is beyond the end of the input, ${from} rows`);
  }
}

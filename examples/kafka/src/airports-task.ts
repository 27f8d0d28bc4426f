import { createReadStream } from "node:fs";
import { rm, stat } from "node:fs/promises";
import type { SealedEpoch } from "@state/core";
import type { Capture, KafkaRecord, OutputRecord, PartitionTask, TopicPartition } from "@state/kafka";
import { AirportsDatabase, baseVnode } from "./airports-database.ts";
import { decodeFlight, encodeResult } from "./airports.ts";

/** One base and up to 15 changesets. */
export const vnodeCapacity = 16;

/** The statistics of a partition's airports, in SQLite. An epoch stores what has changed since the one before. */
export class AirportsTask implements PartitionTask {
  readonly #output: TopicPartition;
  #database: AirportsDatabase | undefined;
  /** Of the newest capture: the base, then its changesets. */
  #sizes: number[] = [];
  /** Bytes that the newest capture took over. */
  reused = 0;

  /** @param output where results go: the same partition number as the input's */
  constructor(output: TopicPartition) {
    this.#output = output;
  }

  async restore(base: SealedEpoch | undefined): Promise<void> {
    this.#database = await AirportsDatabase.restore(base);
    this.#sizes = (base?.seal.partials ?? [])
      .toSorted((a, b) => a.vnode - b.vnode)
      .map(({ size, plain }) => plain?.size ?? size);
  }

  process(records: readonly KafkaRecord[], emit: (record: OutputRecord) => void): void {
    const departures = records.flatMap(({ offset, value }) =>
      value === null ? [] : [{ offset: Number(offset), ...decodeFlight(value) }],
    );
    const airports = this.#opened().add(departures);
    for (const [index, { offset, origin }] of departures.entries()) {
      const airport = airports[index];
      if (airport === undefined) throw new Error(`no result of offset ${offset}`);
      const value = Buffer.from(encodeResult({ offset, airport: origin, ...airport }));
      emit({ ...this.#output, key: Buffer.from(origin), value });
    }
  }

  async capture(): Promise<Capture> {
    const database = this.#opened();
    const before = this.#sizes;
    this.reused = sum(before);
    if (before.length > 0 && before.length < vnodeCapacity) {
      const changeset = database.takeChangeset();
      if (changeset.length === 0) return { vnodes: new Map() };
      this.#sizes = [...before, changeset.length];
      return { vnodes: new Map([[before.length, changeset]]) };
    }
    const path = database.copy();
    this.#sizes = [(await stat(path)).size];
    this.reused = 0;
    return {
      vnodes: new Map([[baseVnode, contentOf(path)]]),
      dropped: before.map((_, vnode) => vnode).filter((vnode) => vnode !== baseVnode),
    };
  }

  async close(): Promise<void> {
    await this.#database?.close();
  }

  #opened(): AirportsDatabase {
    if (this.#database === undefined) throw new Error("restore comes first");
    return this.#database;
  }
}

/** The file's bytes. It is deleted at the end of the reading. */
async function* contentOf(path: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path) as AsyncIterable<Uint8Array>;
  await rm(path);
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}

import { describe, expect, test } from "vitest";
import { committedRecords, type FetchedPartition } from "../src/platformatic/committed.ts";

type Batch = NonNullable<FetchedPartition["records"]>[number];

function batch(firstOffset: bigint, values: readonly string[], more: Partial<Batch> = {}): Batch {
  return {
    firstOffset,
    length: 0,
    partitionLeaderEpoch: 0,
    magic: 2,
    crc: 0,
    attributes: 0,
    lastOffsetDelta: values.length - 1,
    firstTimestamp: 1_000n,
    maxTimestamp: 1_000n,
    producerId: -1n,
    producerEpoch: -1,
    firstSequence: 0,
    records: values.map((value, offsetDelta) => ({
      length: 0,
      attributes: 0,
      timestampDelta: BigInt(offsetDelta),
      offsetDelta,
      key: null,
      value: Buffer.from(value),
      headers: [[Buffer.from("at"), Buffer.from("x")]],
    })),
    ...more,
  };
}

function transactional(firstOffset: bigint, producerId: bigint, ...values: readonly string[]): Batch {
  return batch(firstOffset, values, { attributes: 0x10, producerId });
}

function marker(firstOffset: bigint, producerId: bigint, kind: "abort" | "commit"): Batch {
  const key = Buffer.from([0, 0, 0, kind === "abort" ? 0 : 1]);
  const [record] = batch(firstOffset, [""]).records;
  return batch(firstOffset, [""], {
    attributes: 0x30,
    producerId,
    records: record === undefined ? [] : [{ ...record, key }],
  });
}

function read(records: Batch[], from: bigint, aborted: readonly (readonly [bigint, bigint])[] = []) {
  const abortedTransactions = aborted.map(([producerId, firstOffset]) => ({ producerId, firstOffset }));
  const result = committedRecords({ records, abortedTransactions }, from);
  return { values: result.records.map(({ value }) => String(value)), next: result.next };
}

describe("the committed records of a response", () => {
  test("have their offsets, times and headers", () => {
    const { records } = committedRecords(
      { records: [batch(10n, ["a", "b"])], abortedTransactions: null },
      10n,
    );
    expect(records[1]).toMatchObject({ offset: 11n, timestamp: 1_001n, headers: [["at", Buffer.from("x")]] });
  });

  test("begin at the offset that was asked for, though whole batches come", () => {
    expect(read([batch(10n, ["a", "b", "c"])], 11n)).toEqual({ values: ["b", "c"], next: 13n });
  });

  test("are without control batches, and the next offset is behind them", () => {
    expect(read([transactional(0n, 7n, "a"), marker(1n, 7n, "commit")], 0n)).toEqual({
      values: ["a"],
      next: 2n,
    });
  });

  test("are without two aborted transactions of one producer", () => {
    const batches = [
      transactional(0n, 7n, "aborted"),
      marker(1n, 7n, "abort"),
      transactional(2n, 7n, "committed"),
      marker(3n, 7n, "commit"),
      transactional(4n, 7n, "aborted too"),
      marker(5n, 7n, "abort"),
    ];
    const aborted = [
      [7n, 0n],
      [7n, 4n],
    ] as const;
    expect(read(batches, 0n, aborted)).toEqual({ values: ["committed"], next: 6n });
    expect(read(batches, 0n, aborted.toReversed())).toEqual({ values: ["committed"], next: 6n });
  });

  test("are without an aborted transaction whose end is in a later response", () => {
    expect(read([transactional(0n, 7n, "aborted")], 0n, [[7n, 0n]])).toEqual({ values: [], next: 1n });
  });

  test("keep what other producers committed in between", () => {
    const batches = [
      transactional(0n, 7n, "aborted"),
      transactional(1n, 8n, "committed"),
      batch(2n, ["plain"]),
      marker(3n, 7n, "abort"),
    ];
    expect(read(batches, 0n, [[7n, 0n]]).values).toEqual(["committed", "plain"]);
  });

  test("none leaves the offset where it was", () => {
    expect(read([], 5n)).toEqual({ values: [], next: 5n });
  });
});

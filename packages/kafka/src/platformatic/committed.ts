import type { fetchV13, RecordsBatch } from "@platformatic/kafka";
import type { KafkaRecord } from "../record.ts";

type FetchResponse = Awaited<ReturnType<typeof fetchV13.api.async>>;

/** What a response has of one partition. */
export type FetchedPartition = FetchResponse["responses"][number]["partitions"][number];

const isTransactional = 0x10;
const isControl = 0x20;
const abortMarker = 0;

/**
 * The committed records of a response, from an offset on. The broker sends whole batches, so also records below the offset;
 * and up to the last stable offset, so also those of aborted transactions, with a list of them.
 *
 * Here it is done as Kafka's own consumer does. `fetch` of `@platformatic/kafka` 2.12.1 keeps one range for each producer, from
 * the start of its last aborted transaction to the last mark of an abort: it lets records of the earlier ones through, and
 * if a later transaction was aborted before it had a record, it loses committed ones in between.
 */
export function committedRecords(
  { records, abortedTransactions }: Pick<FetchedPartition, "records" | "abortedTransactions">,
  from: bigint,
): { readonly records: readonly KafkaRecord[]; readonly next: bigint } {
  const aborted = [...(abortedTransactions ?? [])].toSorted((one, other) =>
    Number(one.firstOffset - other.firstOffset),
  );
  const aborting = new Set<bigint>();
  const committed: KafkaRecord[] = [];
  let next = from;
  for (const batch of records ?? []) {
    const last = batch.firstOffset + BigInt(batch.lastOffsetDelta);
    if (last >= next) next = last + 1n;
    while (aborted[0] !== undefined && aborted[0].firstOffset <= last) {
      aborting.add(aborted[0].producerId);
      aborted.shift();
    }
    if ((batch.attributes & isControl) !== 0) {
      if (batch.records[0]?.key?.readInt16BE(2) === abortMarker) aborting.delete(batch.producerId);
      continue;
    }
    if ((batch.attributes & isTransactional) !== 0 && aborting.has(batch.producerId)) continue;
    committed.push(...recordsOf(batch).filter(({ offset }) => offset >= from));
  }
  return { records: committed, next };
}

function recordsOf({ firstOffset, firstTimestamp, records }: RecordsBatch): readonly KafkaRecord[] {
  return records.map(({ offsetDelta, timestampDelta, key, value, headers }) => ({
    offset: firstOffset + BigInt(offsetDelta),
    timestamp: firstTimestamp + timestampDelta,
    key,
    value,
    headers: headers.map(([name, bytes]) => [name?.toString() ?? "", bytes]),
  }));
}

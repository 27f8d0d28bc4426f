import type { RecordBatch } from "../group.ts";
import type { TopicPartition } from "../record.ts";
import type { ClientOptions } from "./client-options.ts";
import { Fetcher } from "./fetcher.ts";
import { patiently } from "./patience.ts";

export interface ReadOptions {
  /** Ends the reading, which then rejects with the signal's reason. */
  readonly signal: AbortSignal;
  /** How long a fetch waits for records. */
  readonly maxWaitMs: number;
  /** How many bytes a fetch returns. */
  readonly maxBytes: number;
}

/**
 * Reads a partition's committed records, outside of any group. It has a connection of its own: a fetch that waits for records
 * holds up whatever else goes over its connection.
 */
export async function* readPartition(
  client: ClientOptions,
  partition: TopicPartition,
  from: bigint | "earliest" | "latest",
  { signal, maxWaitMs, maxBytes }: ReadOptions,
): AsyncGenerator<RecordBatch> {
  signal.throwIfAborted();
  const fetcher = new Fetcher(client, partition, { maxWaitMs, maxBytes });
  try {
    let next = typeof from === "bigint" ? from : await patiently(() => fetcher.edge(from), signal);
    for (;;) {
      const at = next;
      const batch = await patiently(() => fetcher.fetch(at), signal);
      next = batch.next;
      yield batch;
    }
  } finally {
    await fetcher.close();
  }
}

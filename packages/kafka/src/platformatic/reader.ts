import { setTimeout as sleep } from "node:timers/promises";
import type { RecordBatch } from "../group.ts";
import type { TopicPartition } from "../record.ts";
import { isRetryable } from "./failures.ts";
import { Fetcher } from "./fetcher.ts";
import type { ClientOptions } from "./group.ts";

export interface ReadOptions {
  /** Ends the reading, which then rejects with the signal's reason. */
  readonly signal: AbortSignal;
  /** How long a fetch waits for records. */
  readonly maxWaitMs: number;
  /** How many bytes a fetch returns. */
  readonly maxBytes: number;
}

/** How long brokers may be out of reach before the reading rejects. */
const patienceMs = 60_000;
const pauseMs = 500;

/**
 * Reads a partition's committed records, beside any group, by a connection of its own: the client keeps one fetch session for a broker, which
 * two fetches at once would break.
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

/** Tries again while the brokers are out of reach, for a minute; ends with the signal's reason. */
async function patiently<T>(request: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const end = performance.now() + patienceMs;
  for (;;) {
    // Before the request: nobody would hear how one ends whose connection is closed at once.
    signal.throwIfAborted();
    try {
      return await abortable(request(), signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isRetryable(error) || performance.now() > end) throw error;
    }
    await sleep(pauseMs, undefined, { signal });
  }
}

/** The client's calls take no signal: what comes after it has fired is nobody's any more. */
async function abortable<T>(request: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => {
    aborted.reject(signal.reason);
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([request, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

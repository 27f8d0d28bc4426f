import { Consumer, fetchV13, ListOffsetTimestamps } from "@platformatic/kafka";
import { KafkaError } from "../errors.ts";
import type { RecordBatch } from "../group.ts";
import type { TopicPartition } from "../record.ts";
import { closeQuietly } from "./closing.ts";
import { committedRecords, type FetchedPartition } from "./committed.ts";
import { baseOptions } from "./base-options.ts";
import type { ClientOptions } from "./client-options.ts";
import { connectionTo } from "./connection.ts";
import { hasCode } from "./failures.ts";

const readCommitted = 1;
const noSession = { id: 0, epoch: -1 };

/** Fetches one partition from the broker that leads it, outside of any group. */
export class Fetcher {
  readonly #partition: TopicPartition;
  readonly #consumer: Consumer;
  readonly #maxWaitMs: number;
  readonly #maxBytes: number;

  constructor(
    client: ClientOptions,
    partition: TopicPartition,
    { maxWaitMs, maxBytes }: { readonly maxWaitMs: number; readonly maxBytes: number },
  ) {
    this.#partition = partition;
    this.#maxWaitMs = maxWaitMs;
    this.#maxBytes = maxBytes;
    // The group is never joined.
    this.#consumer = new Consumer({ ...baseOptions(client), groupId: "state-fetch", autocommit: false });
    this.#consumer.topics.track(partition.topic);
  }

  /** The first offset that is there, or the one after the last. */
  async edge(edge: "earliest" | "latest"): Promise<bigint> {
    const { topic, partition } = this.#partition;
    const offsets = await this.#consumer.listOffsets({
      topics: [topic],
      partitions: { [topic]: [partition] },
      timestamp: edge === "earliest" ? ListOffsetTimestamps.EARLIEST : ListOffsetTimestamps.LATEST,
      isolationLevel: readCommitted,
    });
    const offset = offsets.get(topic)?.[partition];
    if (offset === undefined || offset < 0n)
      throw new Error(`the broker names no ${edge} offset of ${topic}/p=${partition}`);
    return offset;
  }

  async fetch(next: bigint): Promise<RecordBatch> {
    const response = await this.#fetch(next);
    if (response === undefined) throw new Error("the broker's response lacks the partition");
    const batch = committedRecords(response, next);
    return { ...batch, end: response.lastStableOffset };
  }

  /** Never rejects. */
  async close(): Promise<void> {
    await closeQuietly(this.#consumer);
  }

  async #fetch(next: bigint): Promise<FetchedPartition | undefined> {
    const { topic, partition } = this.#partition;
    const metadata = await this.#consumer.metadata({ topics: [topic] });
    const described = metadata.topics.get(topic);
    const leader = described?.partitions[partition]?.leader;
    if (described === undefined || leader === undefined)
      throw new Error(`the brokers know no ${topic}/p=${partition}`);
    const partitions = [
      {
        partition,
        fetchOffset: next,
        partitionMaxBytes: this.#maxBytes,
        currentLeaderEpoch: -1,
        lastFetchedEpoch: -1,
      },
    ];
    try {
      const connection = await connectionTo(this.#consumer, leader);
      // Not the client's own `fetch`: see committed.ts. Without a session, so that a response has what was asked for.
      const { responses } = await fetchV13.api.async(
        connection,
        this.#maxWaitMs,
        1,
        this.#maxBytes,
        readCommitted,
        noSession.id,
        noSession.epoch,
        [{ topicId: described.id, partitions }],
        [],
        "",
      );
      return responses[0]?.partitions[0];
    } catch (error) {
      if (!hasCode(error, "OFFSET_OUT_OF_RANGE")) throw error;
      throw new KafkaError("OffsetOutOfRange", this.#partition, await this.#describeRange(next), error);
    }
  }

  async #describeRange(next: bigint): Promise<string> {
    const [first, end] = [await this.edge("earliest"), await this.edge("latest")];
    const why =
      next < first
        ? "the topic's retention has deleted records that were not sealed yet"
        : "the topic was deleted and made anew, or its newest records were lost";
    return `offset ${next} is not there, the partition has ${first} to ${end}: ${why}`;
  }
}

import { type Consumer, type EachBatchPayload, Kafka, logLevel } from "kafkajs";
import { KafkaError } from "../../src/errors.ts";
import type { GroupListener, GroupMember, RecordBatch } from "../../src/group.ts";
import { partitionPrefix } from "../../src/namespaces.ts";
import { nameOf, type TopicPartition } from "../../src/record.ts";

export interface KafkaJsGroupOptions {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly sessionTimeoutMs: number;
}

/** So many batches of a partition may wait until they are asked for. */
const mostBatches = 4;

/**
 * A member of a consumer group by `kafkajs`, which pushes the records of all partitions into one callback, and tells of
 * an assignment when it has happened. Nothing waits for the partitions that were lost: the store decides.
 */
export class KafkaJsGroup implements GroupMember {
  readonly groupId: string;
  readonly #options: KafkaJsGroupOptions;
  readonly #kafka: Kafka;
  readonly #consumer: Consumer;
  readonly #readings = new Map<string, Reading>();

  constructor(options: KafkaJsGroupOptions) {
    for (const topic of options.topics) partitionPrefix(options.groupId, { topic, partition: 0 });
    this.#options = options;
    this.groupId = options.groupId;
    this.#kafka = new Kafka({
      brokers: [...options.brokers],
      clientId: options.clientId,
      logLevel: logLevel.NOTHING,
    });
    this.#consumer = this.#kafka.consumer({
      groupId: options.groupId,
      sessionTimeout: options.sessionTimeoutMs,
      heartbeatInterval: Math.ceil(options.sessionTimeoutMs / 10),
      maxWaitTimeInMs: 100,
    });
  }

  async join(listener: GroupListener): Promise<void> {
    const consumer = this.#consumer;
    const joined = Promise.withResolvers<void>();
    consumer.on(consumer.events.GROUP_JOIN, ({ payload: { memberAssignment } }) => {
      const partitions = Object.entries(memberAssignment).flatMap(([topic, numbers]) =>
        numbers.map((partition): TopicPartition => ({ topic, partition })),
      );
      // Nothing is fetched before it is known from where.
      for (const partition of partitions)
        if (!this.#readings.has(nameOf(partition))) consumer.pause(selected(partition));
      void listener.assigned(partitions);
      joined.resolve();
    });
    consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
      if (!restart) listener.failed(error);
    });
    await consumer.connect();
    await consumer.subscribe({ topics: [...this.#options.topics], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: (payload) => this.#take(payload),
    });
    await joined.promise;
  }

  async *read(
    partition: TopicPartition,
    from: bigint | "earliest" | "latest",
    { signal }: { readonly signal: AbortSignal },
  ): AsyncGenerator<RecordBatch> {
    signal.throwIfAborted();
    const start = await this.#start(partition, from);
    signal.throwIfAborted();
    const reading = new Reading(start);
    this.#readings.set(nameOf(partition), reading);
    this.#consumer.seek({ ...partition, offset: String(start) });
    this.#consumer.resume(selected(partition));
    try {
      for (;;) {
        yield await reading.take(signal);
        if (!reading.isFull) this.#consumer.resume(selected(partition));
      }
    } finally {
      this.#readings.delete(nameOf(partition));
      this.#consumer.pause(selected(partition));
    }
  }

  async commit({ topic, partition }: TopicPartition, next: bigint): Promise<void> {
    await this.#consumer.commitOffsets([{ topic, partition, offset: String(next) }]);
  }

  async leave(): Promise<void> {
    await this.#consumer.disconnect();
  }

  async #take(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const reading = this.#readings.get(nameOf(batch));
    if (reading === undefined) {
      payload.pause();
      return;
    }
    // It was fetched before the seek.
    if (payload.isStale()) return;
    const records = batch.messages.map(({ offset, timestamp, key, value }) => ({
      offset: BigInt(offset),
      timestamp: BigInt(timestamp),
      key,
      value,
      headers: [],
    }));
    const next = BigInt(batch.lastOffset()) + 1n;
    reading.put({
      records: records.filter(({ offset }) => offset >= reading.next),
      next,
      end: BigInt(batch.highWatermark),
    });
    payload.resolveOffset(batch.lastOffset());
    if (reading.isFull) payload.pause();
    await payload.heartbeat();
  }

  /** kafkajs would begin elsewhere if the offset is not there, and say nothing. */
  async #start(partition: TopicPartition, from: bigint | "earliest" | "latest"): Promise<bigint> {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      const offsets = await admin.fetchTopicOffsets(partition.topic);
      const found = offsets.find((each) => each.partition === partition.partition);
      if (found === undefined) throw new Error(`the brokers know no ${nameOf(partition)}`);
      const [low, high] = [BigInt(found.low), BigInt(found.high)];
      if (from === "earliest") return low;
      if (from === "latest") return high;
      if (from >= low && from <= high) return from;
      throw new KafkaError(
        "OffsetOutOfRange",
        partition,
        `offset ${from} is not there, the partition has ${low} to ${high}`,
      );
    } finally {
      await admin.disconnect();
    }
  }
}

/** The batches of one partition on their way from the callback to the loop that reads them. */
class Reading {
  next: bigint;
  readonly #batches: RecordBatch[] = [];
  #wake: (() => void) | undefined;

  constructor(next: bigint) {
    this.next = next;
  }

  get isFull(): boolean {
    return this.#batches.length >= mostBatches;
  }

  put(batch: RecordBatch): void {
    this.#batches.push(batch);
    this.next = batch.next;
    this.#wake?.();
  }

  /** Rejects with the signal's reason. */
  async take(signal: AbortSignal): Promise<RecordBatch> {
    for (;;) {
      signal.throwIfAborted();
      const batch = this.#batches.shift();
      if (batch !== undefined) return batch;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }
}

function selected({ topic, partition }: TopicPartition): { topic: string; partitions: number[] }[] {
  return [{ topic, partitions: [partition] }];
}

import type { GroupListener, GroupMember, RecordBatch } from "../../src/group.ts";
import { KafkaError } from "../../src/errors.ts";
import { type KafkaRecord, nameOf, type TopicPartition } from "../../src/record.ts";

const encoder = new TextEncoder();

/** A topic in memory, and a group whose assignments the test decides. */
export class Log {
  readonly topic: string;
  readonly #records = new Map<number, KafkaRecord[]>();
  readonly #first = new Map<number, bigint>();
  readonly #waiting = new Set<() => void>();
  /** What members committed for display. */
  readonly committed = new Map<number, bigint>();
  /** Whom the group assigned a partition last: Kafka refuses what others commit, by their generation. */
  readonly holders = new Map<number, Member>();

  constructor(topic = "flights") {
    this.topic = topic;
  }

  partition(partition: number): TopicPartition {
    return { topic: this.topic, partition };
  }

  append(partition: number, ...values: readonly string[]): void {
    const records = this.#of(partition);
    for (const value of values)
      records.push({
        offset: BigInt(records.length),
        timestamp: 0n,
        key: null,
        value: encoder.encode(value),
        headers: [],
      });
    for (const wake of this.#waiting) wake();
  }

  /** Deletes records as a topic's retention does. */
  deleteBefore(partition: number, offset: bigint): void {
    this.#first.set(partition, offset);
  }

  async *read(
    { partition, topic }: TopicPartition,
    from: bigint | "earliest" | "latest",
    { signal }: { readonly signal: AbortSignal },
  ): AsyncIterable<RecordBatch> {
    const records = this.#of(partition);
    const first = this.#first.get(partition) ?? 0n;
    let next = from === "earliest" ? first : from === "latest" ? BigInt(records.length) : from;
    if (next < first || next > BigInt(records.length))
      throw new KafkaError("OffsetOutOfRange", { topic, partition }, `offset ${next} is not there`);
    for (;;) {
      signal.throwIfAborted();
      const batch = records.slice(Number(next), Number(next) + 2);
      if (batch.length > 0) {
        next += BigInt(batch.length);
        yield { records: batch, next, end: BigInt(records.length) };
        continue;
      }
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        this.#waiting.add(wake);
        signal.addEventListener("abort", wake, { once: true });
      });
    }
  }

  #of(partition: number): KafkaRecord[] {
    let records = this.#records.get(partition);
    if (records === undefined) this.#records.set(partition, (records = []));
    return records;
  }
}

/** A member that the test assigns to, and that knows only what it was told. */
export class Member implements GroupMember {
  readonly groupId: string;
  readonly #log: Log;
  #listener: GroupListener | undefined;
  #assigned: readonly TopicPartition[] = [];
  hasLeft = false;

  constructor(log: Log, groupId = "delays") {
    this.#log = log;
    this.groupId = groupId;
  }

  async join(listener: GroupListener): Promise<void> {
    this.#listener = listener;
    await listener.assigned(this.#assigned);
  }

  /** Resolves when what it had and has no more is sealed or given up. */
  async assign(...partitions: readonly number[]): Promise<void> {
    this.#assigned = partitions.map((partition) => this.#log.partition(partition));
    for (const partition of partitions) this.#log.holders.set(partition, this);
    await this.#listener?.assigned(this.#assigned);
  }

  fail(error: unknown): void {
    this.#listener?.failed(error);
  }

  read(...args: Parameters<GroupMember["read"]>): AsyncIterable<RecordBatch> {
    return this.#log.read(...args);
  }

  async commit(partition: TopicPartition, next: bigint): Promise<void> {
    if (this.#log.holders.get(partition.partition) !== this)
      throw new Error(`${nameOf(partition)} is another member's`);
    this.#log.committed.set(partition.partition, next);
  }

  async leave(): Promise<void> {
    this.hasLeft = true;
  }
}

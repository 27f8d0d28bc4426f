import type { KafkaRecord, TopicPartition } from "./record.ts";

/**
 * What a job needs of a client of Kafka, or of another log that assigns partitions. `@state/kafka/platformatic` has one
 * for `@platformatic/kafka`.
 *
 * The group only says who should work on which partition. It may be wrong or late: two members may hold a partition at
 * once for a while. The store decides which of them can seal.
 */
export interface GroupMember {
  /** Part of the namespaces' paths. */
  readonly groupId: string;

  /** Joins the group; resolves when the first assignment was told. */
  join(listener: GroupListener): Promise<void>;

  /**
   * Reads a partition from an offset on, until the signal aborts: then it ends or rejects with the signal's reason. A batch
   * is read when it is asked for, or a few before. Only committed records come.
   *
   * @throws `OffsetOutOfRange` if the records from `from` on are not there any more, or not yet
   */
  read(
    partition: TopicPartition,
    from: bigint | "earliest" | "latest",
    options: { readonly signal: AbortSignal },
  ): AsyncIterable<RecordBatch>;

  /** Commits the next offset to Kafka, where lag displays read it. The job itself never reads it. */
  commit(partition: TopicPartition, next: bigint): Promise<void>;

  /** Leaves the group, so that the others need not wait for the session time-out. */
  leave(): Promise<void>;
}

/** What a member of the group is told. */
export interface GroupListener {
  /**
   * All partitions that this member has from now on, not the change. Resolves when those that it had and has no more are
   * sealed or given up, within the job's `stopWithinMs`. A client that can delay the group's next step waits for it, so that
   * nothing need be processed again; a client that cannot does not.
   */
  assigned(partitions: readonly TopicPartition[]): Promise<void>;
  /** The membership has ended, and the client does not join again by itself. */
  failed(error: unknown): void;
}

export interface RecordBatch {
  /** May be empty, when a transaction was aborted, or nothing came for a while. */
  readonly records: readonly KafkaRecord[];
  /** The offset to go on from: above that of the last record. */
  readonly next: bigint;
  /** The offset after the newest record that can be read: `end - next` is the lag. */
  readonly end: bigint;
}

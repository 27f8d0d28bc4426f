/** A partition of a topic. */
export interface TopicPartition {
  readonly topic: string;
  /** From 0. */
  readonly partition: number;
}

/** A record as it was read. */
export interface KafkaRecord {
  readonly offset: bigint;
  /** Milliseconds since 1970. */
  readonly timestamp: bigint;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** In the order in which they were sent; a name may come twice. */
  readonly headers: readonly (readonly [string, Uint8Array | null])[];
}

/** A record that a task emits. It becomes visible after the epoch is sealed, and not before. */
export interface OutputRecord {
  readonly topic: string;
  /** Left out: the output's client chooses it, by the key. */
  readonly partition?: number | undefined;
  readonly key?: Uint8Array | undefined;
  readonly value?: Uint8Array | undefined;
  readonly headers?: readonly (readonly [string, Uint8Array])[] | undefined;
}

/** Names a partition in messages: `flights/p=3`. */
export function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/p=${partition}`;
}

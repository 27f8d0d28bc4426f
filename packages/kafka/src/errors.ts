import type { TopicPartition } from "./record.ts";
import { nameOf } from "./record.ts";

/**
 * Why a partition does not go on.
 *
 * | code | meaning |
 * | --- | --- |
 * | `OffsetOutOfRange` | the log has not the records that follow the sealed state: they were deleted, or the topic is another |
 * | `LimitExceeded` | state or outputs are larger than the job allows |
 * | `OutputAhead` | the output has released an epoch that the store does not have |
 * | `OutputFenced` | another member has taken over the output |
 */
export type KafkaErrorCode = "OffsetOutOfRange" | "LimitExceeded" | "OutputAhead" | "OutputFenced";

const brand = Symbol.for("@state/kafka/KafkaError");

/** An error of one partition. The job goes on with the others, and tries this one again. */
export class KafkaError extends Error {
  readonly code: KafkaErrorCode;
  readonly topic: string;
  readonly partition: number;

  constructor(code: KafkaErrorCode, partition: TopicPartition, message: string, cause?: unknown) {
    super(`${nameOf(partition)}: ${message}`, cause === undefined ? undefined : { cause });
    this.name = "KafkaError";
    this.code = code;
    this.topic = partition.topic;
    this.partition = partition.partition;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** Recognises a `KafkaError` by its brand, so also one from another copy of this package. */
export function isKafkaError(value: unknown): value is KafkaError {
  return typeof value === "object" && value !== null && brand in value;
}

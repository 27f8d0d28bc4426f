export { offsetAttachment, outputsAttachment } from "./attachments.ts";
export type { Clock } from "./clock.ts";
export { isKafkaError, KafkaError, type KafkaErrorCode } from "./errors.ts";
export type {
  FailedEvent,
  JobEvent,
  PrunedEvent,
  ReleasedEvent,
  RestoredEvent,
  SealedEvent,
  StoppedEvent,
} from "./events.ts";
export type { GroupListener, GroupMember, RecordBatch } from "./group.ts";
export type { PartitionHealth } from "./health.ts";
export { KafkaJob } from "./job.ts";
export { partitionPrefix } from "./namespaces.ts";
export type { CheckpointOptions, KafkaJobOptions, LimitOptions } from "./options.ts";
export type { Output, OutputContext, PartitionOutput, SealedOutputs } from "./output.ts";
export { PartitionReader, type PartitionReaderOptions, type PartitionSnapshot } from "./partition-reader.ts";
export type { KafkaRecord, OutputRecord, TopicPartition } from "./record.ts";
export type { Capture, PartitionTask } from "./task.ts";
export {
  TransactionalOutput,
  type TransactionalOutputOptions,
  type TransactionalProducer,
} from "./transactional-output.ts";

import type { PruneReport } from "@state/core";
import type { TopicPartition } from "./record.ts";

/** What happens to the partitions of this member. Times in milliseconds. */
export type JobEvent =
  | { readonly type: "assigned"; readonly partitions: readonly TopicPartition[] }
  | RestoredEvent
  | SealedEvent
  | ReleasedEvent
  | FailedEvent
  | StoppedEvent
  | PrunedEvent
  | { readonly type: "offset-not-committed"; readonly partition: TopicPartition; readonly error: unknown }
  /** A task, an output or the backend failed to close, or took too long. Nothing depends on it. */
  | { readonly type: "not-closed"; readonly partition: TopicPartition; readonly error: unknown };

/** The partition is taken over, and its state is as it was sealed. */
export interface RestoredEvent {
  readonly type: "restored";
  readonly partition: TopicPartition;
  /** The version that was claimed; 0 with `restoreOnly`. */
  readonly version: number;
  /** The epoch that was restored; `undefined` if none was ever sealed. */
  readonly epoch: number | undefined;
  /** Where the input goes on; `undefined` at the job's `from`. */
  readonly next: bigint | undefined;
  readonly durationMs: number;
}

export interface SealedEvent {
  readonly type: "sealed";
  readonly partition: TopicPartition;
  readonly epoch: number;
  readonly next: bigint;
  /** Records that were processed since the epoch before. */
  readonly records: number;
  /** What was captured, as it is stored. */
  readonly bytes: number;
  /** Records that the epoch lets out. */
  readonly outputs: number;
  /** How long `capture` took, during which the partition waited. */
  readonly captureMs: number;
  /** From the capture to the seal. */
  readonly durationMs: number;
}

/** The outputs of an epoch are visible. */
export interface ReleasedEvent {
  readonly type: "released";
  readonly partition: TopicPartition;
  readonly epoch: number;
  readonly durationMs: number;
}

/** The partition begins again from its newest sealed epoch, after a wait. */
export interface FailedEvent {
  readonly type: "failed";
  readonly partition: TopicPartition;
  readonly error: unknown;
  /** In a row: 1 is the first. */
  readonly failures: number;
  readonly retryInMs: number;
}

export interface StoppedEvent {
  readonly type: "stopped";
  readonly partition: TopicPartition;
  /**
   * `sealed`: nothing that was processed is lost to the successor. `abandoned`: it processes again what was not sealed, which
   * `error` says why.
   */
  readonly outcome: "sealed" | "abandoned";
  readonly error?: unknown;
}

export interface PrunedEvent {
  readonly type: "pruned";
  readonly partition: TopicPartition;
  /** Absent if the prune failed: `error` says why, and a later epoch starts another. */
  readonly report?: PruneReport | undefined;
  readonly error?: unknown;
}

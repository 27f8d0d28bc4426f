import type { TopicPartition } from "./record.ts";

/** What is asked of a partition at 3 a.m. */
export interface PartitionHealth extends TopicPartition {
  /**
   * - `opening`: it waits for its turn, is taken over, or restores;
   * - `running`: it processes and seals;
   * - `waiting`: it has failed, and begins again later;
   * - `stopping`: it was taken away, or the job ends: it seals what it has.
   */
  readonly state: "opening" | "running" | "waiting" | "stopping";
  /** The version that this member has claimed. */
  readonly version?: number | undefined;
  /** The newest sealed epoch. */
  readonly epoch?: number | undefined;
  /** The next offset to process. */
  readonly next?: bigint | undefined;
  /** The next offset of the newest sealed epoch: where a successor would go on. */
  readonly sealedNext?: bigint | undefined;
  /** Records that are there and not processed yet, as of the last batch. */
  readonly lag?: bigint | undefined;
  /** Records that would be processed again after a crash now. */
  readonly unsealed?: bigint | undefined;
  /** How long the oldest of them waits for its seal. */
  readonly dirtyForMs?: number | undefined;
  /** Failures since the last seal. */
  readonly failures: number;
  /** Of the last failure. */
  readonly error?: unknown;
}

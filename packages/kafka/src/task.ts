import type { SealedEpoch } from "@state/core";
import type { KafkaRecord, OutputRecord } from "./record.ts";

/** The state of one partition, and what is done with its records. */
export interface PartitionTask {
  /**
   * Takes up the state of an epoch, or begins empty. Called once, before anything else. Whatever an earlier task of this
   * partition left on this machine is not to be read: the epoch is the truth.
   */
  restore(base: SealedEpoch | undefined): void | Promise<void>;

  /**
   * Takes records into the state, and emits what follows from them. They come in the order of their offsets, each once. A
   * long batch gives way to other partitions only where this awaits.
   */
  process(records: readonly KafkaRecord[], emit: (record: OutputRecord) => void): void | Promise<void>;

  /**
   * Takes hold of the state as it is now: what it returns does not change when further records are processed. Called between
   * two batches; until it resolves this partition waits, other partitions do not. Writing comes after, beside the next
   * batches.
   *
   * Each capture goes on from the one before. If one cannot be sealed, then this task is closed, and another one restores.
   */
  capture(): Capture | Promise<Capture>;

  /** Frees what the task holds. Nothing is called afterwards. */
  close?(): void | Promise<void>;
}

/** Vnodes that it does not name stay as they are in the newest sealed epoch. */
export interface Capture {
  /** The vnodes that have changed: bytes, or a stream of any size. */
  readonly vnodes: ReadonlyMap<number, Uint8Array | AsyncIterable<Uint8Array>>;
  /** Vnodes to leave out from now on. */
  readonly dropped?: readonly number[] | undefined;
}

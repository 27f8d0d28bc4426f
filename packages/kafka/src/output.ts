import type { OutputRecord, TopicPartition } from "./record.ts";

/** Where records go that tasks emit: a topic, files, a table. */
export interface Output {
  /**
   * Called after the partition was taken over, when no other member can seal any more, but one that did may still be
   * releasing. Shuts it out, and then releases `base` unless that has happened.
   *
   * @param context.base the newest sealed epoch of the partition; `undefined` if there is none
   */
  open(context: OutputContext): Promise<PartitionOutput>;
}

export interface OutputContext {
  readonly partition: TopicPartition;
  readonly groupId: string;
  readonly base: SealedOutputs | undefined;
  readonly signal: AbortSignal;
}

export interface PartitionOutput {
  /** Makes a sealed epoch's records visible; resolves when they are. The next epoch is sealed only after that. */
  release(outputs: SealedOutputs, options: { readonly signal: AbortSignal }): Promise<void>;

  close(): Promise<void>;
}

/** What a sealed epoch lets out. */
export interface SealedOutputs {
  readonly epoch: number;
  /** Of the process that sealed it: tells two epochs of one number apart, if a namespace was made anew. */
  readonly incarnation: string;
  /** The next offset of the input. */
  readonly next: bigint;
  /** Every process that releases this epoch gets the same ones, in the same order. */
  readonly records: readonly OutputRecord[];
}

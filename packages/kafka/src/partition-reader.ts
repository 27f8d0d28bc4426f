import { type Codec, type ObjectStore, ObjectStoreBackend, type SealedEpoch } from "@state/core";
import type { TopicPartition } from "./record.ts";
import { readBase } from "./opened.ts";

export interface PartitionReaderOptions {
  readonly partition: TopicPartition;
  /** The partition's own, as the job has it. */
  readonly store: ObjectStore;
  /** Names this reader in messages. */
  readonly instanceId: string;
  readonly codecs?: readonly Codec[] | undefined;
}

/** A partition's state as it was at one offset. */
export interface PartitionSnapshot {
  readonly sealed: SealedEpoch;
  /** Every record below it is in the state, and none from it on. */
  readonly next: bigint;
}

/** Reads a partition's state beside the job: it is no member of the group, claims nothing and writes nothing. */
export class PartitionReader {
  readonly #options: PartitionReaderOptions;
  readonly #backend: ObjectStoreBackend;
  #newest: PartitionSnapshot | undefined;

  private constructor(options: PartitionReaderOptions, backend: ObjectStoreBackend) {
    this.#options = options;
    this.#backend = backend;
  }

  static async open(options: PartitionReaderOptions): Promise<PartitionReader> {
    const { store, instanceId, codecs } = options;
    const backend = await ObjectStoreBackend.open({ store, instanceId, codecs, readOnly: true });
    return new PartitionReader(options, backend);
  }

  /**
   * The newest sealed epoch; `undefined` if there is none. The same object as before if nothing was sealed since: whoever
   * keeps state in memory compares, and reads it again only then.
   */
  async newest(
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<PartitionSnapshot | undefined> {
    const sealed = await this.#backend.latest(options);
    if (sealed === undefined) return undefined;
    if (sealed.epoch === this.#newest?.sealed.epoch) return this.#newest;
    const { next } = await readBase(sealed, this.#options.partition, options.signal);
    this.#newest = { sealed, next };
    return this.#newest;
  }

  async close(): Promise<void> {
    await this.#backend.close();
  }
}

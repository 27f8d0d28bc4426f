import type { JobSettings } from "./options.ts";
import type { TopicPartition } from "./record.ts";

/**
 * Commits a partition's next offset to Kafka, where lag displays read it. Nothing depends on it, or waits for it: one commit
 * at a time is under way, and the next one is of the newest offset.
 */
export class OffsetDisplay {
  readonly #settings: Pick<JobSettings, "group" | "onEvent">;
  readonly #partition: TopicPartition;
  #next: bigint | undefined;
  #isCommitting = false;
  #ended: Promise<void> = Promise.resolve();

  constructor(settings: Pick<JobSettings, "group" | "onEvent">, partition: TopicPartition) {
    this.#settings = settings;
    this.#partition = partition;
  }

  show(next: bigint): void {
    this.#next = next;
    if (!this.#isCommitting) this.#ended = this.#commit();
  }

  /** Resolves when no commit is under way: the client may be closed then. */
  close(): Promise<void> {
    return this.#ended;
  }

  async #commit(): Promise<void> {
    const { group, onEvent } = this.#settings;
    this.#isCommitting = true;
    while (this.#next !== undefined) {
      const next = this.#next;
      this.#next = undefined;
      try {
        await group.commit(this.#partition, next);
      } catch (error) {
        onEvent({ type: "offset-not-committed", partition: this.#partition, error });
      }
    }
    this.#isCommitting = false;
  }
}

import type { EventSink } from "./events.ts";
import type { PruneReport } from "./state-backend.ts";

export interface RetentionOptions {
  /** How many seals a prune keeps: 1 or more. */
  readonly keep: number;
}

/**
 * Prunes beside the job: after the first epoch that is completed, since nobody knows what an earlier life left, then after
 * every `keep / 2` epochs, rounded up. So the store holds about one and a half times `keep` seals, and a prune costs about
 * five requests for each epoch. If a prune failed, the next epoch that is completed starts another.
 */
export class Retention {
  readonly #interval: number;
  readonly #prune: () => Promise<PruneReport>;
  readonly #emit: EventSink;
  /** Epochs that were completed and started no prune. */
  #completed: number;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor({ keep }: RetentionOptions, prune: () => Promise<PruneReport>, emit: EventSink) {
    this.#interval = Math.ceil(keep / 2);
    this.#completed = this.#interval - 1;
    this.#prune = prune;
    this.#emit = emit;
  }

  /** Counts an epoch, and starts a prune if one is due. Returns at once. */
  epochCompleted(): void {
    this.#completed += 1;
    this.#startIfDue();
  }

  /** Starts no more prunes, and waits for the one that is running. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  #startIfDue(): void {
    if (this.#closed || this.#completed < this.#interval) return;
    // rule: one-automatic-prune-at-a-time
    if (this.#running !== undefined) return;
    this.#completed = 0;
    this.#running = this.#run();
  }

  async #run(): Promise<void> {
    try {
      const report = await this.#prune();
      this.#emit?.({ type: "retention", outcome: "pruned", report });
    } catch (error) {
      // rule: failed-automatic-prune-is-tried-again
      this.#completed = Math.max(this.#completed, this.#interval - 1);
      // rule: failed-automatic-prune-is-an-event
      this.#emit?.({ type: "retention", outcome: "failed", error });
    }
    this.#running = undefined;
    this.#startIfDue();
  }
}

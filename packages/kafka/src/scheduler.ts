import type { Clock } from "./clock.ts";

/** What the scheduler sees of a partition. */
export interface Checkpointed {
  /** When the oldest record was processed that is not sealed; `undefined` if all are. */
  readonly dirtySince: number | undefined;
  /** Whether it waits for a seal, and must not wait for `everyMs`. */
  readonly urgent: boolean;
  /** Seals it. Never rejects: a failure is the partition's own business. */
  checkpoint(): Promise<void>;
}

interface SchedulerOptions {
  readonly slots: number;
  readonly everyMs: number;
  readonly clock: Clock;
}

/**
 * Decides which partitions are opened and sealed when, so many at once as there are slots. Of those that are due the one
 * that is dirty for the longest time comes first.
 */
export class Scheduler {
  readonly #slots: number;
  readonly #everyMs: number;
  readonly #clock: Clock;
  readonly #partitions = new Set<Checkpointed>();
  readonly #sealing = new Set<Checkpointed>();
  readonly #openings: (() => Promise<void>)[] = [];
  #opening = 0;
  /** Everything that became dirty up to this time is due. */
  #flushedAt = -Infinity;
  #timer = new AbortController();

  constructor({ slots, everyMs, clock }: SchedulerOptions) {
    this.#slots = slots;
    this.#everyMs = everyMs;
    this.#clock = clock;
  }

  add(partition: Checkpointed): void {
    this.#partitions.add(partition);
    this.consider();
  }

  remove(partition: Checkpointed): void {
    this.#partitions.delete(partition);
    this.consider();
  }

  /** Makes everything due that is dirty now. */
  flush(): void {
    this.#flushedAt = this.#clock.now();
    this.consider();
  }

  close(): void {
    this.#partitions.clear();
    this.#timer.abort();
  }

  /**
   * Runs the opening of a partition when there is a slot for it. Openings take half of the slots at most, so that long
   * restores do not keep the others from sealing.
   */
  open<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#openings.push(async () => {
        try {
          resolve(await work());
        } catch (error) {
          // Also what `work` throws before it returns a promise.
          reject(error);
        }
      });
      this.consider();
    });
  }

  /** Is called whenever something has changed: a partition is dirty or urgent, or a slot is free. */
  consider(): void {
    while (this.#isFree() && this.#opening < Math.ceil(this.#slots / 2)) {
      const opening = this.#openings.shift();
      if (opening === undefined) break;
      this.#opening += 1;
      void this.#runOpening(opening);
    }
    while (this.#isFree()) {
      const oldest = this.#oldestDue();
      if (oldest === undefined) break;
      this.#sealing.add(oldest);
      void this.#runCheckpoint(oldest);
    }
    this.#setTimer();
  }

  async #runOpening(opening: () => Promise<void>): Promise<void> {
    await opening();
    this.#opening -= 1;
    this.consider();
  }

  async #runCheckpoint(partition: Checkpointed): Promise<void> {
    await partition.checkpoint();
    this.#sealing.delete(partition);
    this.consider();
  }

  #isFree(): boolean {
    return this.#opening + this.#sealing.size < this.#slots;
  }

  #dueAt({ dirtySince, urgent }: Checkpointed): number {
    if (dirtySince === undefined) return Infinity;
    return urgent || dirtySince <= this.#flushedAt ? -Infinity : dirtySince + this.#everyMs;
  }

  #oldestDue(): Checkpointed | undefined {
    const now = this.#clock.now();
    let oldest: Checkpointed | undefined;
    for (const each of this.#partitions) {
      if (this.#sealing.has(each) || this.#dueAt(each) > now) continue;
      if (oldest === undefined || (each.dirtySince ?? 0) < (oldest.dirtySince ?? 0)) oldest = each;
    }
    return oldest;
  }

  /** Wakes for the partition that is due next. If no slot is free, the one that becomes free wakes. */
  #setTimer(): void {
    this.#timer.abort();
    if (!this.#isFree()) return;
    let next = Infinity;
    for (const each of this.#partitions)
      if (!this.#sealing.has(each)) next = Math.min(next, this.#dueAt(each));
    if (next === Infinity) return;
    const timer = new AbortController();
    this.#timer = timer;
    void this.#considerAfter(next - this.#clock.now(), timer.signal);
  }

  async #considerAfter(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#clock.sleep(Math.max(0, ms), signal);
    } catch {
      return; // A later timer has taken its place.
    }
    this.consider();
  }
}

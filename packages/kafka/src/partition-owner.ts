import type { PartitionHealth } from "./health.ts";
import type { JobSettings } from "./options.ts";
import { nameOf, type TopicPartition } from "./record.ts";
import type { Scheduler } from "./scheduler.ts";
import { Tenure } from "./tenure.ts";

const firstWaitMs = 500;
const longestWaitMs = 15_000;

/**
 * Holds one partition for as long as the group assigns it: tenure after tenure. If a tenure fails, whatever it was, the
 * next one begins from what is sealed, after a wait that grows.
 */
export class PartitionOwner {
  readonly partition: TopicPartition;
  readonly #settings: JobSettings;
  readonly #scheduler: Scheduler;
  readonly #stop = new AbortController();
  readonly #cutOff = new AbortController();
  readonly #ended: Promise<void>;
  #tenure: Tenure | undefined;
  #state: PartitionHealth["state"] = "opening";
  #failures = 0;
  #error: unknown;

  constructor(settings: JobSettings, scheduler: Scheduler, partition: TopicPartition, after: Promise<void>) {
    this.partition = partition;
    this.#settings = settings;
    this.#scheduler = scheduler;
    // What this member did with the partition before has to end first: two tasks of it would share files.
    this.#ended = after.then(() => this.#hold());
  }

  /** Resolves when it has stopped. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  get health(): PartitionHealth {
    return {
      ...this.partition,
      state: this.#stop.signal.aborted ? "stopping" : this.#state,
      ...this.#tenure?.health,
      failures: this.#failures,
      error: this.#error,
    };
  }

  /** Seals what there is, within `withinMs`; what takes longer is abandoned. */
  async stop(withinMs: number): Promise<void> {
    if (!this.#stop.signal.aborted) {
      this.#stop.abort(new Error(`${nameOf(this.partition)} is not held any more`));
      void this.#cutOffAfter(withinMs);
    }
    await this.#ended;
  }

  async #cutOffAfter(withinMs: number): Promise<void> {
    const ended = new AbortController();
    const bound = this.#settings.clock.sleep(withinMs, ended.signal).then(
      () => true,
      () => false,
    );
    const isLate = await Promise.race([bound, this.#ended.then(() => false)]);
    ended.abort();
    if (isLate)
      this.#cutOff.abort(new Error(`${nameOf(this.partition)} was not sealed within ${withinMs} ms`));
  }

  async #hold(): Promise<void> {
    const stop = this.#stop.signal;
    while (!stop.aborted) {
      try {
        await this.#holdOnce();
        return;
      } catch (error) {
        if (stop.aborted) {
          this.#reportEnd(error);
          return;
        }
        await this.#waitAfter(error);
      }
    }
    this.#report({ type: "stopped", partition: this.partition, outcome: "sealed" });
  }

  /** One tenure. Resolves when it was stopped and everything is sealed; rejects with what has failed. */
  async #holdOnce(): Promise<void> {
    const stop = this.#stop.signal;
    const cutOff = this.#cutOff.signal;
    this.#state = "opening";
    const tenure = await this.#scheduler.open(() => {
      // Nothing is dirty yet, so a stop need not wait.
      const opening = AbortSignal.any([stop, cutOff]);
      opening.throwIfAborted();
      return Tenure.begin(this.#settings, this.partition, {
        opening,
        cutOff,
        changed: () => {
          this.#scheduler.consider();
        },
      });
    });
    this.#tenure = tenure;
    this.#state = "running";
    try {
      this.#scheduler.add(tenure);
      try {
        await tenure.process(stop);
      } finally {
        this.#scheduler.remove(tenure);
      }
      await tenure.finish();
      this.#report({ type: "stopped", partition: this.partition, outcome: "sealed" });
    } finally {
      await tenure.settle();
      if (tenure.seals > 0) this.#failures = 0;
      this.#tenure = undefined;
      await tenure.close();
    }
  }

  #reportEnd(error: unknown): void {
    // It was stopped before it had processed anything.
    const nothingLost = error === this.#stop.signal.reason;
    this.#report(
      nothingLost
        ? { type: "stopped", partition: this.partition, outcome: "sealed" }
        : { type: "stopped", partition: this.partition, outcome: "abandoned", error },
    );
  }

  async #waitAfter(error: unknown): Promise<void> {
    const { clock } = this.#settings;
    this.#failures += 1;
    this.#error = error;
    this.#state = "waiting";
    const longest = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(this.#failures, 10));
    // At least half of it, at random: if two members believe that they hold the partition, the one that does not has time
    // to hear of it before the other one claims the next version.
    const retryInMs = Math.round(longest * (0.5 + clock.random() / 2));
    this.#report({ type: "failed", partition: this.partition, error, failures: this.#failures, retryInMs });
    try {
      await clock.sleep(retryInMs, this.#stop.signal);
    } catch {
      return; // It was stopped, which the caller sees.
    }
  }

  #report(event: Parameters<JobSettings["onEvent"]>[0]): void {
    this.#settings.onEvent(event);
  }
}

import type { GroupListener } from "./group.ts";
import type { PartitionHealth } from "./health.ts";
import { checkOptions, type JobSettings, type KafkaJobOptions } from "./options.ts";
import { PartitionOwner } from "./partition-owner.ts";
import { nameOf, type TopicPartition } from "./record.ts";
import { Scheduler } from "./scheduler.ts";

/**
 * A member of a consumer group that keeps its state per partition in an object store, exactly once.
 *
 * ```ts
 * const job = await KafkaJob.start({
 *   group: new PlatformaticGroup({ clientId: "node-0", groupId: "delays", bootstrapBrokers, topics: ["flights"] }),
 *   store: (partition) => new S3Store({ bucket: "state", prefix: partitionPrefix("delays", partition) }),
 *   instanceId: "node-0",
 *   task: () => new Delays(),
 * });
 * ```
 *
 * Each partition is a namespace of its own. When the group assigns one, this member claims the version above all others and
 * restores the newest sealed epoch; the next offset is an attachment of that epoch, and the only truth. Whoever held the
 * partition before can then seal nothing more, whether it knows it or not.
 */
export class KafkaJob {
  /** Resolves when the job has stopped; rejects if the client has left the group by itself, after the partitions ended. */
  readonly finished: Promise<void>;
  readonly #settings: JobSettings;
  readonly #scheduler: Scheduler;
  readonly #owners = new Map<string, PartitionOwner>();
  /** Of every partition that this member held, when it was given up. */
  readonly #ending = new Map<string, Promise<void>>();
  readonly #result: PromiseWithResolvers<void>;
  #stopping: Promise<void> | undefined;

  private constructor(options: KafkaJobOptions) {
    this.#settings = checkOptions(options);
    const { slots, everyMs, clock } = this.#settings;
    this.#scheduler = new Scheduler({ slots, everyMs, clock });
    this.#result = Promise.withResolvers<void>();
    this.finished = this.#result.promise;
    // Whoever only stops the job need not look at it.
    this.finished.catch(() => undefined);
  }

  /**
   * Joins the group; resolves with the first assignment. From then on the job runs by itself.
   *
   * @throws `TypeError`, `RangeError`; what the client's `join` rejects with
   */
  static async start(options: KafkaJobOptions): Promise<KafkaJob> {
    const job = new KafkaJob(options);
    await job.#settings.group.join(job.#listener());
    return job;
  }

  /** Every partition that this member holds, or gives up at the moment. */
  health(): readonly PartitionHealth[] {
    return [...this.#owners.values()].map((owner) => owner.health);
  }

  /** Makes every partition due that has something to seal. */
  flush(): void {
    this.#scheduler.flush();
  }

  /** Seals every partition, within `stopWithinMs`, then leaves the group. */
  async stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    await this.#stopping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #listener(): GroupListener {
    return {
      assigned: (partitions) => this.#assign(partitions),
      failed: (error) => {
        void this.#fail(error);
      },
    };
  }

  async #assign(partitions: readonly TopicPartition[]): Promise<void> {
    if (this.#stopping !== undefined) return;
    const assigned = new Map(partitions.map((partition) => [nameOf(partition), partition]));
    if (assigned.size !== this.#owners.size || [...assigned.keys()].some((name) => !this.#owners.has(name)))
      this.#settings.onEvent({ type: "assigned", partitions });
    const given: Promise<void>[] = [];
    for (const [name, owner] of this.#owners) {
      if (assigned.has(name)) continue;
      this.#owners.delete(name);
      const ended = owner.stop(this.#settings.stopWithinMs);
      this.#ending.set(name, ended);
      given.push(ended);
    }
    for (const [name, partition] of assigned) {
      if (this.#owners.has(name)) continue;
      const before = this.#ending.get(name) ?? Promise.resolve();
      this.#owners.set(name, new PartitionOwner(this.#settings, this.#scheduler, partition, before));
    }
    await Promise.all(given);
  }

  async #stop(): Promise<void> {
    await this.#stopPartitions();
    try {
      await this.#settings.group.leave();
      this.#result.resolve();
    } catch (error) {
      this.#result.reject(error);
      throw error;
    }
  }

  async #fail(error: unknown): Promise<void> {
    if (this.#stopping !== undefined) return;
    this.#stopping = this.#stopPartitions();
    await this.#stopping;
    this.#result.reject(error);
  }

  async #stopPartitions(): Promise<void> {
    const { stopWithinMs } = this.#settings;
    await Promise.all([...this.#owners.values()].map((owner) => owner.stop(stopWithinMs)));
    await Promise.all(this.#ending.values());
    this.#scheduler.close();
  }
}

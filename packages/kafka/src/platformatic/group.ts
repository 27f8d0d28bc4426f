import { Consumer, offsetCommitV9 } from "@platformatic/kafka";
import type { GroupListener, GroupMember, RecordBatch } from "../group.ts";
import { partitionPrefix } from "../namespaces.ts";
import type { TopicPartition } from "../record.ts";
import { baseOptions } from "./base-options.ts";
import type { ClientOptions } from "./client-options.ts";
import { closeQuietly } from "./closing.ts";
import { coordinatorOf } from "./connection.ts";
import { readPartition } from "./reader.ts";

export interface PlatformaticGroupOptions {
  readonly client: ClientOptions;
  readonly groupId: string;
  readonly topics: readonly string[];
  /** How long a silent member keeps its partitions. Default 45,000 ms. */
  readonly sessionTimeoutMs?: number | undefined;
  /** Default a tenth of the session time-out. */
  readonly heartbeatIntervalMs?: number | undefined;
  /** How long a fetch waits for records. Default 500 ms. */
  readonly maxWaitMs?: number | undefined;
  /** How many bytes a fetch returns of a partition. Default 1 MiB. */
  readonly maxBytes?: number | undefined;
}

/**
 * A member of a consumer group by `@platformatic/kafka`.
 *
 * It takes part in cooperative rebalances: partitions that stay are read on. A partition that moves is sealed before the
 * group hears that it is free, but the wait ends after half of the session time-out, because the client sends no heartbeat
 * meanwhile. Each partition is read by a connection of its own.
 */
export class PlatformaticGroup implements GroupMember {
  readonly groupId: string;
  readonly #options: PlatformaticGroupOptions;
  readonly #sessionTimeoutMs: number;
  readonly #consumer: Consumer;
  #listener: GroupListener | undefined;

  /** @throws `TypeError` if the group or a topic has a name that cannot be part of a path */
  constructor(options: PlatformaticGroupOptions) {
    for (const topic of options.topics) partitionPrefix(options.groupId, { topic, partition: 0 });
    this.#options = options;
    this.groupId = options.groupId;
    this.#sessionTimeoutMs = options.sessionTimeoutMs ?? 45_000;
    this.#consumer = new Consumer({
      ...baseOptions(options.client),
      groupId: options.groupId,
      autocommit: false,
      // For ten minutes without a broker, the client tries to join again. Then the job ends.
      retries: 1_200,
      retryDelay: 500,
      sessionTimeout: this.#sessionTimeoutMs,
      rebalanceTimeout: this.#sessionTimeoutMs,
      heartbeatInterval: options.heartbeatIntervalMs ?? Math.ceil(this.#sessionTimeoutMs / 10),
      protocols: [{ name: "cooperative-sticky", version: 3 }],
      // The one point at which the client waits before it joins a group again.
      protocolsMetadata: () => this.#beforeJoining(),
    });
  }

  async join(listener: GroupListener): Promise<void> {
    this.#listener = listener;
    const consumer = this.#consumer;
    consumer.on("consumer:group:join", () => {
      void listener.assigned(this.#assigned());
    });
    // The client tries again by itself; it reports here what it gives up on.
    consumer.on("error", (error: Error) => {
      listener.failed(error);
    });
    for (const topic of this.#options.topics) consumer.topics.track(topic);
    try {
      await consumer.joinGroup();
    } catch (error) {
      // Its connections would keep the process from ending.
      await closeQuietly(consumer);
      throw error;
    }
  }

  read(
    partition: TopicPartition,
    from: bigint | "earliest" | "latest",
    { signal }: { readonly signal: AbortSignal },
  ): AsyncIterable<RecordBatch> {
    const { client, maxWaitMs = 500, maxBytes = 2 ** 20 } = this.#options;
    return readPartition(client, partition, from, { signal, maxWaitMs, maxBytes });
  }

  /** One request. The client's own `commit` joins the group anew if it is refused, beside a join that is under way. */
  async commit({ topic, partition }: TopicPartition, next: bigint): Promise<void> {
    const { generationId, memberId } = this.#consumer;
    if (memberId === null) throw new Error("this process is no member of the group at the moment");
    const partitions = [
      { partitionIndex: partition, committedOffset: next, committedLeaderEpoch: -1, committedMetadata: null },
    ];
    await offsetCommitV9.api.async(
      await coordinatorOf(this.#consumer),
      this.groupId,
      generationId,
      memberId,
      null,
      [{ name: topic, partitions }],
    );
  }

  async leave(): Promise<void> {
    await this.#consumer.close(true);
  }

  /**
   * Is called before each request to join. A member that is one still gives up, in the second round of a rebalance, what its
   * assignment has lost, and the group waits. A member that was thrown out has lost everything already.
   */
  async #beforeJoining(): Promise<Buffer> {
    const listener = this.#listener;
    if (listener !== undefined) {
      if (this.#consumer.memberId === null) void listener.assigned([]);
      else await this.#withinTheSession(listener.assigned(this.#assigned()));
    }
    return Buffer.alloc(0);
  }

  #assigned(): readonly TopicPartition[] {
    return (this.#consumer.assignments ?? []).flatMap(({ topic, partitions }) =>
      partitions.map((partition) => ({ topic, partition })),
    );
  }

  async #withinTheSession(given: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const bound = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#sessionTimeoutMs / 2);
    });
    try {
      await Promise.race([given, bound]);
    } finally {
      clearTimeout(timer);
    }
  }
}

import { Consumer, offsetFetchV9, Producer, txnOffsetCommitV4 } from "@platformatic/kafka";
import { setTimeout as sleep } from "node:timers/promises";
import { KafkaError } from "../errors.ts";
import type { OutputRecord, TopicPartition } from "../record.ts";
import type { TransactionalProducer } from "../transactional-output.ts";
import { abortable } from "./abortable.ts";
import { baseOptions } from "./base-options.ts";
import type { ClientOptions } from "./client-options.ts";
import { coordinatorOf } from "./connection.ts";
import { hasCode } from "./failures.ts";

export interface PlatformaticProducerOptions {
  readonly client: ClientOptions;
  /** The partition of the input whose records it lets out. */
  readonly partition: TopicPartition;
  readonly transactionalId: string;
  /** Has the markers; nobody joins it. */
  readonly groupId: string;
}

type Transaction = Awaited<ReturnType<Producer["beginTransaction"]>>;

/** While the marker's transaction is being decided, Kafka says so, and is asked again. */
const pauseMs = 50;

/** How long one step waits for the brokers: after that its outcome is unknown, and a further producer finds it out. */
const patienceMs = 30_000;

/** A producer of `@platformatic/kafka` for one partition of the input, as `TransactionalOutput` needs it. */
export class PlatformaticProducer implements TransactionalProducer {
  readonly #options: PlatformaticProducerOptions;
  readonly #producer: Producer;
  /** Finds the coordinator of the markers' group. It is not joined. */
  readonly #coordinators: Consumer;
  #first: Transaction | undefined;

  constructor(options: PlatformaticProducerOptions) {
    const { client, transactionalId, groupId } = options;
    this.#options = options;
    this.#producer = new Producer({
      ...baseOptions(client),
      transactionalId,
      idempotent: true,
      // None yet: with the client's default of 0, Kafka takes it for an older producer of this id.
      producerId: -1n,
      producerEpoch: -1,
      // While Kafka ends the transaction of a predecessor, it refuses a new one, and the client waits so long.
      retryDelay: pauseMs,
      retries: 20,
    });
    this.#coordinators = new Consumer({ ...baseOptions(client), groupId, autocommit: false });
  }

  async init({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    // The client sends InitProducerId with the first transaction. It stays open until the first epoch is let out.
    this.#first = await this.#bounded(this.#producer.beginTransaction(), signal);
  }

  async marker({ signal }: { readonly signal: AbortSignal }): Promise<string | undefined> {
    const { groupId, partition } = this.#options;
    const topics = [{ name: partition.topic, partitionIndexes: [partition.partition] }];
    for (;;) {
      try {
        const connection = await this.#bounded(coordinatorOf(this.#coordinators), signal);
        // Requires a stable offset: without that the one before a committed transaction may be returned.
        const { groups } = await this.#bounded(
          offsetFetchV9.api.async(connection, [{ groupId, memberId: null, memberEpoch: -1, topics }], true),
          signal,
        );
        const found = groups[0]?.topics[0]?.partitions[0];
        return found === undefined || found.committedOffset < 0n ? undefined : (found.metadata ?? undefined);
      } catch (error) {
        if (!hasCode(error, "UNSTABLE_OFFSET_COMMIT")) throw error;
      }
      await sleep(pauseMs, undefined, { signal });
    }
  }

  async transact(
    records: readonly OutputRecord[],
    commit: { readonly marker: string; readonly next: bigint },
    { signal }: { readonly signal: AbortSignal },
  ): Promise<void> {
    const { partition, transactionalId } = this.#options;
    try {
      await this.#bounded(this.#transact(records, commit), signal);
    } catch (error) {
      if (!hasCode(error, "INVALID_PRODUCER_EPOCH", "PRODUCER_FENCED")) throw error;
      throw new KafkaError(
        "OutputFenced",
        partition,
        `another producer was initialised as ${transactionalId}: whether this transaction was committed, the marker says`,
        error,
      );
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#producer.close(true), this.#coordinators.close(true)]);
  }

  async #transact(
    records: readonly OutputRecord[],
    { marker, next }: { readonly marker: string; readonly next: bigint },
  ): Promise<void> {
    const { groupId, partition, transactionalId } = this.#options;
    const transaction = this.#first ?? (await this.#producer.beginTransaction());
    this.#first = undefined;
    await transaction.send({ messages: records.map(messageOf) });
    await transaction.addConsumer(this.#coordinators);
    const { producerId, producerEpoch } = this.#producer;
    if (producerId === undefined || producerEpoch === undefined)
      throw new Error(`${transactionalId} has no producer id: init comes first`);
    await txnOffsetCommitV4.api.async(
      await coordinatorOf(this.#coordinators),
      transactionalId,
      groupId,
      producerId,
      producerEpoch,
      // No membership.
      -1,
      "",
      null,
      [
        {
          name: partition.topic,
          partitions: [
            {
              partitionIndex: partition.partition,
              committedOffset: next,
              committedLeaderEpoch: -1,
              committedMetadata: marker,
            },
          ],
        },
      ],
    );
    await transaction.commit();
  }

  /** The client's calls take no signal, and its commit waits for as long as the coordinator is away. */
  async #bounded<T>(request: Promise<T>, signal: AbortSignal): Promise<T> {
    return abortable(request, AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]));
  }
}

function messageOf({ topic, partition, key, value, headers }: OutputRecord) {
  return {
    topic,
    ...(partition === undefined ? {} : { partition }),
    ...(key === undefined ? {} : { key: Buffer.from(key) }),
    ...(value === undefined ? {} : { value: Buffer.from(value) }),
    headers: new Map((headers ?? []).map(([name, bytes]) => [Buffer.from(name), Buffer.from(bytes)])),
  };
}

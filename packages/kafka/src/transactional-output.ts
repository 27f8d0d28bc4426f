import { KafkaError } from "./errors.ts";
import type { Output, OutputContext, PartitionOutput, SealedOutputs } from "./output.ts";
import type { OutputRecord, TopicPartition } from "./record.ts";

/** What the output needs of a client: a producer with a transactional id of its own, for one partition of the input. */
export interface TransactionalProducer {
  /**
   * Kafka's InitProducerId: whoever has the same transactional id is shut out, and its transaction, if one is open, is
   * committed or aborted before this resolves.
   */
  init(options: { readonly signal: AbortSignal }): Promise<void>;

  /** The marker of the last transaction that was committed; called after `init`. */
  marker(options: { readonly signal: AbortSignal }): Promise<string | undefined>;

  /**
   * Sends the records and commits the marker in one transaction, as offset metadata of the output's own group. After a
   * rejection the transaction may be committed: `init` and `marker` of a further producer tell.
   *
   * @throws `OutputFenced` if another producer was initialised with this id
   */
  transact(
    records: readonly OutputRecord[],
    commit: { readonly marker: string; readonly next: bigint },
    options: { readonly signal: AbortSignal },
  ): Promise<void>;

  close(): Promise<void>;
}

export interface TransactionalOutputOptions {
  /**
   * Makes the producer of a partition of the input.
   *
   * @param ids.transactionalId the same whoever holds the partition: that is what shuts out the one before
   * @param ids.groupId the group that has the markers, which nobody joins
   */
  readonly producer: (
    partition: TopicPartition,
    ids: { readonly transactionalId: string; readonly groupId: string },
  ) => TransactionalProducer | Promise<TransactionalProducer>;
}

/**
 * Lets the emitted records of each sealed epoch out into Kafka exactly once, for consumers that read committed records.
 *
 * The records of an epoch go in one transaction, and in the same one a marker that names the epoch. A process can die
 * between the seal and the end of the transaction. Its successor first ends that transaction by `init`, and then the
 * marker says whether it was committed; if not, the successor sends the records, which are an attachment of the epoch.
 */
export class TransactionalOutput implements Output {
  readonly #options: TransactionalOutputOptions;

  constructor(options: TransactionalOutputOptions) {
    this.#options = options;
  }

  async open({ partition, groupId, base, signal }: OutputContext): Promise<PartitionOutput> {
    const transactionalId = `${groupId}.${partition.topic}.${partition.partition}`;
    const producer = await this.#options.producer(partition, {
      transactionalId,
      groupId: `${groupId}.outputs`,
    });
    try {
      await producer.init({ signal });
      const output = new PartitionTransactions(producer);
      const released = parseMarker(await producer.marker({ signal }));
      if (released === undefined || released.epoch < (base?.epoch ?? 0)) {
        if (base !== undefined) await output.release(base, { signal });
      } else if (base?.epoch !== released.epoch || base.incarnation !== released.incarnation) {
        throw new KafkaError("OutputAhead", partition, describeAhead(base, released, transactionalId));
      }
      return output;
    } catch (error) {
      const [closed] = await Promise.allSettled([producer.close()]);
      if (closed.status === "fulfilled") throw error;
      throw new AggregateError([error, closed.reason], String(error), { cause: error });
    }
  }
}

class PartitionTransactions implements PartitionOutput {
  readonly #producer: TransactionalProducer;

  constructor(producer: TransactionalProducer) {
    this.#producer = producer;
  }

  async release(outputs: SealedOutputs, options: { readonly signal: AbortSignal }): Promise<void> {
    const { records, next } = outputs;
    // An epoch without records needs no marker: whether it was released makes no difference.
    if (records.length === 0) return;
    await this.#producer.transact(records, { marker: formatMarker(outputs), next }, options);
  }

  async close(): Promise<void> {
    await this.#producer.close();
  }
}

type Marked = Pick<SealedOutputs, "epoch" | "incarnation">;

function formatMarker({ epoch, incarnation }: Marked): string {
  return `${epoch} ${incarnation}`;
}

function parseMarker(marker: string | undefined): Marked | undefined {
  if (marker === undefined) return undefined;
  const match = /^(\d+) (.*)$/.exec(marker);
  if (match === null)
    throw new Error(`the output's group holds ${JSON.stringify(marker)}, which is no marker`);
  return { epoch: Number(match[1]), incarnation: match[2] ?? "" };
}

function describeAhead(base: Marked | undefined, released: Marked, transactionalId: string): string {
  const has = base === undefined ? "no epoch" : `epoch ${base.epoch} of ${base.incarnation}`;
  return (
    `the output has released epoch ${released.epoch} of ${released.incarnation}, and the store has ${has}. ` +
    "If another member holds the partition, this one hears of it soon. If not, the store is not the one that the job " +
    `had: state was lost, or the prefix is another. Bring it back, or begin anew with another group than ${transactionalId}'s`
  );
}

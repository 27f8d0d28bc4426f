import { DeliverPolicy, type JetStreamClient, jetstream } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { type GroupListener, type GroupMember, KafkaError, type RecordBatch } from "@state/kafka";
import type { TopicPartition } from "@state/kafka";

export interface NatsGroupOptions {
  readonly servers: readonly string[];
  readonly groupId: string;
  /** The stream; its subjects are `<stream>.<partition>`. */
  readonly stream: string;
  readonly partitions: number;
  /** Of how many workers this is which one, from 0: it has every partition whose remainder is its number. */
  readonly worker: number;
  readonly workers: number;
}

const mostOfABatch = 100;
/** NATS waits no shorter for messages. */
const waitMs = 1_000;

/**
 * A stream of NATS JetStream as a log with partitions: a subject for each, and the sequence in the stream is the offset.
 * Nobody assigns: a worker's number says which partitions it has. If two processes have one number, as they do where one is
 * replaced that still runs, the store alone decides which of them seals.
 */
export class NatsGroup implements GroupMember {
  readonly groupId: string;
  readonly #options: NatsGroupOptions;
  readonly #connection: NatsConnection;
  readonly #stream: JetStreamClient;

  private constructor(options: NatsGroupOptions, connection: NatsConnection) {
    this.groupId = options.groupId;
    this.#options = options;
    this.#connection = connection;
    this.#stream = jetstream(connection);
  }

  static async connect(options: NatsGroupOptions): Promise<NatsGroup> {
    return new NatsGroup(options, await connect({ servers: [...options.servers] }));
  }

  async join(listener: GroupListener): Promise<void> {
    const { stream, partitions, worker, workers } = this.#options;
    const own = Array.from({ length: partitions }, (_, partition) => ({ topic: stream, partition }));
    await listener.assigned(own.filter(({ partition }) => partition % workers === worker));
  }

  async *read(
    partition: TopicPartition,
    from: bigint | "earliest" | "latest",
    { signal }: { readonly signal: AbortSignal },
  ): AsyncGenerator<RecordBatch> {
    const { stream } = this.#options;
    const { state } = await (await this.#stream.streams.get(stream)).info();
    let next = typeof from === "bigint" ? from : BigInt(from === "earliest" ? 1 : state.last_seq + 1);
    if (next < state.first_seq || next > state.last_seq + 1)
      throw new KafkaError(
        "OffsetOutOfRange",
        partition,
        `sequence ${next} is not there, the stream has ${state.first_seq} to ${state.last_seq}`,
      );
    const consumer = await this.#stream.consumers.get(stream, {
      filter_subjects: [`${stream}.${partition.partition}`],
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: Number(next),
    });
    while (!signal.aborted) {
      const messages = await consumer.fetch({ max_messages: mostOfABatch, expires: waitMs });
      const stop = (): void => messages.stop();
      signal.addEventListener("abort", stop, { once: true });
      const records = [];
      let pending = 0;
      for await (const message of messages) {
        const { streamSequence, timestampNanos } = message.info;
        pending = message.info.pending;
        const timestamp = BigInt(timestampNanos) / 1_000_000n;
        const headers: [] = [];
        records.push({ offset: BigInt(streamSequence), timestamp, key: null, value: message.data, headers });
      }
      signal.removeEventListener("abort", stop);
      next = (records.at(-1)?.offset ?? next - 1n) + 1n;
      yield { records, next, end: next + BigInt(pending) };
    }
  }

  /** There is no lag display to tell: the state alone has the offset. */
  async commit(): Promise<void> {
    await Promise.resolve();
  }

  async leave(): Promise<void> {
    await this.#connection.close();
  }
}

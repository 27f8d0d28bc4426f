import { Admin, Producer } from "@platformatic/kafka";
import { readPartition } from "../../src/platformatic/reader.ts";
import type { TopicPartition } from "../../src/record.ts";

/** An input and an output topic on a real broker, which no other test has. */
export class RealTopics {
  readonly broker: string;
  readonly run: string;
  readonly client: { readonly clientId: string; readonly bootstrapBrokers: string[] };
  readonly groupId: string;
  readonly input: string;
  readonly output: string;

  /** @param run what the names have that no other test's have */
  constructor(broker: string, run: string) {
    this.broker = broker;
    this.run = run;
    this.client = { clientId: "test", bootstrapBrokers: [broker] };
    this.groupId = `group-${run}`;
    this.input = `input-${run}`;
    this.output = `output-${run}`;
  }

  static async create(broker: string, partitions: number): Promise<RealTopics> {
    const topics = new RealTopics(broker, crypto.randomUUID());
    await topics.administrate(async (admin) => {
      await admin.createTopics({ topics: [topics.input, topics.output], partitions, replicas: 1 });
    });
    return topics;
  }

  async administrate(work: (admin: Admin) => Promise<void>): Promise<void> {
    const admin = new Admin(this.client);
    try {
      await work(admin);
    } finally {
      await admin.close();
    }
  }

  partition(partition: number): TopicPartition {
    return { topic: this.input, partition };
  }

  async send(partition: number, ...values: readonly string[]): Promise<void> {
    const producer = new Producer(this.client);
    await producer.send({ messages: this.#messages(partition, values) });
    await producer.close();
  }

  /** Transactions of one producer: their value, of which one may have none, and whether they are committed. */
  async transact(
    partition: number,
    ...transactions: readonly (readonly [string | undefined, "commit" | "abort"])[]
  ): Promise<void> {
    const producer = new Producer({
      ...this.client,
      transactionalId: `input-${crypto.randomUUID()}`,
      idempotent: true,
      producerId: -1n,
      producerEpoch: -1,
      retries: 50,
      retryDelay: 50,
    });
    for (const [value, end] of transactions) {
      const transaction = await producer.beginTransaction();
      if (value === undefined) {
        // As of a producer that was killed before its first record: the partition gets the mark of the end all the same.
        const metadata = await producer.metadata({ topics: [this.input] });
        await transaction.addPartitions(metadata, this.#messages(partition, [""]));
      } else {
        await transaction.send({ messages: this.#messages(partition, [value]) });
      }
      await transaction[end]();
    }
    await producer.close(true);
  }

  /** What lag displays show of a partition of the input. */
  async displayed(partition: number): Promise<bigint | undefined> {
    let offset: bigint | undefined;
    await this.administrate(async (admin) => {
      const [group] = await admin.listConsumerGroupOffsets({ groups: [this.groupId] });
      const topic = group?.topics.find(({ name }) => name === this.input);
      offset = topic?.partitions.find(({ partitionIndex }) => partitionIndex === partition)?.committedOffset;
    });
    return offset;
  }

  /** Everything that is committed in a partition of the output. */
  outputs(partition: number): Promise<readonly string[]> {
    return this.#read(this.output, partition);
  }

  /** The same of the input. */
  inputs(partition: number): Promise<readonly string[]> {
    return this.#read(this.input, partition);
  }

  async #read(topic: string, partition: number): Promise<readonly string[]> {
    const values: string[] = [];
    const { signal } = new AbortController();
    const options = { signal, maxWaitMs: 100, maxBytes: 2 ** 20 };
    for await (const batch of readPartition(this.client, { topic, partition }, "earliest", options)) {
      values.push(...batch.records.map(({ value }) => Buffer.from(value ?? []).toString()));
      if (batch.next >= batch.end) break;
    }
    return values;
  }

  #messages(
    partition: number,
    values: readonly string[],
  ): { topic: string; partition: number; value: Buffer }[] {
    return values.map((value) => ({ topic: this.input, partition, value: Buffer.from(value) }));
  }
}

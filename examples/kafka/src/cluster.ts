import { Admin, Consumer, ListOffsetTimestamps } from "@platformatic/kafka";

/** The topics and groups of one run, named so that no other run has them. */
export class Cluster {
  readonly brokers: readonly string[];
  readonly partitions = 8;
  readonly input: string;
  readonly output: string;
  readonly usualOutput: string;
  readonly groupId: string;
  readonly usualGroupId: string;

  constructor(brokers: readonly string[]) {
    this.brokers = brokers;
    const run = `state-example-${crypto.randomUUID().slice(0, 8)}`;
    this.input = `${run}-flights`;
    this.output = `${run}-airports`;
    this.usualOutput = `${run}-usual-airports`;
    this.groupId = run;
    this.usualGroupId = `${run}-usual`;
  }

  get client(): { readonly clientId: string; readonly bootstrapBrokers: string[] } {
    return { clientId: "state-example", bootstrapBrokers: [...this.brokers] };
  }

  get numbers(): readonly number[] {
    return Array.from({ length: this.partitions }, (_, partition) => partition);
  }

  async create(): Promise<void> {
    await this.#administrate(async (admin) => {
      // -1: as many replicas as the cluster gives by itself.
      await admin.createTopics({ topics: this.#topics, partitions: this.partitions, replicas: -1 });
    });
  }

  async delete(): Promise<void> {
    await this.#administrate(async (admin) => {
      await admin.deleteTopics({ topics: this.#topics });
    });
  }

  /** The offset after the last record of each partition. */
  async ends(topic: string): Promise<readonly number[]> {
    const consumer = new Consumer({ ...this.client, groupId: "state-example-ends", autocommit: false });
    try {
      const offsets = await consumer.listOffsets({
        topics: [topic],
        timestamp: ListOffsetTimestamps.LATEST,
      });
      return (offsets.get(topic) ?? []).map(Number);
    } finally {
      await consumer.close(true);
    }
  }

  get #topics(): string[] {
    return [this.input, this.output, this.usualOutput];
  }

  async #administrate(work: (admin: Admin) => Promise<void>): Promise<void> {
    const admin = new Admin(this.client);
    try {
      await work(admin);
    } finally {
      await admin.close();
    }
  }
}

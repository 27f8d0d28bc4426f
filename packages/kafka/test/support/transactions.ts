import { KafkaError } from "../../src/errors.ts";
import type { OutputRecord, TopicPartition } from "../../src/record.ts";
import type { TransactionalProducer } from "../../src/transactional-output.ts";

interface Transaction {
  readonly epoch: number;
  readonly records: readonly string[];
  readonly marker: string;
}

const decoder = new TextDecoder();

/** What Kafka's transaction coordinator does for a transactional id, step by step. */
export class Transactions {
  readonly #epochs = new Map<string, number>();
  readonly #open = new Map<string, Transaction>();
  readonly #markers = new Map<string, string>();
  /** What a consumer of committed records reads. */
  readonly committed: string[] = [];

  /** @param step is called with the name of each request, and carries it out when it calls `effect` */
  producer(
    partition: TopicPartition,
    transactionalId: string,
    step: (name: string, effect: () => void) => Promise<void> = async (_, effect) => {
      effect();
    },
  ): TransactionalProducer {
    let epoch = 0;
    const check = (): void => {
      if (this.#epochs.get(transactionalId) !== epoch)
        throw new KafkaError("OutputFenced", partition, `${transactionalId} has a newer producer`);
    };
    return {
      init: () =>
        step("init", () => {
          epoch = (this.#epochs.get(transactionalId) ?? 0) + 1;
          this.#epochs.set(transactionalId, epoch);
          this.#open.delete(transactionalId);
        }),
      marker: async () => {
        let marker: string | undefined;
        await step("marker", () => {
          marker = this.#markers.get(transactionalId);
        });
        return marker;
      },
      transact: async (records, { marker }) => {
        await step("send", () => {
          check();
          this.#open.set(transactionalId, { epoch, records: records.map(textOf), marker });
        });
        await step("commit", () => {
          check();
          const transaction = this.#open.get(transactionalId);
          if (transaction === undefined) throw new Error("no transaction is open");
          this.#open.delete(transactionalId);
          this.#markers.set(transactionalId, transaction.marker);
          this.committed.push(...transaction.records);
        });
      },
      close: async () => undefined,
    };
  }

  /** As Kafka does when nothing was committed for `offsets.retention.minutes`. */
  forgetMarkers(): void {
    this.#markers.clear();
  }
}

function textOf({ value }: OutputRecord): string {
  return decoder.decode(value);
}

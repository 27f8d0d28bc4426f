import type { KafkaRecord, OutputRecord } from "../../src/record.ts";
import { ListingTask } from "./listing-task.ts";

/** Lists every value, and emits it into a partition. */
export class EmittingTask extends ListingTask {
  readonly #topic: string;
  readonly #partition: number;

  constructor(topic: string, partition: number) {
    super();
    this.#topic = topic;
    this.#partition = partition;
  }

  override process(records: readonly KafkaRecord[], emit: (record: OutputRecord) => void): void {
    for (const { value } of records) {
      if (value === null) continue;
      this.values.push(new TextDecoder().decode(value));
      emit({ topic: this.#topic, partition: this.#partition, value });
    }
  }
}

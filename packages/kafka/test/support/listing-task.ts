import type { SealedEpoch } from "@state/core";
import type { KafkaRecord, OutputRecord } from "../../src/record.ts";
import type { Capture, PartitionTask } from "../../src/task.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Keeps every value that it has processed, and emits each: what is lost or comes twice is seen. */
export class ListingTask implements PartitionTask {
  values: string[] = [];
  isClosed = false;

  async restore(base: SealedEpoch | undefined): Promise<void> {
    const bytes = await base?.read(0);
    this.values = bytes === undefined ? [] : (JSON.parse(decoder.decode(bytes)) as string[]);
  }

  process(records: readonly KafkaRecord[], emit: (record: OutputRecord) => void): void | Promise<void> {
    for (const { value } of records) {
      if (value === null) continue;
      this.values.push(decoder.decode(value));
      emit({ topic: "delays", value });
    }
  }

  capture(): Capture | Promise<Capture> {
    return { vnodes: new Map([[0, encoder.encode(JSON.stringify(this.values))]]) };
  }

  close(): void {
    this.isClosed = true;
  }
}

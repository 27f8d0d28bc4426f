import { encodeOutput } from "./attachments.ts";
import type { OutputRecord } from "./record.ts";

/** What a partition has processed since its last capture. */
export class Pending {
  /** When its first record was processed; `undefined`: nothing was. */
  since: number | undefined;
  records = 0;
  outputBytes = 0;
  readonly outputs: OutputRecord[] = [];
  readonly #lines: Uint8Array[] = [];

  emit(record: OutputRecord): void {
    const line = encodeOutput(record);
    this.#lines.push(line);
    this.outputs.push(record);
    this.outputBytes += line.length;
  }

  /** The emitted records, as the attachment has them. */
  encoded(): Uint8Array {
    const bytes = new Uint8Array(this.outputBytes);
    let at = 0;
    for (const line of this.#lines) {
      bytes.set(line, at);
      at += line.length;
    }
    return bytes;
  }
}

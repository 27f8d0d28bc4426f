import type { WriteStream } from "node:tty";
import { grouped } from "./number-formats.ts";

/** A bar at the bottom of a terminal, with lines above it. Elsewhere plain lines, one each tenth of the way. */
export class Progress {
  readonly #out: Pick<WriteStream, "write" | "isTTY" | "columns">;
  readonly #total: number;
  readonly #start = performance.now();
  #done = 0;
  #tenths = 0;

  constructor(total: number, out: Pick<WriteStream, "write" | "isTTY" | "columns"> = process.stdout) {
    this.#total = total;
    this.#out = out;
  }

  /** Sets how many flights of the total are done. */
  at(done: number): void {
    this.#done = done;
    if (this.#out.isTTY) {
      this.#draw();
      return;
    }
    const tenths = Math.floor((10 * done) / this.#total);
    if (tenths > this.#tenths) {
      this.#tenths = tenths;
      this.#out.write(`${this.#status()}\n`);
    }
  }

  /** Prints a line above the bar. */
  line(text: string): void {
    this.clear();
    this.#out.write(`${text}\n`);
    if (this.#out.isTTY && this.#done < this.#total) this.#draw();
  }

  /** Removes the bar. */
  clear(): void {
    if (this.#out.isTTY) this.#out.write("\r\u001b[2K");
  }

  #draw(): void {
    const status = this.#status();
    const width = Math.min(40, (this.#out.columns || 80) - status.length - 4);
    const filled = Math.max(0, Math.round((width * this.#done) / this.#total));
    const bar = width < 5 ? "" : ` ${"█".repeat(filled)}${"░".repeat(width - filled)}`;
    this.#out.write(`\r\u001b[2K${bar} ${status}`);
  }

  #status(): string {
    const percent = Math.floor((100 * this.#done) / this.#total);
    const seconds = Math.round((performance.now() - this.#start) / 1000);
    return `${percent} % · ${grouped(this.#done)} flights · ${seconds} s`;
  }
}

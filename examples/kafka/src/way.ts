import type { Blow, Report, Settings } from "./messages.ts";
import { type End, ManagedProcess } from "./managed-process.ts";

export interface WayOptions {
  readonly file: "worker.ts" | "usual-worker.ts";
  /** What goes before the number in names of processes. */
  readonly name: string;
  readonly settings: Omit<Settings, "name" | "blow">;
  readonly onReport: (name: string, message: Report) => void;
  /** A process has ended that was not told to. It is replaced. */
  readonly onEnd: (name: string, end: End) => void;
}

/** The processes of one way, by number. One that dies is replaced at once, as any supervisor does. */
export class Way {
  readonly #options: WayOptions;
  readonly #running = new Map<number, ManagedProcess>();
  readonly #starts = new Map<number, number>();
  readonly #nextBlows = new Map<number, Blow>();
  /** Those that are told to end. */
  readonly #dismissed = new Set<ManagedProcess>();

  constructor(options: WayOptions) {
    this.#options = options;
  }

  start(number: number): ManagedProcess {
    const { file, settings, onReport } = this.#options;
    const start = (this.#starts.get(number) ?? 0) + 1;
    this.#starts.set(number, start);
    const name = `${this.#options.name}-${number}.${start}`;
    const blow = this.#nextBlows.get(number);
    this.#nextBlows.delete(number);
    const started = new ManagedProcess(file, { ...settings, name, blow }, (message) =>
      onReport(name, message),
    );
    this.#running.set(number, started);
    void this.#replaceAtEnd(number, started);
    return started;
  }

  process(number: number): ManagedProcess {
    const process = this.#running.get(number);
    if (process === undefined) throw new Error(`there is no ${this.#options.name}-${number}`);
    return process;
  }

  /** The next process with this number gets the blow. */
  strikeNext(number: number, blow: Blow): void {
    this.#nextBlows.set(number, blow);
  }

  /** By SIGTERM, without a replacement. Resolves with how it ended. */
  async dismiss(number: number): Promise<End> {
    const process = this.process(number);
    this.#dismissed.add(process);
    process.kill("SIGTERM");
    const end = await process.ended;
    this.#running.delete(number);
    return end;
  }

  async dismissAll(): Promise<readonly End[]> {
    return Promise.all([...this.#running.keys()].map((number) => this.dismiss(number)));
  }

  async kill(): Promise<void> {
    const all = [...this.#running.values()];
    for (const process of all) {
      this.#dismissed.add(process);
      process.kill("SIGKILL");
    }
    await Promise.all(all.map(({ ended }) => ended));
  }

  async #replaceAtEnd(number: number, process: ManagedProcess): Promise<void> {
    const end = await process.ended;
    if (this.#dismissed.has(process)) return;
    this.#options.onEnd(process.name, end);
    this.start(number);
  }
}

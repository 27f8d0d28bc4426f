import { join } from "node:path";
import { Changes } from "../changes.ts";
import { ManagedProcess } from "../managed-process.ts";
import type { Report } from "../messages.ts";
import type { NatsSource } from "./source.ts";

export const partitions = 8;
export const groupId = "state-example";
export const stream = "flights";
const workers = 2;
const flightsOfABatch = 100;
/** How many flights may be ahead of what is sealed. */
const mostAhead = 1_500;

/** Two workers, which are struck when so many flights are sealed. */
export class Trial {
  readonly store: string;
  readonly files: string;
  readonly scratch: string;
  refused = 0;
  readonly #source: NatsSource;
  readonly #url: string;
  readonly #changes = new Changes();
  readonly #running = new Set<ManagedProcess>();
  readonly #current: ManagedProcess[] = [];
  /** The next sequence of each partition, of its newest sealed epoch. */
  readonly #next = new Map<number, number>();
  #started = 0;
  #isStruck = false;

  constructor(source: NatsSource, url: string, folder: string) {
    this.#source = source;
    this.#url = url;
    this.store = `fs:${join(folder, "state")}`;
    this.files = join(folder, "files");
    this.scratch = join(folder, "scratch");
  }

  async run(strikeCount: number, recordCount: number): Promise<void> {
    for (let worker = 0; worker < workers; worker++) this.#start(worker);
    const feeding = this.#feed(recordCount);
    for (let strike = 1; strike <= strikeCount; strike++) {
      const at = Math.floor((recordCount * strike) / (strikeCount + 1));
      await this.#until(`${at} flights are sealed`, () => this.#sealed >= at);
      await this.#strike(strike);
    }
    this.#isStruck = true;
    await feeding;
    await this.#until("all is sealed", () => this.#sealed === this.#source.published);
    for (const worker of this.#current) worker.kill("SIGTERM");
    await Promise.all(this.#current.map(({ ended }) => ended));
  }

  /** Resolves when no process is left. */
  async end(): Promise<void> {
    const running = [...this.#running];
    for (const each of running) each.kill("SIGKILL");
    await Promise.all(running.map(({ ended }) => ended));
  }

  get #sealed(): number {
    let sum = 0;
    for (const [partition, next] of this.#next) sum += this.#source.countBelow(partition, next);
    return sum;
  }

  /** Goes on until the last strike: who has nothing to seal is not refused. */
  async #feed(recordCount: number): Promise<void> {
    while (!this.#isStruck || this.#source.published < recordCount) {
      await this.#until(
        "there is room",
        () => this.#source.published + flightsOfABatch <= this.#sealed + mostAhead,
      );
      await this.#source.publish(flightsOfABatch);
    }
  }

  /** Every second time the old worker runs on beside its replacement, until the store has refused it. */
  async #strike(strike: number): Promise<void> {
    const worker = strike % workers;
    const old = this.#current[worker];
    if (old === undefined) throw new Error(`there is no worker ${worker}`);
    if (strike % 4 < 2) {
      const { refused } = this;
      this.#start(worker);
      await this.#until(`${old.name} is refused`, () => this.refused > refused);
      say(`✗ ${strike}: ${old.name} is replaced while it runs, is refused, and is killed`);
      old.kill("SIGKILL");
    } else {
      old.kill("SIGKILL");
      await old.ended;
      this.#start(worker);
      say(`✗ ${strike}: ${old.name} is killed, and replaced`);
    }
  }

  #start(worker: number): void {
    const name = `worker-${worker}.${++this.#started}`;
    const started = new ManagedProcess(
      "nats/worker.ts",
      {
        name,
        brokers: [this.#url],
        groupId,
        input: stream,
        output: "results",
        sessionTimeoutMs: 0,
        store: this.store,
        files: this.files,
        scratch: this.scratch,
        place: { worker, workers, partitions },
      },
      (report) => this.#hear(report),
    );
    this.#running.add(started);
    this.#current[worker] = started;
    void started.ended.then((end) => {
      this.#running.delete(started);
      if (end !== "SIGKILL" && end !== "exit code 0") this.#changes.fail(new Error(`${name} ended: ${end}`));
      return end;
    });
  }

  #hear(report: Report): void {
    if (report.type === "sealed" || report.type === "restored") {
      const next = report.next ?? 0;
      this.#next.set(report.partition, Math.max(next, this.#next.get(report.partition) ?? 0));
    } else if (report.type === "failed" && ["StaleVersion", "EpochAborted"].includes(report.code)) {
      this.refused += 1;
    }
    this.#changes.notify();
  }

  #until(what: string, holds: () => boolean): Promise<void> {
    return this.#changes.until(what, holds);
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

import { Attempt } from "./attempt.ts";
import type { End } from "./attempt.ts";
import type { Strike } from "./chaos.ts";
import { emptyJournal } from "./journal.ts";
import type { Journal } from "./journal.ts";
import type { Assignment, Recovered, Report, Struck } from "./messages.ts";
import type { Progress } from "./progress.ts";
import { describeDeposed, describeEnd, describeRecovery } from "./news.ts";

/** A job that ends so often without getting anywhere, and without having been struck, will not get anywhere. */
const endsInVain = 3;

/** Starts attempt after attempt, each with a higher version, until one has processed the whole input. */
export class Supervisor {
  readonly journal: Journal = emptyJournal();
  readonly #assignment: Omit<Assignment, "version">;
  readonly #strikes: Strike[];
  readonly #progress: Progress;
  readonly #running = new Set<Attempt>();
  readonly #paused: { readonly attempt: Attempt; readonly struck: Struck }[] = [];
  readonly #awakened: Promise<void>[] = [];
  #last: { readonly cause: End; readonly at: number } | undefined;
  #sealed: number | undefined;
  #stopped = false;

  constructor(assignment: Omit<Assignment, "version">, strikes: readonly Strike[], progress: Progress) {
    this.#assignment = assignment;
    this.#strikes = [...strikes];
    this.#progress = progress;
  }

  async run(): Promise<void> {
    let inVain = 0;
    let progressed: number | undefined;
    for (let version = 1; ; version++) {
      const end = await this.#attempt(version);
      if (this.#stopped || end.type === "finished") break;
      this.#progress.line(`✗ ${describeEnd(end)}`);
      const struck = end.type === "killed" || end.type === "paused";
      if (struck) this.#strikes.shift();
      inVain = struck || this.#sealed !== progressed ? 0 : inVain + 1;
      progressed = this.#sealed;
      if (inVain === endsInVain) throw new Error("the job does not get on: see above");
    }
    await Promise.all(this.#awakened);
  }

  /** Kills every process that is left, paused ones too. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#running].map((attempt) => this.#end(attempt)));
  }

  async #attempt(version: number): Promise<End> {
    this.journal.attempts = version;
    const attempt = new Attempt({ ...this.#assignment, version, strike: this.#strikes[0] }, (news) =>
      this.#hear(news, version),
    );
    this.#running.add(attempt);
    const cause = await attempt.end;
    this.#last = { cause, at: performance.now() };
    if (cause.type === "paused") this.#paused.push({ attempt, struck: cause.struck });
    else await this.#end(attempt);
    return cause;
  }

  /** Wakes a leader that knows nothing of its successor yet. */
  async #wake(attempt: Attempt, struck: Struck): Promise<void> {
    const deposed = { version: attempt.version, struck, end: await attempt.resume() };
    if (this.#stopped) return;
    this.journal.deposed.push(deposed);
    this.#progress.line(describeDeposed(deposed));
    await this.#end(attempt);
  }

  async #end(attempt: Attempt): Promise<void> {
    await attempt.stop();
    this.#running.delete(attempt);
  }

  #hear(news: Report, version: number): void {
    const { journal } = this;
    if (news.type === "recovered") {
      this.#recovered(news, version);
    } else if (news.type === "pruned") {
      journal.pruned.objects += news.objects;
      journal.pruned.bytes += news.bytes;
    } else if (version < journal.attempts) {
      journal.usurped.push(news.epoch);
    } else {
      this.#sealed = news.epoch;
      journal.epochs += 1;
      for (const kind of ["written", "unchanged"] as const) {
        journal[kind].partials += news[kind].partials;
        journal[kind].bytes += news[kind].bytes;
      }
      this.#progress.at(news.to);
    }
  }

  #recovered({ base, nextRow }: Recovered, version: number): void {
    // Only now, with the fence of a higher version in the store, may those who were stopped go on.
    for (const { attempt, struck } of this.#paused.splice(0))
      this.#awakened.push(this.#wake(attempt, struck));
    if (this.#last === undefined) return;
    const { cause, at } = this.#last;
    const milliseconds = performance.now() - at;
    const recovery = { cause, version, sealedBefore: this.#sealed, base, nextRow, milliseconds };
    this.journal.recoveries.push(recovery);
    this.#progress.line(describeRecovery(recovery));
    if (base !== this.#sealed) {
      // The leader that sealed it did not live to tell.
      this.#sealed = base;
      this.journal.epochs += 1;
    }
  }
}

import { Attempt } from "./attempt.ts";
import type { End } from "./attempt.ts";
import { describeDeposed, describeEnd, describeRecovery } from "./descriptions.ts";
import { emptyJournal } from "./journal.ts";
import type { Journal } from "./journal.ts";
import type { Assignment, Recovered, Struck, WorkEvent } from "./messages.ts";
import type { Progress } from "./progress.ts";
import type { Strike } from "./strike-plan.ts";

/** If so many attempts in a row seal nothing, and none was struck, the supervisor gives up. */
const attemptsInVain = 3;

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

  /** Resolves when an attempt has finished. */
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
      if (inVain === attemptsInVain) throw new Error("the job does not get on: see above");
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
    const attempt = new Attempt({ ...this.#assignment, version, strike: this.#strikes[0] }, (event) =>
      this.#handle(event, version),
    );
    this.#running.add(attempt);
    const cause = await attempt.end;
    this.#last = { cause, at: performance.now() };
    if (cause.type === "paused") this.#paused.push({ attempt, struck: cause.struck });
    else await this.#end(attempt);
    return cause;
  }

  /** Wakes a paused leader, which does not know that it has a successor. */
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

  #handle(event: WorkEvent, version: number): void {
    const { journal } = this;
    if (event.type === "recovered") {
      this.#recovered(event, version);
    } else if (event.type === "pruned") {
      journal.pruned.objects += event.objects;
      journal.pruned.bytes += event.bytes;
    } else if (version < journal.attempts) {
      journal.usurped.push(event.epoch);
    } else {
      this.#sealed = event.epoch;
      journal.epochs += 1;
      for (const kind of ["written", "unchanged"] as const) {
        journal[kind].partials += event[kind].partials;
        journal[kind].bytes += event[kind].bytes;
      }
      this.#progress.at(event.to);
    }
  }

  #recovered({ base, nextRow }: Recovered, version: number): void {
    // The fence of this version is in the store now. Paused leaders go on, and must be refused.
    for (const { attempt, struck } of this.#paused.splice(0))
      this.#awakened.push(this.#wake(attempt, struck));
    if (this.#last === undefined) return;
    const { cause, at } = this.#last;
    const milliseconds = performance.now() - at;
    const recovery = { cause, version, sealedBefore: this.#sealed, base, nextRow, milliseconds };
    this.journal.recoveries.push(recovery);
    this.#progress.line(describeRecovery(recovery));
    if (base !== this.#sealed) {
      // The leader that sealed it died before it could report the seal.
      this.#sealed = base;
      this.journal.epochs += 1;
    }
  }
}

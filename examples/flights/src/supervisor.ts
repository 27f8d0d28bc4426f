import { wasRefused } from "./checks.ts";
import { Crew } from "./crew.ts";
import type { End } from "./crew.ts";
import { describeDeposed, describeEnd, describeRecovery } from "./descriptions.ts";
import { emptyJournal } from "./journal.ts";
import type { Journal } from "./journal.ts";
import type { Assignment, Elected, Recovered, SealedCut, Struck, WorkEvent } from "./messages.ts";
import type { Progress } from "./progress.ts";
import type { Strike } from "./strike-plan.ts";

/** One leads, and one stands by. */
const crewsAtOnce = 2;
/** Milliseconds. */
const longestPatience = 600_000;
/** If so many crews in a row end without a strike, and nothing is sealed meanwhile, the supervisor gives up. */
const endsInVain = 3;

/** Keeps crews running and strikes them, until one has processed the whole input. Which of them leads, and when, is theirs. */
export class Supervisor {
  readonly journal: Journal = emptyJournal();
  readonly #assignment: Omit<Assignment, "crew" | "patience">;
  /** Of the crews that are started from now on. */
  #patience: number;
  readonly #strikes: Strike[];
  readonly #progress: Progress;
  readonly #running = new Set<Crew>();
  readonly #paused: { readonly crew: Crew; readonly struck: Struck }[] = [];
  readonly #awakened: Promise<void>[] = [];
  readonly #finished = Promise.withResolvers<void>();
  #crews = 0;
  #leader: Crew | undefined;
  /** What the newest leader goes on from. */
  #base: number | undefined;
  /** Why nobody leads, and since when. */
  #vacancy: { readonly cause: End; readonly at: number } | undefined;
  /** The newest epoch that is known to be sealed, and when that was told. */
  #sealed: { readonly epoch: number | undefined; readonly at: number } = {
    epoch: undefined,
    at: performance.now(),
  };
  #inVain = 0;
  #progressed: number | undefined;
  #stopped = false;

  constructor(
    { patience, ...assignment }: Omit<Assignment, "crew">,
    strikes: readonly Strike[],
    progress: Progress,
  ) {
    this.#assignment = assignment;
    this.#patience = patience;
    this.#strikes = [...strikes];
    this.#progress = progress;
  }

  /** Resolves when a crew has finished. */
  async run(): Promise<void> {
    for (let crews = 0; crews < crewsAtOnce; crews++) this.#start();
    await this.#finished.promise;
    await Promise.all(this.#awakened);
  }

  /** Kills every process that is left, paused ones too. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#finished.resolve();
    await Promise.all([...this.#running].map((crew) => this.#end(crew)));
  }

  #start(): void {
    this.#crews += 1;
    const assignment = { ...this.#assignment, crew: this.#crews, patience: this.#patience };
    const crew: Crew = new Crew(assignment, (event) => this.#handle(event, crew));
    this.#running.add(crew);
    this.#watch(crew).catch((error: unknown) => this.#finished.reject(error));
  }

  /** Another crew stands by as soon as one is gone. */
  async #watch(crew: Crew): Promise<void> {
    const end = await crew.end;
    if (this.#stopped) return;
    if (end.type === "finished") return this.#finished.resolve();
    // It may be told that it was refused before its successor says that it was elected.
    if (crew === this.#leader && wasRefused(end)) this.#overtaken(crew);
    if (crew === this.#leader) this.#leaderIsGone(crew, end);
    else if (crew.version !== undefined && !isStruck(end)) this.#deposed(crew.version, undefined, end);
    else this.#progress.line(`✗ ${describeEnd(end)}`);
    if (crew.version === undefined || !wasRefused(end)) this.#checkProgress(isStruck(end));
    if (!this.#paused.some((paused) => paused.crew === crew)) await this.#end(crew);
    if (!this.#stopped) this.#start();
  }

  /** The leader was alive, and slower than the patience of whoever took over: that was too short for this machine. */
  #overtaken({ version = 0 }: Crew): void {
    const cause = { type: "overtaken", version } as const;
    this.#progress.line(`✗ ${describeEnd(cause)}`);
    this.#leader = undefined;
    this.#vacancy = { cause, at: this.#sealed.at };
    this.#patience = Math.min(2 * this.#patience, longestPatience);
  }

  #leaderIsGone(crew: Crew, end: End): void {
    this.#progress.line(`✗ ${describeEnd(end)}`);
    this.#leader = undefined;
    this.#vacancy = { cause: end, at: performance.now() };
    if (isStruck(end)) this.#strikes.shift();
    if (end.type === "paused") this.#paused.push({ crew, struck: end.struck });
  }

  #checkProgress(struck: boolean): void {
    this.#inVain = struck || this.#sealed.epoch !== this.#progressed ? 0 : this.#inVain + 1;
    this.#progressed = this.#sealed.epoch;
    if (this.#inVain < endsInVain) return;
    throw new Error("the job does not get on: see above");
  }

  /** Wakes a paused leader, which does not know that it has a successor. */
  async #wake(crew: Crew, struck: Struck): Promise<void> {
    const end = await crew.resume();
    if (this.#stopped) return;
    this.#deposed(crew.version ?? 0, struck, end);
    await this.#end(crew);
  }

  #deposed(version: number, struck: Struck | undefined, end: End): void {
    const deposed = { version, struck, end };
    this.journal.deposed.push(deposed);
    this.#progress.line(describeDeposed(deposed));
  }

  async #end(crew: Crew): Promise<void> {
    await crew.stop();
    this.#running.delete(crew);
  }

  #handle(event: WorkEvent, crew: Crew): void {
    const { journal } = this;
    if (event.type === "elected") {
      this.#elected(event, crew);
    } else if (event.type === "recovered") {
      this.#recovered(event, crew.version ?? 0);
    } else if (event.type === "pruned") {
      journal.pruned.objects += event.objects;
      journal.pruned.bytes += event.bytes;
    } else if (crew.version !== journal.versions) {
      // What it sealed before its successor took over may be told late. It seals nothing after that.
      if (event.epoch > (this.#base ?? -1)) journal.usurped.push(event.epoch);
    } else {
      this.#count(event);
    }
  }

  #elected({ version, base }: Elected, crew: Crew): void {
    if (this.#leader !== undefined) this.#overtaken(this.#leader);
    this.#leader = crew;
    this.#base = base;
    this.journal.versions = Math.max(this.journal.versions, version);
    crew.commission(this.#strikes[0]);
  }

  #count(event: SealedCut): void {
    const { journal } = this;
    this.#sealed = { epoch: event.epoch, at: performance.now() };
    journal.epochs += 1;
    for (const kind of ["written", "unchanged"] as const) {
      journal[kind].partials += event[kind].partials;
      journal[kind].bytes += event[kind].bytes;
    }
    this.#progress.at(event.to);
  }

  #recovered({ base, nextRow }: Recovered, version: number): void {
    // The fence of this version is in the store now. Paused leaders go on, and must be refused.
    for (const { crew, struck } of this.#paused.splice(0)) this.#awakened.push(this.#wake(crew, struck));
    if (this.#vacancy === undefined) return;
    const { cause, at } = this.#vacancy;
    this.#vacancy = undefined;
    const milliseconds = performance.now() - at;
    const recovery = { cause, version, sealedBefore: this.#sealed.epoch, base, nextRow, milliseconds };
    this.journal.recoveries.push(recovery);
    this.#progress.line(describeRecovery(recovery));
    if (base !== this.#sealed.epoch) {
      // The leader that sealed it died before it could report the seal.
      this.#sealed = { epoch: base, at: performance.now() };
      this.journal.epochs += 1;
    }
  }
}

function isStruck(end: End): boolean {
  return end.type === "killed" || end.type === "paused";
}

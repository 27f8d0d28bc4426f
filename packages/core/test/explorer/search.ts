import { installRepeatableGlobals } from "../simulation/repeatable-globals.ts";
import type { Configuration } from "./configuration.ts";
import { Conflicts } from "./conflicts.ts";
import type { StoreChange } from "./content.ts";
import type { CodeUnderTest } from "./code-under-test.ts";
import { Execution } from "./execution.ts";
import type { Violation } from "./history.ts";
import { choicesOf, type Option, quiescence } from "./scheduler.ts";

export interface SearchOptions {
  readonly code: CodeUnderTest;
  /** How often somebody who could go on is passed over, at most. */
  readonly preemptions?: number;
  readonly milliseconds?: number;
  readonly ignored?: readonly string[];
  /** Whether steps whose place makes no difference are left out of the choices; they are, unless it says other. */
  readonly reduces?: boolean;
  readonly onProgress?: (progress: Progress) => void;
  /** Is told how each schedule that was followed to its end came out. */
  readonly onOutcome?: (outcome: string) => unknown;
}

export interface Progress {
  readonly states: number;
  readonly schedules: number;
  /** Schedules that were left when they came to a state that had been seen before. */
  readonly cut: number;
  /** Every schedule with so many preemptions was tried; -1: not even those without one. */
  readonly bound: number;
  /** How often the search began again, with a conflict that was not known before. */
  readonly restarts: number;
}

export interface Found extends Violation {
  readonly schedule: readonly string[];
  readonly replay: string;
  readonly preemptions: number;
}

export interface SearchResult extends Progress {
  /** Whether every schedule within the bound that was asked for was tried. */
  readonly ended: boolean;
  readonly violation?: Found;
}

/** Tries the schedules of a configuration: those without a preemption first, then those with one, and so on. */
export async function explore(configuration: Configuration, options: SearchOptions): Promise<SearchResult> {
  const search = new Search(configuration, options);
  return search.run();
}

/** Runs the one schedule that the choices stand for, and on to its end without a preemption. */
export async function replay(
  configuration: Configuration,
  trail: string,
  options: Pick<SearchOptions, "code" | "ignored">,
): Promise<{ readonly schedule: readonly string[]; readonly violation?: Violation }> {
  installRepeatableGlobals();
  const ignored = new Set(options.ignored);
  const execution = {
    configuration,
    code: options.code,
    ignored,
    conflicts: new Conflicts(),
    reduces: false,
  };
  const past = await new Execution(execution).past();
  const run = new Execution(execution);
  await run.begin(past);
  for (const choice of choicesOf(trail)) {
    run.scheduler.take(run.scheduler.option(choice));
    await quiescence();
  }
  return {
    schedule: run.scheduler.lines,
    ...(run.violation === undefined ? {} : { violation: run.violation }),
  };
}

const progressEvery = 5000;

class Search {
  readonly #configuration: Configuration;
  readonly #options: SearchOptions;
  readonly #preemptions: number;
  readonly #deadline: number;
  #conflicts = new Conflicts();
  /** Trails that are still to be followed, by how many preemptions they need. */
  #frontier: string[][] = [];
  /** How many of those with the fewest preemptions have been followed. */
  #followed = 0;
  /** The fewest faults with which a state was come to. Those with fewer preemptions came first. */
  #seen = new Map<string, number>();
  #schedules = 0;
  #cut = 0;
  #restarts = 0;
  #bound = -1;
  #nextReport = 0;

  constructor(configuration: Configuration, options: SearchOptions) {
    this.#configuration = configuration;
    this.#options = options;
    this.#preemptions = options.preemptions ?? configuration.preemptions;
    this.#deadline = performance.now() + (options.milliseconds ?? Infinity);
  }

  async run(): Promise<SearchResult> {
    installRepeatableGlobals();
    const past = await this.#execution().past();
    this.#frontier = [[""]];
    for (;;) {
      const trail = this.#next();
      if (trail === undefined) return { ...this.#progress(), ended: true };
      if (performance.now() > this.#deadline) return { ...this.#progress(), ended: false };
      const known = this.#conflicts.learnt;
      const violation = await this.#follow(trail, past);
      if (violation !== undefined) return { ...this.#progress(), ended: false, violation };
      if (this.#conflicts.learnt > known) this.#startOver();
      this.#report();
    }
  }

  #execution(): Execution {
    const { code, ignored = [], reduces = true } = this.#options;
    return new Execution({
      configuration: this.#configuration,
      code,
      conflicts: this.#conflicts,
      ignored: new Set(ignored),
      reduces,
    });
  }

  #next(): string | undefined {
    for (const [preemptions, trails] of this.#frontier.entries()) {
      if (trails.length === 0) continue;
      this.#bound = preemptions - 1;
      const trail = trails[this.#followed];
      this.#followed += 1;
      if (trail !== undefined) return trail;
      // None of so few preemptions will come any more.
      this.#frontier[preemptions] = [];
      this.#followed = 0;
    }
    this.#bound = this.#preemptions;
    return undefined;
  }

  /** What was taken for granted did not hold. */
  #startOver(): void {
    this.#restarts += 1;
    this.#seen = new Map();
    this.#frontier = [[""]];
    this.#followed = 0;
    this.#bound = -1;
  }

  /** Follows a trail to its end, then goes on without preemptions; the other ways to go on are left for later. */
  async #follow(trail: string, past: readonly StoreChange[]): Promise<Found | undefined> {
    this.#schedules += 1;
    const execution = this.#execution();
    const { scheduler } = execution;
    await execution.begin(past);
    for (const choice of choicesOf(trail)) {
      scheduler.take(scheduler.option(choice));
      await quiescence();
    }
    while (execution.violation === undefined) {
      const options = scheduler.options();
      const [first, ...others] = options;
      if (first === undefined) {
        if (scheduler.pending.length > 0) this.#cut += 1;
        else {
          execution.finish();
          this.#options.onOutcome?.(execution.outcome());
        }
        break;
      }
      if (others.length > 0) {
        if (this.#isSeen(execution)) return undefined;
        for (const other of others) this.#leave(execution, other);
      }
      scheduler.take(first);
      await quiescence();
    }
    const { violation } = execution;
    if (violation === undefined) return undefined;
    const { lines: schedule, trail: replayed, preemptions } = scheduler;
    return { ...violation, schedule, replay: replayed, preemptions };
  }

  #isSeen(execution: Execution): boolean {
    const { faults } = execution.scheduler;
    const state = execution.state();
    const fewest = this.#seen.get(state) ?? Infinity;
    if (fewest <= faults) {
      this.#cut += 1;
      return true;
    }
    this.#seen.set(state, faults);
    return false;
  }

  #leave({ scheduler }: Execution, option: Option): void {
    const preemptions = scheduler.preemptions + option.preemptions;
    if (preemptions > this.#preemptions) return;
    while (this.#frontier.length <= preemptions) this.#frontier.push([]);
    this.#frontier[preemptions]?.push(scheduler.trail + scheduler.choice(option));
  }

  #progress(): Progress {
    return {
      states: this.#seen.size,
      schedules: this.#schedules,
      cut: this.#cut,
      bound: this.#bound,
      restarts: this.#restarts,
    };
  }

  #report(): void {
    if (performance.now() < this.#nextReport) return;
    this.#nextReport = performance.now() + progressEvery;
    this.#options.onProgress?.(this.#progress());
  }
}

import { nextIteration } from "../../src/conformance/store-suite/operations.ts";
import type { Clock } from "./clock.ts";
import type { Random } from "./random.ts";

/** Something that may happen next: a request reaches the store, or a response its sender. */
export interface Step {
  /** Whose step it is; a request that nobody waits for any more is `late`. */
  readonly owner: string;
  /** Makes it happen, and says what happened. */
  run(): string;
}

/** What may happen beside the steps: a crash, a caller who gives up. */
export interface Disturbance {
  readonly probability: number;
  run(): string | undefined;
}

/** How the next step is chosen, drawn anew for each schedule: races have many shapes. */
interface Temper {
  /** How likely the one who went last goes on. */
  readonly burst: number;
  /** An actor that is passed over most of the time. */
  readonly slow: string | undefined;
  /** How likely a step of a slow actor, or a late request, is passed over. */
  readonly patience: number;
  readonly timeouts: number;
  /** How likely an owner stands still for a while. Deep races need one that sleeps while the others go on. */
  readonly freezes: number;
}

/** Chooses what happens next, and only when nothing else can run. */
export class Scheduler {
  readonly trace: string[] | undefined;
  /** Counts what has happened. */
  tick = 0;
  /** When an attempt last took too long. */
  lastTimeout = -1;
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #temper: Temper;
  readonly #disturbances: Disturbance[] = [];
  #steps: Step[] = [];
  /** Steps that may not happen yet. */
  #underWay: { readonly step: Step; readonly until: number }[] = [];
  #last: string | undefined;
  #isCalm = false;
  readonly #owners: readonly string[];
  #frozen: { readonly owner: string | undefined; readonly until: number } = { owner: undefined, until: 0 };

  constructor(random: Random, clock: Clock, options: { owners: readonly string[]; trace: boolean }) {
    this.#random = random;
    this.#clock = clock;
    this.trace = options.trace ? [] : undefined;
    const slow = random.below(options.owners.length * 2);
    this.#temper = {
      burst: random.pick([0, 0.3, 0.6]),
      slow: options.owners[slow],
      patience: random.pick([0.5, 0.8, 0.95]),
      timeouts: random.pick([0, 0, 0.005, 0.02]),
      freezes: random.pick([0, 0.01, 0.03]),
    };
    this.#owners = options.owners;
  }

  add(step: Step): void {
    this.#steps.push(step);
  }

  /** The step may happen after so many events, or when nothing else can. */
  addLater(step: Step, events: number): void {
    if (events === 0) this.add(step);
    else this.#underWay.push({ step, until: this.tick + events });
  }

  disturb(disturbance: Disturbance): void {
    this.#disturbances.push(disturbance);
  }

  note(text: string): void {
    this.trace?.push(`${this.tick} ${text}`);
  }

  /** Nothing more is disturbed: what is to come has to succeed. */
  calm(): void {
    this.#disturbances.length = 0;
    this.#isCalm = true;
  }

  /** Lets things happen until `isOver`, or until nothing is left that can; returns whether it is over. */
  async run(isOver: () => boolean): Promise<boolean> {
    for (;;) {
      // Digests and sleeps are in order here: when the microtasks end, whatever can run without a step has run.
      await nextIteration();
      if (isOver()) return true;
      this.tick += 1;
      this.#arrive();
      const happened = this.#disturbance() ?? this.#passTime() ?? this.#step();
      if (happened === undefined) return isOver();
      this.note(happened);
    }
  }

  /** Steps whose time has come may happen; if nothing else can, so may the next ones. */
  #arrive(): void {
    if (this.#underWay.length === 0) return;
    const { next: sleep } = this.#clock;
    const isIdle = this.#steps.length === 0 && (sleep === undefined || sleep === "timeout");
    const next = isIdle ? Math.min(...this.#underWay.map(({ until }) => until)) : 0;
    const now = Math.max(this.tick, next);
    const rest = this.#underWay.filter(({ until }) => until > now);
    for (const { step, until } of this.#underWay) if (until <= now) this.#steps.push(step);
    this.#underWay = rest;
  }

  #disturbance(): string | undefined {
    for (const disturbance of this.#disturbances) {
      if (!this.#random.chance(disturbance.probability)) continue;
      const happened = disturbance.run();
      if (happened !== undefined) return happened;
    }
    return undefined;
  }

  #passTime(): string | undefined {
    const next = this.#clock.next;
    if (next === undefined) return undefined;
    const timeouts = this.#isCalm ? 0 : this.#temper.timeouts;
    const waiting = this.#steps.length;
    // Once faults have stopped, what can happen happens before any time passes: no response is slow but by its size.
    const others = this.#isCalm ? 0 : 1 / (waiting + 1);
    const likelihood = waiting === 0 ? 1 : next === "timeout" ? timeouts : others;
    if (!this.#random.chance(likelihood)) return undefined;
    if (next === "timeout") this.lastTimeout = this.tick;
    return this.#clock.advance();
  }

  #step(): string | undefined {
    const step = this.#choose();
    if (step === undefined) return undefined;
    this.#steps.splice(this.#steps.indexOf(step), 1);
    this.#last = step.owner;
    return `${step.owner}: ${step.run()}`;
  }

  #choose(): Step | undefined {
    const { burst, slow, patience, freezes } = this.#temper;
    if (this.#frozen.until < this.tick && this.#random.chance(freezes)) {
      const owner = this.#owners[this.#random.below(this.#owners.length)];
      this.#frozen = { owner, until: this.tick + 20 + this.#random.below(100) };
    }
    const frozen = this.#frozen.until < this.tick ? undefined : this.#frozen.owner;
    if (burst > 0 && frozen !== this.#last && this.#random.chance(burst)) {
      const own = this.#steps.filter(({ owner }) => owner === this.#last);
      const step = own[this.#random.below(own.length)];
      if (step !== undefined && step.owner !== "late") return step;
    }
    const awake = frozen === undefined ? this.#steps : this.#steps.filter(({ owner }) => owner !== frozen);
    const steps = awake.length > 0 ? awake : this.#steps;
    for (let tries = 1; ; tries++) {
      const step = steps[this.#random.below(steps.length)];
      const passedOver = step?.owner === "late" || step?.owner === slow;
      if (!passedOver || tries === 4 || !this.#random.chance(patience)) return step;
    }
  }
}

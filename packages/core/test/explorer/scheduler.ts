import { type Access, conflict, type Conflicts, type Positions } from "./conflicts.ts";
import { fingerprint } from "./fingerprint.ts";

/** What becomes of a request that may fail. Each but `answered` is a fault, and costs one of the configuration's. */
export type Fate = "answered" | "lost" | "delayed" | "twice" | "failed";

/** Who does one thing after the other: an actor, or a request that arrives late. */
export interface Thread {
  readonly id: string;
  /** Requests that land late have no caller who waits. */
  readonly isLate: boolean;
  /** Whose backend it calls. */
  readonly backend: string;
  /** Whether another thread calls the same backend: then each response may change what the other does. */
  readonly sharesBackend: boolean;
}

/** A step that was taken, with what it did then. */
interface Taken {
  readonly thread: Thread;
  readonly access: Access;
}

/** Something that may happen next. */
export interface Step {
  readonly thread: Thread;
  /** The request that it is a part of, or the call that it begins. */
  readonly part: object;
  readonly label: string;
  readonly access: Access;
  readonly fates: readonly Fate[];
  /** What is known so far of the request that it is a part of. */
  state(): string;
  /** Makes it happen. @returns what came of it */
  run(fate: Fate): string;
}

/** One way to go on. */
export interface Option {
  readonly step: Step;
  readonly fate: Fate;
  /** How many times somebody who could go on is passed over. */
  readonly preemptions: number;
}

/** Holds what may happen next in one run of a configuration, and makes it happen. */
export class Scheduler {
  tick = 0;
  preemptions = 0;
  faults = 0;
  /** The choices so far: what `replay` takes. */
  trail = "";
  readonly lines: string[] = [];
  readonly #conflicts: Conflicts;
  readonly #positions: Positions;
  readonly #faultBudget: number;
  /** Whether steps whose place makes no difference are left out of the choices. */
  readonly #reduces: boolean;
  /** What others did since a thread was passed over. */
  readonly #since = new Map<Thread, Taken[]>();
  #pending: Step[] = [];
  #current: Thread | undefined;
  #last: Step | undefined;

  constructor(conflicts: Conflicts, positions: Positions, faultBudget: number, reduces: boolean) {
    this.#reduces = reduces;
    this.#conflicts = conflicts;
    this.#positions = positions;
    this.#faultBudget = faultBudget;
  }

  get pending(): readonly Step[] {
    return this.#pending;
  }

  add(step: Step): void {
    this.#pending.push(step);
  }

  remove(step: Step): void {
    this.#pending = this.#pending.filter((other) => other !== step);
  }

  /** The ways to go on, the first of which needs no preemption. A single one is no choice. */
  options(): readonly Option[] {
    const only = this.#pending.find((step) => this.#isAlone(step));
    if (only !== undefined) return this.#withFates(only, 0);
    const waiting = this.#pending.filter(({ thread }) => !thread.isLate);
    // When all calls have ended, what is left lands in any order: only the last look at the store is to come.
    const [late] = this.#pending;
    if (waiting.length === 0)
      return late === undefined ? [] : [{ step: late, fate: "answered", preemptions: 0 }];

    const current = this.#pending.some(({ thread }) => thread === this.#current) ? this.#current : undefined;
    // A backend that is alone may as well begin its call when the first request is sent.
    const isBound = current !== undefined && this.#last?.access.kind === "begin" && !current.sharesBackend;
    const ordered = [...waiting, ...this.#pending.filter(({ thread }) => thread.isLate)];
    const first = new Set<Thread>();
    const options: Option[] = [];
    for (const step of [
      ...ordered.filter(({ thread }) => thread === current),
      ...ordered.filter(({ thread }) => thread !== current),
    ]) {
      const { thread } = step;
      if (isBound && thread !== current) continue;
      if (this.#cameTooLate(step)) continue;
      const leaves = current !== undefined && thread !== current ? 1 : 0;
      options.push(...this.#withFates(step, leaves + (first.has(thread) ? 1 : 0)));
      first.add(thread);
    }
    return options;
  }

  /** Whether a step can come first without loss: nobody else's step can make a difference to it. */
  #isAlone(step: Step): boolean {
    const { thread, part, access } = step;
    if (!this.#reduces || access.kind === "begin" || access.kind === "give up") return false;
    if (thread.sharesBackend && this.#last?.part !== part) return false;
    return this.#conflicts.isAlone(thread.id, access, this.#positions);
  }

  /**
   * Whether a thread was passed over for nothing: if what the others did since does not conflict with its step, then the
   * schedule in which the step came first, and the thread was passed over after it, is the same, and is tried as well.
   */
  #cameTooLate({ thread, access }: Step): boolean {
    const since = this.#reduces ? this.#since.get(thread) : undefined;
    return (
      since !== undefined && !since.some((other) => areRelated(thread, other.thread, access, other.access))
    );
  }

  #withFates(step: Step, preemptions: number): Option[] {
    const fates = this.faults < this.#faultBudget ? step.fates : (["answered"] as const);
    return fates.map((fate) => ({ step, fate, preemptions }));
  }

  /** Makes one happen. */
  take({ step, fate, preemptions }: Option): void {
    this.tick += 1;
    this.preemptions += preemptions;
    if (fate !== "answered") this.faults += 1;
    this.trail += this.choice({ step, fate });
    // A step that makes no difference to others passes nobody over.
    const isAside = step.thread !== this.#current && this.#isAlone(step);
    this.remove(step);
    if (!isAside) this.#goOnWith(step);
    const cost = preemptions === 0 ? "" : ` (preemptions: ${this.preemptions})`;
    const outcome = step.run(fate);
    this.lines.push(`${step.thread.id} ${step.label} → ${outcome}${cost}`);
  }

  #goOnWith(step: Step): void {
    const { thread, access } = step;
    const current = this.#pending.some((other) => other.thread === this.#current) ? this.#current : undefined;
    this.#since.delete(thread);
    if (current !== undefined && current !== thread) this.#since.set(current, this.#since.get(current) ?? []);
    for (const taken of this.#since.values()) taken.push({ thread, access });
    this.#current = thread.isLate ? current : thread;
    this.#last = step;
  }

  /** An option, as a trail names it. */
  choice({ step, fate }: Pick<Option, "step" | "fate">): string {
    return encodeChoice(this.#pending.indexOf(step), fate);
  }

  /** What the next steps depend on, beside the store, the backends and the observer. */
  state(): string {
    const steps = this.#pending.map((step) => `${step.thread.id} ${step.label} ${step.state()}`);
    const isBegun = this.#last?.access.kind === "begin" ? "begun" : "";
    const late = this.#pending.filter((step) => this.#cameTooLate(step)).map(({ label }) => label);
    return fingerprint(`${this.#current?.id} ${isBegun} ${late.join()}\n${steps.join("\n")}`);
  }

  /** The option that one choice of a trail stands for. */
  option(choice: string): Option {
    const { index, fate } = decodeChoice(choice);
    const step = this.#pending[index];
    if (step === undefined) throw new NoSuchStep(choice);
    const option = this.options().find((other) => other.step === step && other.fate === fate);
    return option ?? { step, fate, preemptions: 1 };
  }
}

/** A trail that does not fit what it is replayed with. */
export class NoSuchStep extends Error {
  constructor(choice: string) {
    super(`there is no step ${choice}: the code or the configuration has changed`);
  }
}

/** Whether the order of two threads' steps can matter: by the store, or by what their backend keeps in memory. */
function areRelated(a: Thread, b: Thread, first: Access, second: Access): boolean {
  return (a.backend === b.backend && !a.isLate && !b.isLate) || conflict(first, second);
}

const fateLetters = { answered: "", lost: "L", delayed: "D", twice: "T", failed: "F" } as const;

function encodeChoice(index: number, fate: Fate): string {
  return index.toString(36) + fateLetters[fate];
}

/** A choice is the place of a step among those that are pending, in base 36, and the letter of a fault. */
export function choicesOf(trail: string): readonly string[] {
  return trail.match(/[0-9a-z][A-Z]?/g) ?? [];
}

function decodeChoice(choice: string): { readonly index: number; readonly fate: Fate } {
  const letter = choice.slice(1);
  const fate = (Object.keys(fateLetters) as Fate[]).find((name) => fateLetters[name] === letter);
  if (fate === undefined) throw new Error(`${choice} names no fault`);
  return { index: Number.parseInt(choice.charAt(0), 36), fate };
}

/** Everything that needs no step has run when the microtasks end: digests and sleeps are in order here. */
export function quiescence(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

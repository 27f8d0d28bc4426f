import { AsyncLocalStorage } from "node:async_hooks";
import { StoreError } from "../../src/errors.ts";
import type { Access } from "./conflicts.ts";
import type { Content } from "./content.ts";
import type { Fate, Step, Thread } from "./scheduler.ts";

/** On whose behalf the code under test runs. Outside of every thread a request takes effect at once. */
export const currentThread: AsyncLocalStorage<Thread> = new AsyncLocalStorage();

/** How the requests of a configuration take effect. */
export interface Habits {
  /** Whether a listing takes names first and looks at each of them later. */
  readonly looks: (prefix: string) => boolean;
  /** Whether the keys of a delete go one by one. */
  readonly deletesOneByOne: boolean;
  /** The faults that a request may meet. */
  readonly fates: (operation: string, key: string) => readonly Fate[];
}

/** What a store needs of the run that it belongs to. */
export interface Run {
  readonly tick: number;
  add(step: Step): void;
  remove(step: Step): void;
  touched(thread: Thread, access: Access): void;
  /** A listing of control takes its names. @returns what stands in control, for the trace */
  looksAtControl(thread: Thread | undefined): string;
  lateThread(sender: Thread): Thread;
}

export interface Response {
  readonly thread: Thread;
  readonly operation: string;
  readonly key: string;
  readonly text: string;
}

export interface StoreSurroundings {
  readonly content: Content;
  readonly run: Run;
  readonly habits: Habits;
  /** Is told of every response that the backend gets. */
  readonly responded: (response: Response) => void;
}

/** What takes effect in one step. */
export interface Part {
  readonly label: string;
  access(): Access;
  run(request: PendingRequest): string;
}

interface Sent {
  readonly operation: string;
  readonly key: string;
  readonly parts: readonly Part[];
  /** Identifies the body that was sent. */
  readonly body: string;
  readonly signal: AbortSignal | undefined;
}

/** One request under way: its parts take effect one by one, the response comes with the last. */
export class PendingRequest {
  readonly #around: StoreSurroundings;
  readonly #sent: Sent;
  readonly #thread: Thread | undefined = currentThread.getStore();
  readonly #outcomes: string[] = [];
  #waiting: Part[];
  #steps: Step[] = [];
  #finish: (error?: StoreError) => void = () => undefined;
  #isAnswered = false;

  constructor(around: StoreSurroundings, sent: Sent) {
    this.#around = around;
    this.#sent = sent;
    this.#waiting = [...sent.parts];
  }

  /** The parts follow this one, in any order. */
  append(parts: readonly Part[]): void {
    this.#waiting.push(...parts);
  }

  send<T>(response: (outcomes: readonly string[]) => T): Promise<T> {
    const thread = this.#thread;
    if (thread === undefined) {
      for (let part = this.#waiting.shift(); part !== undefined; part = this.#waiting.shift())
        this.#outcomes.push(part.run(this));
      return Promise.resolve(response(this.#outcomes));
    }
    return new Promise((resolve, reject) => {
      this.#finish = (error) => {
        if (this.#isAnswered) return;
        this.#isAnswered = true;
        const text = error?.code ?? this.#outcomes.join(" ");
        this.#around.responded({ thread, operation: this.#sent.operation, key: this.#sent.key, text });
        if (error === undefined) resolve(response(this.#outcomes));
        else reject(error);
      };
      this.#sent.signal?.addEventListener("abort", () => this.#giveUp(thread), { once: true });
      this.#schedule(thread, true);
    });
  }

  /** Makes the next parts steps: those of a page's names all at once, those of a delete one after the other. */
  #schedule(thread: Thread, isFirst: boolean): void {
    const { operation, key } = this.#sent;
    const { run, habits } = this.#around;
    const parts = operation === "list" ? this.#waiting.splice(0) : this.#waiting.splice(0, 1);
    for (const part of parts) {
      const step: Step = {
        thread,
        part: this,
        label: part.label,
        get access() {
          return part.access();
        },
        fates: isFirst && !thread.isLate ? ["answered", ...habits.fates(operation, key)] : ["answered"],
        state: () => `${this.#sent.body} ${this.#outcomes.join(" ")} ${this.#waiting.length}`,
        run: (fate) => this.#run(step, part, fate),
      };
      this.#steps.push(step);
      run.add(step);
    }
  }

  #run(step: Step, part: Part, fate: Fate): string {
    const { run } = this.#around;
    this.#steps = this.#steps.filter((other) => other !== step);
    if (fate === "failed" || fate === "delayed") {
      if (fate === "delayed") this.#landLater(step.thread, [part, ...this.#waiting.splice(0)]);
      this.#waiting = [];
      this.#finish(noResponse());
      return fate === "failed" ? "no response" : "no response, it lands later";
    }
    run.touched(step.thread, part.access());
    const outcome = part.run(this);
    this.#outcomes.push(outcome);
    if (fate === "twice") this.#landLater(step.thread, [part]);
    if (fate === "lost") {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        run.touched(step.thread, next.access());
        this.#outcomes.push(next.run(this));
      }
      this.#finish(noResponse());
      return `${outcome}, and no response`;
    }
    this.#schedule(step.thread, false);
    if (this.#steps.length === 0) this.#finish();
    return fate === "twice" ? `${outcome}, and it lands once more later` : outcome;
  }

  #landLater(sender: Thread, parts: readonly Part[]): void {
    const { run } = this.#around;
    const thread = run.lateThread(sender);
    const [part, ...rest] = parts;
    if (part === undefined) return;
    const step: Step = {
      thread,
      part: {},
      label: part.label,
      get access() {
        return part.access();
      },
      fates: ["answered"],
      state: () => `${this.#sent.body} ${rest.map(({ label }) => label).join(" ")}`,
      run: () => {
        run.touched(thread, part.access());
        const outcome = part.run(this);
        for (const next of rest) {
          run.touched(thread, next.access());
          next.run(this);
        }
        return `${outcome}, late`;
      },
    };
    run.add(step);
  }

  /** Nobody waits any more: what was sent may land all the same. */
  #giveUp(thread: Thread): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    const { run } = this.#around;
    for (const step of this.#steps) run.remove(step);
    const isChange = this.#sent.operation === "create" || this.#sent.operation === "delete";
    if (isChange && this.#steps.length > 0) this.#landLater(thread, this.#sent.parts.slice(-1));
    this.#steps = [];
  }
}

function noResponse(): StoreError {
  return new StoreError("Unavailable", "no response");
}

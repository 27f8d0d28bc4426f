import { Crew } from "./crew.ts";
import { Judge, type State, stateAfter } from "./judge.ts";
import { type Call, type Response, type Values, vnodeCapacity } from "./messages.ts";
import type { Place } from "./place.ts";
import { Random } from "./random.ts";

export interface StressOptions {
  readonly place: Place;
  /** How many of core's responses are judged before the run ends. */
  readonly responses: number;
  readonly seed: number;
  /** Ends the run before that, in milliseconds. */
  readonly timeLimitMs?: number | undefined;
  /** Ends the run at the first response that is wrong. */
  readonly stopAtWrong?: boolean | undefined;
  readonly onProgress?: ((responses: number) => void) | undefined;
}

export interface StressReport {
  readonly responses: number;
  /** How many responses there were of each call and outcome: `latest: returned`. */
  readonly counts: Readonly<Record<string, number>>;
  /** What was wrong, the first 20 in words. */
  readonly wrong: readonly string[];
  readonly wrongCount: number;
  readonly processes: number;
  readonly seconds: number;
}

/** Leaders that depose one another, readers, and one process for an operator's prunes and aborts. */
const leaders = 2;
const readers = 3;
/** Of each reader: they keep one another waiting between two looks at a directory. */
const readsAtOnce = 8;
const lastVnodes = vnodeCapacity - 1;

/** A backend as the parent knows it. */
interface Backend {
  readonly crew: Crew;
  readonly name: string;
  readonly version: number;
  readonly readOnly: boolean;
}

/** Runs processes on one store until so many of core's responses were judged. */
export async function stress(options: StressOptions): Promise<StressReport> {
  const starting = Array.from({ length: leaders + readers + 1 }, (_, index) =>
    Crew.start(options.place, index > leaders ? 1 : 4),
  );
  try {
    return await new Run(options, await Promise.all(starting)).run();
  } finally {
    for (const crew of await Promise.allSettled(starting)) {
      if (crew.status === "fulfilled") await crew.value.end();
    }
  }
}

class Run {
  readonly #options: StressOptions;
  readonly #crews: readonly Crew[];
  readonly #random: Random;
  readonly #judge = new Judge();
  readonly #counts = new Map<string, number>();
  readonly #wrong: string[] = [];
  readonly #started = performance.now();
  readonly #pauses = new Set<{ readonly until: number; readonly resume: () => void }>();
  #wrongCount = 0;
  #responses = 0;
  #version = 0;
  #names = 0;
  /** The highest epoch that a leader has asked to seal. */
  #highestAsked = 0;

  constructor(options: StressOptions, crews: readonly Crew[]) {
    this.#options = options;
    this.#crews = crews;
    this.#random = new Random(options.seed);
  }

  async run(): Promise<StressReport> {
    const [operator, ...others] = this.#crews;
    const work = others.slice(0, leaders).map((crew, index) => this.#lead(crew, index * 40));
    for (const crew of others.slice(leaders)) {
      for (let slot = 0; slot < readsAtOnce; slot += 1) work.push(this.#readOn(crew));
    }
    if (operator !== undefined) work.push(this.#operate(operator), this.#abortOn(operator));
    await Promise.all(work);
    for (const wrong of this.#judge.atTheEnd()) this.#note(wrong);
    return {
      responses: this.#responses,
      counts: Object.fromEntries([...this.#counts].toSorted(([a], [b]) => (a < b ? -1 : 1))),
      wrong: this.#wrong,
      wrongCount: this.#wrongCount,
      processes: this.#crews.length,
      seconds: (performance.now() - this.#started) / 1_000,
    };
  }

  get #isOver(): boolean {
    const { responses, timeLimitMs = Infinity, stopAtWrong = false } = this.#options;
    if (stopAtWrong && this.#wrongCount > 0) return true;
    return this.#responses >= responses || performance.now() - this.#started > timeLimitMs;
  }

  /** Sends the call and judges what it came to. */
  async #ask(
    { crew, name, version, readOnly }: Backend,
    call: Call,
    { last = false, state }: { readonly last?: boolean; readonly state?: State } = {},
  ): Promise<Response> {
    this.#judge.send(call, name, state);
    const sent = { backend: name, call, version, before: this.#judge.before };
    const response = await crew.ask({ backend: name, readOnly, last, call });
    this.#responses += 1;
    const outcome = "error" in response ? (response.error.code ?? "no code") : "returned";
    const key = `${call.name}: ${outcome}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    const wrong =
      "error" in response ? this.#judge.error(sent, response.error) : this.#judge.value(sent, response.value);
    if (wrong !== undefined)
      this.#note(`response ${this.#responses}, ${JSON.stringify(call)} of ${name}: ${wrong}`);
    if (this.#responses % 1_000 === 0) this.#options.onProgress?.(this.#responses);
    for (const pause of this.#pauses) {
      if (pause.until > this.#responses && !this.#isOver) continue;
      this.#pauses.delete(pause);
      pause.resume();
    }
    return response;
  }

  #note(wrong: string): void {
    this.#wrongCount += 1;
    if (this.#wrong.length < 20) this.#wrong.push(wrong);
  }

  /** Resolves when so many more responses have come. Readers never pause, so that they do come. */
  async #pause(responses: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (responses === 0 || this.#isOver) return;
    this.#pauses.add({ until: this.#responses + responses, resume: resolve });
    await promise;
  }

  #backend(crew: Crew, kind: string, version: number, readOnly: boolean): Backend {
    return { crew, name: `${kind}${this.#names++}`, version, readOnly };
  }

  async #lead(crew: Crew, pause: number): Promise<void> {
    await this.#pause(pause);
    while (!this.#isOver) {
      this.#version += 1;
      const backend = this.#backend(crew, "leader", this.#version, false);
      const takeover = await this.#ask(backend, { name: "takeover", version: backend.version });
      if (!("error" in takeover)) {
        await this.#sealOn(backend, takeover.value as Values["takeover"]);
        // One more, though it leads no longer.
        const epoch = this.#highestAsked + 1;
        await this.#ask(backend, { name: "write", epoch, version: backend.version }, { last: true });
      }
      await this.#pause(20 + this.#random.below(200));
    }
  }

  /** Seals epochs until another leads, or an outcome is not known. */
  async #sealOn(backend: Backend, { base, nextEpoch }: Values["takeover"]): Promise<void> {
    const { name, version } = backend;
    let state = base === undefined ? undefined : this.#judge.stateOf(base.epoch);
    for (let epoch = nextEpoch; !this.#isOver; epoch += 1) {
      this.#highestAsked = Math.max(this.#highestAsked, epoch);
      if (this.#random.chance(0.05)) {
        await this.#ask(backend, { name: "write", epoch, version });
        continue;
      }
      const changed = this.#random.below(lastVnodes) + 1;
      const all = Array.from({ length: vnodeCapacity }, (_, vnode) => vnode);
      const written = state === undefined ? all : [0, changed];
      const unchanged = all.filter((vnode) => !written.includes(vnode));
      const next = stateAfter(state, epoch, written, name);
      const seal = { name: "seal", epoch, version, written, unchanged } as const;
      const response = await this.#ask(backend, seal, { state: next });
      if (!("error" in response)) {
        state = next;
        if (this.#random.chance(0.5)) {
          const before = Math.max(0, epoch - this.#random.below(3));
          await this.#ask(backend, { name: "prune", before, asOperator: false });
        }
      } else if (response.error.code !== "EpochAborted") {
        return;
      }
    }
  }

  async #operate(crew: Crew): Promise<void> {
    await this.#pause(30);
    const long = this.#backend(crew, "operator", 0, false);
    while (!this.#isOver) {
      const fresh = this.#random.chance(0.3);
      const backend = fresh ? this.#backend(crew, "operator", 0, false) : long;
      const before = Math.max(0, this.#judge.before.sealed - this.#random.below(3));
      await this.#ask(backend, { name: "prune", before, asOperator: true }, { last: fresh });
      await this.#pause(this.#random.below(4));
    }
  }

  /** Aborts epochs that are sealed, pruned, or about to be sealed. */
  async #abortOn(crew: Crew): Promise<void> {
    await this.#pause(30);
    while (!this.#isOver) {
      const backend = this.#backend(crew, "aborter", 0, false);
      const isAhead = this.#random.chance(0.1);
      const epoch = isAhead ? this.#highestAsked : this.#judge.before.sealed - this.#random.below(6);
      await this.#ask(backend, { name: "abort", epoch: Math.max(0, epoch) }, { last: true });
      await this.#pause(this.#random.below(6));
    }
  }

  /** Reads as a process does that has just come up, or as one that has been there for a while. */
  async #readOn(crew: Crew): Promise<void> {
    let long = this.#backend(crew, "reader", 0, true);
    while (!this.#isOver) {
      if (this.#random.chance(0.02)) {
        await this.#ask(long, { name: "sealedEpochs", after: -1 }, { last: true });
        long = this.#backend(crew, "reader", 0, true);
      }
      const fresh = this.#random.chance(0.6);
      const backend = fresh ? this.#backend(crew, "reader", 0, true) : long;
      await this.#ask(backend, this.#reading(), { last: fresh });
    }
  }

  #reading(): Call {
    const { sealed, floor } = this.#judge.before;
    const vnode = this.#random.below(vnodeCapacity);
    const readable = this.#judge.retained.filter((epoch) => this.#judge.stateOf(epoch) !== undefined);
    switch (this.#random.below(5)) {
      case 0:
        return { name: "sealedEpochs", after: this.#random.chance(0.5) ? -1 : Math.max(-1, sealed - 2) };
      case 1:
        return { name: "describe", epoch: Math.max(0, sealed - this.#random.below(4)) };
      case 2:
        return { name: "describe", epoch: Math.max(0, floor - 1 - this.#random.below(3)) };
      case 3: {
        const epoch = readable[this.#random.below(readable.length)];
        if (epoch !== undefined) return { name: "read", epoch, vnode };
        return { name: "latest", vnode };
      }
      default:
        return { name: "latest", vnode };
    }
  }
}

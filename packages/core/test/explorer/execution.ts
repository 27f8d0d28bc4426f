import type { GiveUp, OpenOptions, RecoverNamespace, RecoverOptions } from "../../src/open-options.ts";
import { resetUuids } from "../simulation/repeatable-globals.ts";
import { Actor } from "./actor.ts";
import { type Call, perform, textOfCall } from "./calls.ts";
import type { CodeUnderTest } from "./code-under-test.ts";
import { type Configuration, habitsOf } from "./configuration.ts";
import type { Access, Conflicts } from "./conflicts.ts";
import { Content, type StoreChange } from "./content.ts";
import { fingerprint } from "./fingerprint.ts";
import { History, type Violation } from "./history.ts";
import { Instance, type Opened } from "./instance.ts";
import { type ObservedCall, Observer } from "./observer.ts";
import { quiescence, Scheduler, type Thread } from "./scheduler.ts";
import { currentThread, type Habits, type Response, type Run } from "./request.ts";
import { ExploredStore } from "./store.ts";

/** Instance ids are counted from here once the past is over: it is not run again. */
const firstIdOfPresent = 20;

export interface ExecutionOptions {
  readonly configuration: Configuration;
  readonly code: CodeUnderTest;
  readonly conflicts: Conflicts;
  /** Names of violations that are passed over. */
  readonly ignored: ReadonlySet<string>;
  /** Whether steps whose place makes no difference are left out of the choices. */
  readonly reduces: boolean;
}

/** One run of a configuration, from its starting state to the end of every call. */
export class Execution {
  readonly scheduler: Scheduler;
  readonly history: History;
  readonly #options: ExecutionOptions;
  readonly #observer: Observer;
  readonly #content: Content;
  readonly #instances = new Map<string, Instance>();
  readonly #habits: Habits;
  readonly #run: Run;
  #actors: readonly Actor[] = [];
  /** The call that is performed where nothing is a choice. */
  #staged: ObservedCall | undefined;
  #lateThreads = 0;
  readonly #lateIds = new Set<string>();
  #lastId = "";

  constructor(options: ExecutionOptions) {
    const { configuration, conflicts, ignored, reduces } = options;
    this.#options = options;
    const scheduler = new Scheduler(
      conflicts,
      (id) => this.#position(id),
      configuration.faults?.budget ?? 0,
      reduces,
    );
    this.scheduler = scheduler;
    this.history = new History(() => scheduler.tick, ignored);
    this.#observer = new Observer(this.history, () => scheduler.faults > 0);
    this.#content = new Content(this.history);
    this.history.watch(this.#content.objects);
    this.#habits = habitsOf(configuration);
    this.#run = {
      get tick() {
        return scheduler.tick;
      },
      add: (step) => scheduler.add(step),
      remove: (step) => scheduler.remove(step),
      touched: (thread, access) => this.#touched(thread, access),
      looksAtControl: (thread) => this.#looksAtControl(thread),
      lateThread: (sender) => this.#lateThread(sender),
    };
  }

  /** Runs the past: what it changed in the store is all that is left of it. */
  async past(): Promise<readonly StoreChange[]> {
    this.#countIdsFrom(0);
    await this.#options.configuration.past(this.#stage);
    return this.#content.changes;
  }

  /** Brings the store to where the past has left it, and everyone onto the stage. */
  async begin(past: readonly StoreChange[]): Promise<void> {
    for (const { key, body, isDamage = false } of past) {
      if (isDamage) this.#content.damage(key, body);
      else if (body === undefined) this.#content.delete(key);
      else this.#content.create(key, body, 0);
    }
    this.#countIdsFrom(firstIdOfPresent);
    const roles = await this.#options.configuration.present(this.#stage);
    const shared = (instance: string): boolean =>
      roles.filter((role) => role.instance === instance).length > 1;
    this.#actors = roles.map((role, index) => {
      const name = shared(role.instance) ? `${role.instance}${index + 1}` : role.instance;
      return new Actor(name, this.#instance(role.instance), role.calls, shared(role.instance));
    });
    for (const actor of this.#actors) void this.#act(actor);
    await quiescence();
  }

  /** What everyone was told, and what is left. */
  outcome(): string {
    return [
      ...this.#actors.map(({ id, told }) => `${id}: ${told.join("; ")}`),
      this.#content.fingerprint.value,
    ].join("\n");
  }

  /** What all that is to come depends on. */
  state(): string {
    const { scheduler, history } = this;
    const chains = this.#actors.map(
      ({ instance, observed }) =>
        `${instance.chain} ${observed?.lastControl?.floor} ${observed?.lastControl?.fence}`,
    );
    return fingerprint(
      `${this.#content.fingerprint.value} ${history.facts.value} ${scheduler.state()} ${chains.join(" ")}`,
    );
  }

  /** Nothing can happen any more. */
  finish(): void {
    const waiting = this.#actors.filter(({ position }) => position < Infinity);
    if (waiting.length > 0)
      this.history.violate(
        "stuck",
        `8: nothing can happen any more, and ${waiting.map(({ id }) => id).join(" ")} wait`,
      );
  }

  get violation(): Violation | undefined {
    return this.history.violation;
  }

  readonly #stage = {
    open: async (id: string, options: Partial<OpenOptions> = {}): Promise<void> => {
      await this.#enter(id).open(options);
    },
    put: (key: string, text: string): void => {
      this.#content.create(key, new TextEncoder().encode(text), 0);
    },
    damage: (key: string, text: string): void => {
      this.#content.damage(key, new TextEncoder().encode(text));
    },
    lose: (key: string): void => {
      this.#content.damage(key, undefined);
    },
    call: async (id: string, ...calls: readonly Call[]): Promise<void> => {
      for (const call of calls) {
        const what = await this.#perform(this.#instance(id), call);
        this.scheduler.lines.push(`before: ${id} ${textOfCall(call)} = ${what}`);
      }
    },
  };

  /** One who has not opened its backend yet. */
  #enter(id: string): Instance {
    const instance = new Instance(
      id,
      (options) => this.#open(id, options),
      (damage) => this.#recover(id, damage),
      (peer) => this.#instance(peer),
    );
    this.#instances.set(id, instance);
    return instance;
  }

  async #open(id: string, options: Partial<OpenOptions>): Promise<Opened> {
    const verifyObjects = this.#options.configuration.anchors !== true;
    this.#instance(id).verifiesObjects = verifyObjects;
    const backend = await this.#options.code.open({
      ...this.#surroundingsOf(id),
      vnodeCapacity: 4,
      verifyObjects,
      ...options,
    });
    return { backend, incarnation: this.#lastId };
  }

  #recover(id: string, damage: GiveUp | RecoverNamespace): Promise<unknown> {
    const { code } = this.#options;
    const around = this.#surroundingsOf(id);
    return "giveUp" in damage
      ? code.giveUp({ ...around, ...damage })
      : code.recoverNamespace({ ...around, ...damage });
  }

  #surroundingsOf(id: string): RecoverOptions {
    const store = new ExploredStore({
      content: this.#content,
      run: this.#run,
      habits: this.#habits,
      responded: (response) => this.#responded(id, response),
    });
    const retry = {
      attempts: 1,
      now: () => 0,
      sleep: () => new Promise<void>(() => undefined),
      random: () => 0,
    };
    return { store, instanceId: id, retry };
  }

  #instance(id: string): Instance {
    return this.#instances.get(id) ?? this.#enter(id);
  }

  async #act(actor: Actor): Promise<void> {
    for (const call of actor.calls) {
      await this.#turn(actor, call);
      const isDone = await currentThread.run(actor, () => this.#performOn(actor, call));
      if (!isDone && (call.kind === "takeover" || call.kind === "open")) break;
      actor.position += 1;
    }
    actor.position = Infinity;
  }

  /** The moment at which a call begins is a choice, too. */
  #turn(actor: Actor, call: Call): Promise<void> {
    return new Promise((resolve) => {
      this.scheduler.add({
        thread: actor,
        part: call,
        label: textOfCall(call),
        access: { kind: "begin" },
        fates: ["answered"],
        state: () => "",
        run: () => {
          resolve();
          return "begins";
        },
      });
    });
  }

  async #performOn(actor: Actor, call: Call): Promise<boolean> {
    const { instance, id } = actor;
    const caller = new AbortController();
    const giveUp = this.#mayGiveUp(actor, caller);
    const what = await this.#perform(instance, call, actor, caller.signal);
    giveUp();
    this.#heard(instance.id, `${id} ends ${what}`);
    this.scheduler.lines.push(`${id} ${textOfCall(call)} = ${what}`);
    actor.told.push(what);
    return !what.includes("sealed ");
  }

  async #perform(
    instance: Instance,
    call: Call,
    actor?: Actor,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<string> {
    const observed = this.#observer.begin(instance, call);
    if (actor === undefined) {
      this.#staged = observed;
      observed.learnt = -1;
    } else {
      actor.observed = observed;
      const { newest, floor, fence, isKnown, sealed } = observed.begin;
      const { wasVoid, ambiguous, begin } = observed;
      const damage = `${begin.unreadable.join()} ${begin.isLost} ${begin.gaveUp} ${observed.states.join()}`;
      this.#heard(
        instance.id,
        `${actor.id} begins ${textOfCall(call)} ${newest} ${floor} ${fence} ${isKnown} ${sealed.length} ${wasVoid} ${ambiguous.join()} ${damage}`,
      );
    }
    try {
      return this.#observer.succeeded(observed, await perform(instance, call, signal));
    } catch (error) {
      return this.#observer.failed(observed, error);
    }
  }

  /** Where the configuration says so, the caller may give up at any moment. @returns what takes that choice away */
  #mayGiveUp(actor: Actor, caller: AbortController): () => void {
    if (!this.#givesUp(actor.id)) return () => undefined;
    const step = {
      thread: { id: `caller of ${actor.id}`, isLate: true, backend: actor.backend, sharesBackend: true },
      part: caller,
      label: "gives up",
      access: { kind: "give up" },
      fates: ["answered"],
      state: () => "",
      run: () => {
        caller.abort("given up");
        return "the call's signal aborts";
      },
    } as const;
    this.scheduler.add(step);
    return () => this.scheduler.remove(step);
  }

  #givesUp(id: string): boolean {
    return this.#options.configuration.callersGiveUp?.includes(id) === true;
  }

  #looksAtControl(thread: Thread | undefined): string {
    const view = this.history.view();
    const observed = thread instanceof Actor ? thread.observed : this.#staged;
    if (observed !== undefined) observed.lastControl = view;
    return ` floor ${view.floor} fence ${view.fence}`;
  }

  #responded(id: string, { thread, operation, key, text }: Response): void {
    this.#heard(id, `${thread.id} ${operation} ${key} ${text}`);
    const observed = thread instanceof Actor ? thread.observed : undefined;
    if (observed !== undefined) this.#observer.responded(observed, { operation, key, text });
    const isSeen = text === "created" || (operation === "get" && text !== "absent");
    if (isSeen && observed !== undefined && key === `epoch=${observed.epoch}/_COMMIT`)
      observed.learnt ??= this.scheduler.tick;
  }

  #heard(id: string, text: string): void {
    const instance = this.#instances.get(id);
    if (instance !== undefined) instance.chain = fingerprint(`${instance.chain} ${text}`);
  }

  #touched(thread: Thread, access: Access): void {
    this.#options.conflicts.record(thread.id, thread instanceof Actor ? thread.position : 0, access);
  }

  #lateThread(sender: Thread): Thread {
    this.#lateThreads += 1;
    const id = `late ${this.#lateThreads} of ${sender.id}`;
    this.#lateIds.add(id);
    return { id, isLate: true, backend: sender.backend, sharesBackend: false };
  }

  #position(id: string): number {
    const actor = this.#actors.find((other) => other.id === id);
    if (actor !== undefined) return actor.position;
    const hasLanded = this.#lateIds.has(id) && !this.scheduler.pending.some(({ thread }) => thread.id === id);
    return hasLanded ? Infinity : 0;
  }

  #countIdsFrom(first: number): void {
    resetUuids((uuid) => {
      this.#lastId = uuid;
    });
    for (let count = 0; count < first; count++) crypto.randomUUID();
  }
}

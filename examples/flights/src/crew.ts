import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type {
  Assignment,
  Commission,
  FromLeader,
  FromWorker,
  GaveUp,
  Struck,
  SupervisorMessage,
  WorkEvent,
} from "./messages.ts";
import type { Strike } from "./strike-plan.ts";

/** Why a crew ended, or its leader leads no more. A paused leader may still be resumed. */
export type End =
  | { readonly type: "finished" }
  | { readonly type: "killed" | "paused"; readonly struck: Struck }
  | GaveUp
  /** Another has taken over, and nothing had struck this one: it was slower than the other's patience. */
  | { readonly type: "overtaken"; readonly version: number }
  | { readonly type: "died"; readonly who: string; readonly how: string };

/**
 * A leader that stands by until it leads, and its workers. When one of them is gone the others are
 * killed, and another crew goes on from the newest seal. A crew that has not finished ends in no
 * other way, so that a recovery from a crash is no special case.
 */
export class Crew {
  /** That of its leader; `undefined`: it stands by. */
  version: number | undefined;
  readonly #leader: ChildProcess;
  readonly #workers: readonly ChildProcess[];
  readonly #onEvent: (event: WorkEvent) => void;
  readonly #gone: Promise<void>[] = [];
  #end = Promise.withResolvers<End>();
  #struck: Struck | undefined;

  constructor(assignment: Assignment, onEvent: (event: WorkEvent) => void) {
    this.#onEvent = onEvent;
    this.#leader = this.#start("leader.ts", "leader", assignment);
    this.#workers = Array.from({ length: assignment.workers }, (_, worker) =>
      this.#start("worker.ts", worker, assignment),
    );
    this.#leader.on("message", (message: FromLeader) => {
      if (message.to === "supervisor") this.#handle(message.message);
      else for (const worker of this.#workers) pass(worker, message.order);
    });
    for (const worker of this.#workers) {
      worker.on("message", (message: FromWorker) => {
        if (message.to === "supervisor") this.#handle(message.message);
        else pass(this.#leader, message.reply);
      });
    }
  }

  /** Resolves when the crew has finished or cannot go on. */
  get end(): Promise<End> {
    return this.#end.promise;
  }

  /** The supervisor's response to its leader that was elected. */
  commission(strike: Strike | undefined): void {
    pass(this.#leader, { type: "commission", strike } satisfies Commission);
  }

  /** Lets a paused leader go on. Resolves with how it ends. */
  resume(): Promise<End> {
    this.#end = Promise.withResolvers();
    this.#leader.kill("SIGCONT");
    return this.#end.promise;
  }

  /** Kills what is left. Resolves when all processes are gone. */
  async stop(): Promise<void> {
    for (const child of [this.#leader, ...this.#workers]) child.kill("SIGKILL");
    await Promise.all(this.#gone);
  }

  #start(file: string, who: Strike["victim"], assignment: Assignment): ChildProcess {
    const path = fileURLToPath(new URL(file, import.meta.url));
    const child = fork(path, [JSON.stringify(assignment), String(who)]);
    this.#gone.push(this.#watch(child, who === "leader" ? "the leader" : `worker ${who}`));
    return child;
  }

  async #watch(child: ChildProcess, who: string): Promise<void> {
    const how = await exitOf(child);
    // A process that is struck says so before it dies, and `exitOf` waits for its last message.
    this.#end.resolve(
      how === "SIGKILL" && this.#struck?.strike.action === "kill"
        ? { type: "killed", struck: this.#struck }
        : { type: "died", who, how },
    );
  }

  #handle(message: SupervisorMessage): void {
    if (message.type === "struck") {
      this.#struck = message;
      if (message.strike.action === "pause") this.#end.resolve({ type: "paused", struck: message });
    } else if (message.type === "finished" || message.type === "gave up") {
      this.#end.resolve(message);
    } else {
      if (message.type === "elected") this.version = message.version;
      this.#onEvent(message);
    }
  }
}

/** Sends to a process that may be gone already: `#watch` handles its end. */
function pass(child: ChildProcess, message: object): void {
  if (child.connected) child.send(message, () => undefined);
}

/** How a process ended. Waits for its last message, which may arrive after its exit. */
function exitOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let how: string | undefined;
    let disconnected = false;
    const resolveWhenDone = (): void => {
      if (how !== undefined && disconnected) resolve(how);
    };
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => {
      how = signal ?? `exit code ${code}`;
      resolveWhenDone();
    });
    child.once("disconnect", () => {
      disconnected = true;
      resolveWhenDone();
    });
  });
}

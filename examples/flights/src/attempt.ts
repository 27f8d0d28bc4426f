import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type {
  Assignment,
  FromLeader,
  FromWorker,
  GaveUp,
  Struck,
  SupervisorMessage,
  WorkEvent,
} from "./messages.ts";
import type { Strike } from "./strike-plan.ts";

/** Why an attempt ended. A paused leader may still be resumed. */
export type End =
  | { readonly type: "finished" }
  | { readonly type: "killed" | "paused"; readonly struck: Struck }
  | GaveUp
  | { readonly type: "died"; readonly who: string; readonly how: string };

/**
 * The processes of one leader's term: the leader and its workers. When one is gone the others are
 * killed, and a new attempt starts from the newest seal. An unfinished attempt ends in no other
 * way, so that a recovery from a crash is no special case.
 */
export class Attempt {
  readonly version: number;
  readonly #leader: ChildProcess;
  readonly #workers: readonly ChildProcess[];
  readonly #onEvent: (event: WorkEvent) => void;
  readonly #gone: Promise<void>[] = [];
  #end = Promise.withResolvers<End>();
  #struck: Struck | undefined;

  constructor(assignment: Assignment, onEvent: (event: WorkEvent) => void) {
    this.version = assignment.version;
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

  /** Resolves when the attempt has finished or cannot go on. */
  get end(): Promise<End> {
    return this.#end.promise;
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
    const strike = assignment.strike?.victim === who ? assignment.strike : undefined;
    const child = fork(fileURLToPath(new URL(file, import.meta.url)), [
      JSON.stringify({ ...assignment, strike } satisfies Assignment),
      String(who),
    ]);
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

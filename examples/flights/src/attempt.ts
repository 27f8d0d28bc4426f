import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Strike } from "./chaos.ts";
import type { Assignment, FromLeader, FromWorker, GaveUp, News, Report, Struck } from "./messages.ts";

/** Why an attempt's work has ended. A paused leader may still come back. */
export type End =
  | { readonly type: "finished" }
  | { readonly type: "killed" | "paused"; readonly struck: Struck }
  | GaveUp
  | { readonly type: "died"; readonly who: string; readonly how: string };

/**
 * The processes of one leader's term: itself and its workers. They stand and fall together: when one is gone the others
 * are killed, and a new attempt starts from the newest seal. To crash is the only way to stop, so the way back from a
 * crash is no special case.
 */
export class Attempt {
  readonly version: number;
  readonly #leader: ChildProcess;
  readonly #workers: readonly ChildProcess[];
  readonly #onReport: (report: Report) => void;
  readonly #gone: Promise<void>[] = [];
  #end = Promise.withResolvers<End>();
  #struck: Struck | undefined;

  constructor(assignment: Assignment, onReport: (report: Report) => void) {
    this.version = assignment.version;
    this.#onReport = onReport;
    this.#leader = this.#start("leader.ts", "leader", assignment);
    this.#workers = Array.from({ length: assignment.workers }, (_, worker) =>
      this.#start("worker.ts", worker, assignment),
    );
    this.#leader.on("message", (message: FromLeader) => {
      if (message.to === "supervisor") this.#hear(message.news);
      else for (const worker of this.#workers) pass(worker, message.order);
    });
    for (const worker of this.#workers) {
      worker.on("message", (message: FromWorker) => {
        if (message.to === "supervisor") this.#hear(message.news);
        else pass(this.#leader, message.reply);
      });
    }
  }

  /** Settles once, when the attempt has finished or cannot go on. */
  get end(): Promise<End> {
    return this.#end.promise;
  }

  /** Lets a paused leader go on, and answers what came of it. */
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
    // Whoever was struck said so before; its message may not be overtaken by its death.
    this.#end.resolve(
      how === "SIGKILL" && this.#struck?.strike.action === "kill"
        ? { type: "killed", struck: this.#struck }
        : { type: "died", who, how },
    );
  }

  #hear(news: News): void {
    if (news.type === "struck") {
      this.#struck = news;
      if (news.strike.action === "pause") this.#end.resolve({ type: "paused", struck: news });
    } else if (news.type === "finished" || news.type === "gave up") {
      this.#end.resolve(news);
    } else {
      this.#onReport(news);
    }
  }
}

/** Sends to a process that may be gone by now: its death is dealt with where it is watched. */
function pass(child: ChildProcess, message: object): void {
  if (child.connected) child.send(message, () => undefined);
}

/** How a process ended, once its last message has arrived too: Node may tell of the exit before it. */
function exitOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let how: string | undefined;
    let disconnected = false;
    const settle = (): void => {
      if (how !== undefined && disconnected) resolve(how);
    };
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => {
      how = signal ?? `exit code ${code}`;
      settle();
    });
    child.once("disconnect", () => {
      disconnected = true;
      settle();
    });
  });
}

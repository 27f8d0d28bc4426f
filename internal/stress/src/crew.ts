import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Request, Response } from "./messages.ts";
import type { Place } from "./place.ts";

const actor = new URL("./actor.ts", import.meta.url).pathname;

/** A process that makes calls for its parent. */
export class Crew {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<Response>>();
  #nextId = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", (response: Response) => {
      this.#waiting.get(response.id)?.resolve(response);
      this.#waiting.delete(response.id);
    });
    child.once("exit", (code, signal) => {
      for (const { reject } of this.#waiting.values()) {
        reject(new Error(`a process of the stress ended with ${String(signal ?? code)}`));
      }
    });
  }

  /** With one thread for the file system, much time passes between a look at a directory and those at its files. */
  static async start(place: Place, threads: number): Promise<Crew> {
    const child = fork(actor, [], {
      execArgv: ["--conditions=@state/source"],
      env: { ...process.env, UV_THREADPOOL_SIZE: String(threads) },
    });
    // Not as an argument, which every user of the machine can read: it may hold credentials.
    child.send(place);
    const [first] = await Promise.race([once(child, "message"), once(child, "exit")]);
    if (first !== "ready") throw new Error(`a process of the stress ended with ${String(first)}`);
    return new Crew(child);
  }

  ask(request: Omit<Request, "id">): Promise<Response> {
    const id = this.#nextId++;
    const response = Promise.withResolvers<Response>();
    this.#waiting.set(id, response);
    this.#child.send({ ...request, id } satisfies Request);
    return response.promise;
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill();
    await exited;
  }
}

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Place, Request, Response, Task, Values } from "./messages.ts";

// Tests run on the sources, and the package has what is built of them: the module beside this one is of the same kind.
const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
const worker = fileURLToPath(new URL(`./worker.${extension}`, import.meta.url));

/** How long a process has to end by itself. */
const graceMs = 5_000;

/** A process of its own that has opened the store by the same URL. */
export class Worker {
  readonly index: number;
  readonly #child: ChildProcess;
  readonly #waiting: Map<number, PromiseWithResolvers<Response>> = new Map();
  #nextId = 0;

  private constructor(child: ChildProcess, index: number) {
    this.index = index;
    this.#child = child;
    child.on("message", (response: Response) => {
      this.#waiting.get(response.id)?.resolve(response);
      this.#waiting.delete(response.id);
    });
    child.once("exit", (code, signal) => {
      for (const { reject } of this.#waiting.values()) reject(ended(signal ?? code));
      this.#waiting.clear();
    });
  }

  /** @throws `Error` if it cannot open the store */
  static async start(place: Place): Promise<Worker> {
    const child = fork(worker, [], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    // Not as an argument, which every user of the machine can read.
    child.send(place);
    const response = await first(child);
    if (response !== "ready") {
      child.kill("SIGKILL");
      throw new Error(String(response));
    }
    return new Worker(child, place.index);
  }

  /** @throws `Error` if the task failed, or the process has ended */
  async ask<T extends Task>(task: T): Promise<Values[T["name"]]> {
    if (!this.#child.connected) throw ended(this.#child.signalCode ?? this.#child.exitCode);
    const id = this.#nextId++;
    const waiting = Promise.withResolvers<Response>();
    this.#waiting.set(id, waiting);
    this.#child.send({ id, task } satisfies Request);
    const response = await waiting.promise;
    if ("error" in response) throw new Error(response.error);
    return response.value as Values[T["name"]];
  }

  /** A process that is not waited for would write beside the deletes. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), graceMs);
    if (this.#child.connected) this.#child.disconnect();
    await exited;
    clearTimeout(timer);
  }
}

/** Starts so many processes. */
export async function startCrew(place: Omit<Place, "index">, size: number): Promise<readonly Worker[]> {
  const starting = await Promise.allSettled(
    Array.from({ length: size }, (_, index) => Worker.start({ ...place, index })),
  );
  const crew = starting.flatMap((started) => (started.status === "fulfilled" ? [started.value] : []));
  const failed = starting.find((started) => started.status === "rejected");
  if (failed === undefined) return crew;
  await endCrew(crew);
  throw failed.reason;
}

export async function endCrew(crew: readonly Worker[]): Promise<void> {
  await Promise.all(crew.map((each) => each.end()));
}

async function first(child: ChildProcess): Promise<unknown> {
  const over = new AbortController();
  const { signal } = over;
  const exit = once(child, "exit", { signal }).then(([code, by]) => ended(by ?? code).message);
  const message = once(child, "message", { signal }).then(([value]) => value as unknown);
  try {
    return await Promise.race([message, exit]);
  } finally {
    over.abort();
    await Promise.allSettled([message, exit]);
  }
}

function ended(how: unknown): Error {
  return new Error(`a process of the races ended with ${String(how)}`);
}

import { type ChildProcess, fork } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Order, Report, Settings } from "./messages.ts";

/** How a process ended: a signal, or `exit code 1`. */
export type End = string;

/** A worker process of one of the two ways, as its supervisor has it. */
export class ManagedProcess {
  readonly name: string;
  /** Resolves when it is gone, and all its reports were heard. */
  readonly ended: Promise<End>;
  readonly #child: ChildProcess;

  constructor(
    file: "worker.ts" | "usual-worker.ts" | "nats/worker.ts",
    settings: Settings,
    onReport: (message: Report) => void,
  ) {
    this.name = settings.name;
    this.#child = fork(fileURLToPath(new URL(file, import.meta.url)), [JSON.stringify(settings)], {
      execArgv: ["--conditions=@state/source", "--disable-warning=ExperimentalWarning"],
      env: { ...process.env, TMPDIR: settings.scratch },
      // The fifth takes reports: what is written to it has left the process when the call returns.
      stdio: ["ignore", "ignore", "pipe", "ipc", "pipe"],
    });
    const lines = createInterface({ input: this.#child.stdio[4] as Readable });
    lines.on("line", (line) => onReport(JSON.parse(line) as Report));
    const heard = new Promise<void>((resolve) => lines.once("close", resolve));
    this.ended = Promise.all([this.#exit(), heard]).then(([end]) => end);
  }

  order(order: Order): void {
    // A process that is gone already is missed elsewhere.
    if (this.#child.connected) this.#child.send(order, () => undefined);
  }

  kill(signal: "SIGKILL" | "SIGTERM" | "SIGSTOP" | "SIGCONT"): void {
    this.#child.kill(signal);
  }

  async #exit(): Promise<End> {
    let errors = "";
    this.#child.stderr?.on("data", (text: Buffer) => {
      errors = `${errors}${text.toString()}`.slice(0, 4_000);
    });
    return new Promise((resolve) => {
      this.#child.once("error", (error) => resolve(error.message));
      this.#child.once("close", (code, signal) =>
        resolve(signal ?? (code === 0 ? "exit code 0" : `exit code ${code}: ${errors.trim()}`)),
      );
    });
  }
}

import { spawn } from "node:child_process";
import { once } from "node:events";

/** A program, where it runs, and its whole environment. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Runs the command and returns what it printed. Rejects with all of its output if it fails. */
export async function output({ program, args, cwd, env }: Command): Promise<string> {
  const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let all = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    all += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (all += text));
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  if (code === 0) return stdout;
  const line = [program, ...args].join(" ");
  throw new Error(`${line}\nin ${cwd} ended with ${signal ?? code}:\n${all.slice(-20_000)}`);
}

/** Says what is done, and how long what was said before took. */
export class Progress {
  readonly #started = performance.now();

  say(line: string): void {
    const seconds = Math.round((performance.now() - this.#started) / 1000);
    process.stdout.write(`${String(seconds).padStart(4)} s  ${line}\n`);
  }
}

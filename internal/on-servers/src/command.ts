import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";

/** The folder whose packages the command takes for the project's: it has every adapter. */
export const project: string = resolve(import.meta.dirname, "..");
const main = resolve(project, "../../packages/cli/src/main.ts");

export interface Finished {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** The command `state`, on the sources. */
export interface StateProcess {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
}

/** Runs the command as a process of its own. */
export function startState(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): StateProcess {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: project,
    stdio: ["ignore", "pipe", "pipe"],
    // Its own processes read the sources too.
    env: { ...process.env, NODE_OPTIONS: "--conditions=@state/source", ...env },
  });
  const [output, errors] = [text(child.stdout), text(child.stderr)];
  const finished = once(child, "close").then(async ([code]: (number | null)[]) => ({
    code: code ?? null,
    output: await output,
    errors: await errors,
  }));
  return { child, finished };
}

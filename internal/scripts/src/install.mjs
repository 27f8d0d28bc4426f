// Plain JavaScript that Node 20 runs, because it runs before anything is installed.
import { execFile, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const signals = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);

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
  // A process group of its own, so that what the command starts ends with it.
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const kill = () => void (child.pid !== undefined && process.kill(-child.pid));
  /** @type {NodeJS.Signals | undefined} */
  let interrupt;
  const onSignal = (/** @type {NodeJS.Signals} */ signal) => {
    interrupt = signal;
    kill();
  };
  for (const signal of signals) process.once(signal, onSignal);
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
  }).finally(() => {
    ended.abort();
    for (const signal of signals) process.off(signal, onSignal);
  });

  const watch = async () => {
    while (await passes(quietMs / 4, ended.signal)) {
      const quietFor = performance.now() - Math.max(lastOutput, lastResponse);
      if (performance.now() - lastOutput < quietMs) continue;
      const responds = await registryResponds(command, { cwd, env, timeoutMs: quietMs / 2 });
      if (ended.signal.aborted) return;
      if (responds) lastResponse = performance.now();
      else if (quietFor > patienceMs) kill();
      const seconds = Math.round((performance.now() - started) / 1_000);
      print(`${command}, ${seconds} s: ${responds ? "still installing" : "the registry does not respond"}\n`);
    }
  };
  const [code] = await Promise.all([exit, watch()]);
  if (code === 0) return;
  if (interrupt !== undefined) throw new Error(`ended by ${interrupt}`);
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
  // More than the request may take, since a busy machine needs seconds to start a program.
  const options = { cwd, env, timeout: timeoutMs + 20_000 };
  const limits = ["--fetch-retries=0", `--fetch-timeout=${timeoutMs}`];
  try {
    const asked = command === "pnpm" ? "pnpm" : "npm";
    const { stdout } = await run(asked, ["config", "get", "registry"], options);
    await run("npm", ["ping", `--registry=${stdout.trim()}`, ...limits], options);
    return true;
  } catch (error) {
    // A registry that knows no ping says so, and has responded.
    return /\bE[45]\d\d\b/.test(String(Reflect.get(Object(error), "stderr")));
  }
}

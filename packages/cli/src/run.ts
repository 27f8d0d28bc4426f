import { isStateError, isStoreError, type ObjectStore } from "@state/core";
import { parseArguments } from "./arguments.ts";
import type { Command } from "./command.ts";
import { commands } from "./commands/index.ts";
import { completionScript } from "./completion.ts";
import { confirm } from "./confirm.ts";
import { exitCodeOf, exitCodes, type ExitCode } from "./exit-code.ts";
import { helpOf, overview, usageOf } from "./help.ts";
import { openStore } from "./open-store.ts";
import { Output } from "./output.ts";
import type { Terminal } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

/** What a command runs in. */
export interface Surroundings {
  readonly terminal: Terminal;
  /** Where the project is whose adapters are meant. */
  readonly directory: string;
  /** Who writes, unless `--as` says. */
  readonly instanceId: string;
  /** Asks a person; `undefined` if there is none. */
  readonly ask: ((prompt: string) => Promise<string>) | undefined;
  readonly signal: AbortSignal;
}

/** Runs `state` with these arguments. */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const { terminal } = surroundings;
  const [name, ...rest] = args;
  try {
    if (name === undefined || name === "help" || name === "--help" || name === "-h") {
      terminal.write(overview(commands));
      return name === undefined ? exitCodes.usage : exitCodes.sound;
    }
    if (name === "completion") {
      terminal.write(completionScript(rest[0], commands));
      return exitCodes.sound;
    }
    const command = commands.find((other) => other.name === name);
    if (command === undefined) throw new UsageError(`there is no command ${name}: state --help lists them`);
    return await runCommand(command, rest, surroundings);
  } catch (error) {
    if (surroundings.signal.aborted) throw error;
    const code = exitCodeOf(error);
    if (code === undefined) throw error;
    terminal.writeError(`state: ${messageOf(error)}\n`);
    if (args.includes("--json")) terminal.write(`${JSON.stringify({ error: described(error) })}\n`);
    return code;
  }
}

async function runCommand(
  command: Command,
  args: readonly string[],
  surroundings: Surroundings,
): Promise<ExitCode> {
  const { terminal, directory, ask, signal } = surroundings;
  const { operands, options } = parseArguments(command, args);
  if (options.flag("help")) {
    terminal.write(helpOf(command));
    return exitCodes.sound;
  }
  const [url, ...own] = operands;
  const least = command.operands.length - (command.optionalOperands ?? 0);
  if (url === undefined || own.length < least || own.length > command.operands.length)
    throw new UsageError(`it is: state ${usageOf(command)}`);
  const output = new Output(terminal, options.flag("json"));
  const opened: ObjectStore[] = [];
  const open = async (of: string): Promise<ObjectStore> => {
    const store = await openStore({ url: of, adapter: options.text("adapter"), directory });
    opened.push(store);
    return store;
  };
  try {
    return await command.run({
      store: await open(url),
      open,
      url,
      directory,
      operands: own,
      options,
      output,
      instanceId: options.text("as") ?? surroundings.instanceId,
      signal,
      confirm: (question) => confirm(question, output, output.isJson ? undefined : ask, options.flag("yes")),
    });
  } finally {
    output.end();
    for (const store of opened) await store.close?.();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** An error for a program. */
function described(error: unknown): object {
  const message = messageOf(error);
  if (isStateError(error)) {
    const { code, sealed, epoch, key, retryable } = error;
    return { code, message, sealed, epoch, key, retryable };
  }
  return isStoreError(error) ? { code: error.code, message, key: error.key } : { code: "Usage", message };
}

import { commonOptions } from "./arguments.ts";
import type { Command, CommandOption } from "./command.ts";
import { storeForms } from "./open-store.ts";

const exits = `EXIT STATUS
  0  sound
  1  something was found that is not as it should be
  2  the command was called in a way that it does not know
  3  the store could not be read or written
  4  whether it was done is not known
  5  the protocol refused it`;

/** What `state --help` prints. */
export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map((command) => usageOf(command).length));
  const lines = commands.map((command) => `  ${usageOf(command).padEnd(width)}  ${command.summary}`);
  return `state: what a bucket of checkpoints holds, whether it is sound, and what to do

USAGE
  state COMMAND STORE [ARGUMENTS]

  STORE is ${storeForms}.
  The adapter is the one that is installed in this folder's project. Credentials are found as the
  cloud's own tools find them.

COMMANDS
${lines.join("\n")}

  state COMMAND --help says more of each. state completion prints a script for the shell.

${exits}
`;
}

/** What `state COMMAND --help` prints. */
export function helpOf(command: Command): string {
  const about = command.about === undefined ? "" : `\n${wrapped(command.about)}\n`;
  const examples = command.examples.map((example) => `  state ${example}`).join("\n");
  return `state ${command.name}: ${command.summary}
${about}
USAGE
  state ${usageOf(command)} [OPTIONS]

OPTIONS
${optionLines({ ...command.options, ...commonOptions })}

EXAMPLES
${examples}

${exits}
`;
}

/** `show STORE EPOCH` */
export function usageOf({ name, operands, optionalOperands = 0 }: Command): string {
  const required = operands.length - optionalOperands;
  const shown = operands.map((operand, index) => (index < required ? operand : `[${operand}]`));
  return [name, "STORE", ...shown].join(" ");
}

function optionLines(options: Readonly<Record<string, CommandOption>>): string {
  const rows = Object.entries(options).map(([name, { short, value, help }]) => {
    const long = `--${name}${value === undefined ? "" : ` ${value}`}`;
    return [short === undefined ? `    ${long}` : `-${short}, ${long}`, help] as const;
  });
  const width = Math.max(...rows.map(([option]) => option.length));
  return rows.map(([option, help]) => `  ${option.padEnd(width)}  ${help}`).join("\n");
}

function wrapped(text: string): string {
  const lines = [""];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1) ?? "";
    if (last.length + word.length > 90) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines.join("\n");
}

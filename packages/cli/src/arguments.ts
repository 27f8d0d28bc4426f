import { parseArgs } from "node:util";
import type { Command, CommandOption, Options } from "./command.ts";
import { UsageError } from "./usage-error.ts";

/** What every command takes. */
export const commonOptions: Readonly<Record<string, CommandOption>> = {
  adapter: { type: "string", value: "PACKAGE", help: "the package of the store's adapter" },
  json: { type: "boolean", help: "one JSON value a line, for programs" },
  help: { type: "boolean", short: "h", help: "this text" },
};

/** What every command takes that changes the store. */
export const writingOptions: Readonly<Record<string, CommandOption>> = {
  yes: { type: "boolean", short: "y", help: "do not ask" },
  as: { type: "string", value: "NAME", help: "who does it, for those who look later" },
};

export interface Arguments {
  readonly operands: readonly string[];
  readonly options: Options;
}

/** @throws `UsageError` */
export function parseArguments(command: Command, args: readonly string[]): Arguments {
  const known = { ...command.options, ...commonOptions };
  const options = Object.fromEntries(
    Object.entries(known).map(([name, { type, short }]) => [
      name,
      short === undefined ? { type } : { type, short },
    ]),
  );
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    return { operands: positionals, options: new Values(values) };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError(error.message, { cause: error });
  }
}

class Values implements Options {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === "string" ? value : undefined;
  }

  integer(name: string, min = 0): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : integerOf(`--${name}`, text, min);
  }
}

/** @throws `UsageError` */
export function integerOf(name: string, text: string, min = 0): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= min) return value;
  throw new UsageError(`${name} must be an integer of at least ${min}, not ${JSON.stringify(text)}`);
}

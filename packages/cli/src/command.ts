import type { ObjectStore } from "@state/core";
import type { ExitCode } from "./exit-code.ts";
import type { Output } from "./output.ts";

/** An option of a command. */
export interface CommandOption {
  readonly type: "string" | "boolean";
  readonly short?: string;
  /** What stands for the value in the help. */
  readonly value?: string;
  readonly help: string;
}

export interface Command {
  readonly name: string;
  /** What follows the name and the store, for the help: `EPOCH`. */
  readonly operands: readonly string[];
  /** Of the operands, those that may be left out. */
  readonly optionalOperands?: number;
  readonly summary: string;
  /** Further sentences of the help. */
  readonly about?: string;
  readonly options?: Readonly<Record<string, CommandOption>>;
  /** Lines after `state`. */
  readonly examples: readonly string[];
  run(call: Call): Promise<ExitCode>;
}

/** One call of a command. */
export interface Call {
  readonly store: ObjectStore;
  /** The URL that the store was named by. */
  readonly url: string;
  /** The folder of the project whose adapters are meant. */
  readonly directory: string;
  readonly operands: readonly string[];
  readonly options: Options;
  readonly output: Output;
  /** Opens another store. It is closed when the command ends. */
  readonly open: (url: string) => Promise<ObjectStore>;
  /** Who writes, in fences, pins and voids. */
  readonly instanceId: string;
  readonly signal: AbortSignal;
  /** Asks for what changes the store, unless `--yes` was given. @throws `UsageError` if it is not to be done */
  readonly confirm: (question: Question) => Promise<void>;
}

export interface Question {
  /** What will be done, as a sentence. */
  readonly will: string;
  /** What has to be typed. */
  readonly type: string;
}

/** The values of a call's options. */
export interface Options {
  flag(name: string): boolean;
  text(name: string): string | undefined;
  /** @throws `UsageError` unless it is an integer of at least `min` */
  integer(name: string, min?: number): number | undefined;
}

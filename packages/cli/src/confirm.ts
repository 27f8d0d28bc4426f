import type { Question } from "./command.ts";
import type { Output } from "./output.ts";
import { UsageError } from "./usage-error.ts";

/** Asks a person, unless `--yes` was given. Nothing that changes the store runs without one of the two. */
export async function confirm(
  { will, type }: Question,
  output: Output,
  ask: ((prompt: string) => Promise<string>) | undefined,
  isYes: boolean,
): Promise<void> {
  if (isYes) return;
  if (ask === undefined)
    throw new UsageError(`${will} It was not done: nobody can be asked, and there is no --yes`);
  output.note(will);
  const typed = await ask(`Type ${type} to do it: `);
  if (typed.trim() !== type)
    throw new UsageError(`${JSON.stringify(typed)} is not ${type}: nothing was done`);
}

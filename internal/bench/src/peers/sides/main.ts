/** A side in a process of its own: `main.ts NAME TASK`; see `startProcessSide`. */
import { createInterface } from "node:readline";
import type { Figures } from "../harness.ts";
import { CannotRun } from "./cannot-run.ts";

/** Prepares for a task, and returns what runs it once. */
export type Prepare<T> = (task: T) => Promise<() => Promise<Figures>>;

const [name, task] = process.argv.slice(2);
const { prepare } = (await import(`./${name}.ts`)) as { prepare: Prepare<unknown> };
const run = await prepared();
if (run !== undefined) {
  say({ ready: true });
  for await (const _ of createInterface({ input: process.stdin })) say(await run());
}
process.exit();

async function prepared(): Promise<(() => Promise<Figures>) | undefined> {
  try {
    return await prepare(JSON.parse(task ?? ""));
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    say({ skip: error.message });
    return undefined;
  }
}

function say(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** What `pnpm explore` has done in processes of its own, one for each core. */
import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { ObjectStoreBackend } from "../../src/backend.ts";
import { rules } from "../rules/rules.ts";
import { withoutRule } from "../simulation/broken-protocols.ts";
import { type CodeUnderTest, codeOf } from "./code-under-test.ts";
import type { Configuration } from "./configuration.ts";
import { configurations } from "./configurations.ts";
import { reachedBy } from "./reached.ts";
import { explore, type Progress, type SearchResult } from "./search.ts";

export const currentCode: CodeUnderTest = codeOf(ObjectStoreBackend);

/** The schedules of some configurations, one after the other, until one breaks an invariant. */
export interface Exploration {
  readonly configurations: readonly string[];
  /** Every schedule with so many preemptions, and then with one more, up to the second number. */
  readonly preemptions: readonly [number, number];
  readonly milliseconds: number;
  /** A rule of the protocol to be taken out of the code first. */
  readonly without: string | undefined;
}

export interface Explored {
  readonly configuration: string;
  readonly result: SearchResult;
}

type Task = (Exploration & { /** Unix time. */ readonly until: number }) | "reached";

type Message =
  | { readonly progress: Progress }
  | { readonly explored: Explored }
  | { readonly reached: readonly (readonly [string, readonly string[]])[] }
  | { readonly isDone: true };

/** A process that says nothing for so much longer than its time is in a loop that never ends. */
const patienceMs = 60_000;

export function configurationOf(name: string): Configuration {
  const found = configurations.find((other) => other.name === name);
  if (found !== undefined) return found;
  const names = configurations.map((other) => other.name).join(", ");
  throw new Error(`no configuration ${name}; there are ${names}`);
}

/** What a process does that was begun for a task. */
export async function work(text: string): Promise<void> {
  const task = JSON.parse(text) as Task;
  if (task === "reached") {
    tell({ reached: [...(await reachedBy(currentCode))] });
    return;
  }
  const rule = rules.find(({ id }) => id === task.without);
  if (task.without !== undefined && rule === undefined) throw new Error(`there is no rule ${task.without}`);
  if (rule === undefined) await exploreEach(task, currentCode);
  else await withoutRule(rule, (code) => exploreEach(task, code));
  tell({ isDone: true });
}

async function exploreEach(task: Exclude<Task, string>, code: CodeUnderTest): Promise<void> {
  // The start of the process counts, too.
  const deadline = performance.now() + task.until - Date.now();
  const [fewest, most] = task.preemptions;
  for (const [index, name] of task.configurations.entries()) {
    const share = (deadline - performance.now()) / (task.configurations.length - index);
    const end = performance.now() + share;
    for (let preemptions = fewest; preemptions <= most; preemptions++) {
      const milliseconds = Math.max(0, end - performance.now());
      const onProgress = (progress: Progress): void => tell({ progress });
      const options = { code, preemptions, milliseconds, onProgress };
      const result = await explore(configurationOf(name), options);
      tell({ explored: { configuration: name, result } });
      if (result.violation !== undefined) return;
      if (!result.ended) break;
    }
  }
}

function tell(message: Message): void {
  process.send?.(message);
}

export interface Listener {
  readonly onProgress?: (progress: Progress) => void;
}

/** @returns what was explored, in order; one exploration a configuration and number of preemptions */
export async function exploreInChild(
  task: Exploration,
  { onProgress }: Listener = {},
): Promise<{ readonly explored: readonly Explored[]; readonly isEndless: boolean }> {
  const explored: Explored[] = [];
  const until = Date.now() + task.milliseconds;
  const isEndless = await runInChild({ ...task, until }, task.milliseconds + patienceMs, (message) => {
    if ("progress" in message) onProgress?.(message.progress);
    if ("explored" in message) explored.push(message.explored);
  });
  return { explored, isEndless };
}

/** By rule: the configurations in which its code is run. */
export async function reachedInChild(): Promise<ReadonlyMap<string, readonly string[]>> {
  let reached: ReadonlyMap<string, readonly string[]> = new Map();
  await runInChild("reached", 600_000, (message) => {
    if ("reached" in message) reached = new Map(message.reached);
  });
  return reached;
}

/** @returns whether it had to be killed */
function runInChild(task: Task, patience: number, onMessage: (message: Message) => void): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const path = join(import.meta.dirname, "run.ts");
    const child = fork(path, ["--task", JSON.stringify(task)], { execArgv: ["--max-old-space-size=6144"] });
    let isKilled = false;
    const timer = setTimeout(() => {
      isKilled = true;
      child.kill("SIGKILL");
    }, patience);
    child.on("message", onMessage);
    child.on("error", reject);
    child.on("exit", (code) => {
      clearTimeout(timer);
      if (code === 0 || isKilled) resolve(isKilled);
      else reject(new Error(`${JSON.stringify(task)}: the process ended with ${code}`));
    });
  });
}

/** Does all of it, so many at a time as there are cores. */
export async function onEveryCore<T>(
  items: readonly T[],
  run: (item: T, left: number) => Promise<void>,
): Promise<void> {
  const pending = [...items];
  const runSome = async (): Promise<void> => {
    for (let item = pending.shift(); item !== undefined; item = pending.shift())
      await run(item, pending.length + 1);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, runSome));
}

/** The time that one of `left` may take, if all are to be done by then. */
export function shareOf(deadline: number, left: number): number {
  return Math.max(
    0,
    ((deadline - performance.now()) * availableParallelism()) / Math.max(left, availableParallelism()),
  );
}

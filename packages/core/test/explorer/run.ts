/**
 * Tries the schedules of the configurations, two at a time.
 *
 * `node packages/core/test/explorer/run.ts [--config name] [--preemptions 2] [--minutes 1]
 * [--without rule]`, or one schedule again: `--config name --replay 0112…`
 */
import { fork } from "node:child_process";
import { parseArgs } from "node:util";
import { ObjectStoreBackend } from "../../src/backend.ts";
import { withoutRule } from "../simulation/broken-protocols.ts";
import { rules } from "../rules/rules.ts";
import type { Configuration } from "./configuration.ts";
import { configurations } from "./configurations.ts";
import type { OpenBackend } from "./execution.ts";
import { explore, type Progress, replay, type SearchResult } from "./search.ts";

const openBackend: OpenBackend = ObjectStoreBackend.open.bind(ObjectStoreBackend);
const children = 2;

interface Task {
  readonly name: string;
  readonly preemptions: number | undefined;
  readonly milliseconds: number;
  /** A rule of the protocol to be taken out of the code first. */
  readonly without: string | undefined;
}

type Message = { readonly progress: Progress } | { readonly result: SearchResult };

function configurationOf({ name }: Pick<Task, "name">): Configuration {
  const found = configurations.find((other) => other.name === name);
  if (found !== undefined) return found;
  const names = configurations.map((other) => other.name).join(", ");
  throw new Error(`no configuration ${name}; there are ${names}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function shown({ states, schedules, cut, bound, restarts }: Progress): string {
  const reached = bound < 0 ? "none" : String(bound);
  return `${states} states, ${schedules} schedules, ${cut} of them cut, all with ${reached} preemptions, begun ${restarts + 1} times`;
}

function tell(message: Message): void {
  process.send?.(message);
}

/** What a child process does. */
async function work(task: Task): Promise<void> {
  const { preemptions, milliseconds, without } = task;
  const configuration = configurationOf(task);
  const search = (open: OpenBackend): Promise<SearchResult> =>
    explore(configuration, {
      open,
      preemptions: preemptions ?? configuration.preemptions,
      milliseconds,
      onProgress: (progress) => tell({ progress }),
    });
  const rule = rules.find(({ id }) => id === without);
  if (without !== undefined && rule === undefined) throw new Error(`there is no rule ${without}`);
  tell({ result: rule === undefined ? await search(openBackend) : await withoutRule(rule, search) });
}

function runInChild(task: Task): Promise<SearchResult> {
  return new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, ["--task", JSON.stringify(task)]);
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`${task.name}: the process ended with ${code}`)));
    child.on("message", (message: Message) => {
      if ("result" in message) resolve(message.result);
      else say(`  ${task.name}: ${shown(message.progress)}`);
    });
  });
}

/** @returns whether nothing was found */
async function runOne(task: Task): Promise<boolean> {
  const started = performance.now();
  const { violation, ended, ...progress } = await runInChild(task);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  say(
    `${task.name}: ${ended ? "ended" : violation === undefined ? "out of time" : "FOUND"} after ${seconds} s; ${shown(progress)}`,
  );
  if (violation === undefined) return true;
  const { id, sentence, schedule, replay: trail } = violation;
  say([`${id}: ${sentence}`, ...schedule].join("\n  "));
  say(`replay: node packages/core/test/explorer/run.ts --config ${task.name} --replay ${trail}`);
  return false;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      config: { type: "string" },
      preemptions: { type: "string" },
      minutes: { type: "string", default: "5" },
      replay: { type: "string" },
      without: { type: "string" },
      task: { type: "string" },
    },
  });
  const { without } = values;
  if (values.task !== undefined) return work(JSON.parse(values.task) as Task);
  if (values.replay !== undefined) {
    const task = { name: values.config ?? "" };
    const { schedule, violation } = await replay(configurationOf(task), values.replay, {
      open: openBackend,
    });
    say(
      [...schedule, violation === undefined ? "no violation" : `${violation.id}: ${violation.sentence}`].join(
        "\n",
      ),
    );
    return undefined;
  }
  const names = values.config === undefined ? configurations.map(({ name }) => name) : [values.config];
  const preemptions = values.preemptions === undefined ? undefined : Number(values.preemptions);
  const tasks = names.map((name) => ({
    name,
    preemptions,
    without,
    milliseconds: Number(values.minutes) * 60_000,
  }));
  for (const task of tasks) configurationOf(task);
  const pending = tasks.values();
  const runAll = async (): Promise<void> => {
    for (const task of pending) if (!(await runOne(task))) process.exitCode = 1;
  };
  await Promise.all(Array.from({ length: children }, runAll));
  return undefined;
}

await main();

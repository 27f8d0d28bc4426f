/** Tries the schedules of every configuration with the code as it is. */
import { configurationOf, type Explored, exploreInChild, onEveryCore, shareOf } from "./task.ts";
import { elapsed, every, say } from "./progress.ts";
import type { Found } from "./search.ts";

/** What was tried of one configuration. */
export interface Run {
  readonly configuration: string;
  /** Every schedule with so many preemptions was tried; -1: not even those without one. */
  readonly bound: number;
  /** Of the exploration that met the most. */
  readonly states: number;
  /** Of all explorations of it: each schedule is run from the start. */
  readonly executions: number;
  /** Left when they came to a state that had been seen before. */
  readonly cut: number;
  readonly violation?: Found;
}

export interface Extent {
  readonly milliseconds: number;
  /** The most that is tried; without it, as many as there is time for. */
  readonly preemptions: number | undefined;
  readonly without: string | undefined;
}

/** More can be told from each other by nobody. */
const mostPreemptions = 99;

export async function exploreEvery(
  names: readonly string[],
  { milliseconds, preemptions, without }: Extent,
): Promise<readonly Run[]> {
  const deadline = performance.now() + milliseconds;
  const show = every(10_000);
  const runs: Run[] = [];
  const underWay = new Map<string, string>();
  await onEveryCore(names, async (name, left) => {
    const fewest = preemptions ?? configurationOf(name).preemptions;
    const task = {
      configurations: [name],
      preemptions: [fewest, preemptions ?? mostPreemptions],
      milliseconds: shareOf(deadline, left),
      without,
    } as const;
    const { explored, isEndless } = await exploreInChild(task, {
      onProgress: ({ states, schedules, bound }) => {
        underWay.set(name, `${name} ${reached(bound)}, ${states} states, ${schedules} schedules`);
        const executions = runs.reduce((sum, run) => sum + run.executions, 0);
        show(
          `${runs.length} of ${names.length} done, ${executions} executions; ${[...underWay.values()].join("; ")}`,
        );
      },
    });
    underWay.delete(name);
    if (isEndless) throw new Error(`${name}: a schedule does not end`);
    const run = runOf(name, explored);
    runs.push(run);
    tell(run, without);
  });
  return runs.toSorted((a, b) => names.indexOf(a.configuration) - names.indexOf(b.configuration));
}

function runOf(configuration: string, explored: readonly Explored[]): Run {
  const results = explored.map(({ result }) => result);
  const last = results.at(-1);
  const sum = (count: "schedules" | "cut"): number =>
    results.reduce((total, result) => total + result[count], 0);
  const violation = last?.violation;
  return {
    configuration,
    bound: results.reduce((highest, { bound }) => Math.max(highest, bound), -1),
    states: Math.max(0, ...results.map(({ states }) => states)),
    executions: sum("schedules"),
    cut: sum("cut"),
    ...(violation === undefined ? {} : { violation }),
  };
}

function tell(
  { configuration, bound, states, executions, cut, violation }: Run,
  without: string | undefined,
): void {
  const how = violation === undefined ? "holds" : "FOUND";
  say(
    `${elapsed()}  ${configuration}: ${how}, ${reached(bound)}; ${states} states, ${executions} executions, ${cut} cut`,
  );
  if (violation === undefined) return;
  const { id, sentence, schedule, replay } = violation;
  say([`${id}: ${sentence}`, ...schedule].join("\n  "));
  const rule = without === undefined ? "" : ` --without ${without}`;
  say(`replay: pnpm explore --config ${configuration} --replay ${replay}${rule}`);
}

function reached(bound: number): string {
  if (bound < 0) return "not even all schedules without a preemption";
  return `all schedules with ${bound} ${bound === 1 ? "preemption" : "preemptions"}`;
}

/** Takes each rule out of the source, and looks for a schedule in which its absence breaks an invariant. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { configurations } from "./configurations.ts";
import {
  type Exploration,
  type Explored,
  exploreInChild,
  onEveryCore,
  reachedInChild,
  shareOf,
} from "./task.ts";

/** What is known of one rule. The last search wrote it. */
export interface Searched {
  readonly rule: string;
  /** Schedules that were run without the rule, each from the start. */
  readonly executions: number;
  /** How many configurations run the code that keeps the rule. */
  readonly reachedBy: number;
  /** Each configuration was tried with up to so many preemptions to the end, or until the time was over: -1. */
  readonly bound: number;
  readonly found?: FoundMissing;
}

export interface FoundMissing {
  readonly configuration: string;
  readonly violation: string;
  readonly preemptions: number;
  readonly replay: string;
}

const path = join(import.meta.dirname, "searched.json");

/** In the order of the ids. */
export function searchedRules(): readonly Searched[] {
  return JSON.parse(readFileSync(path, "utf8")) as readonly Searched[];
}

/** Replaces what is known of these rules, and forgets rules that are no more. */
export function recordSearched(some: readonly Searched[], ids: readonly string[]): void {
  const all = new Map([...searchedRules(), ...some].map((searched) => [searched.rule, searched]));
  const kept = [...all.values()].filter(({ rule }) => ids.includes(rule));
  kept.sort((a, b) => ids.indexOf(a.rule) - ids.indexOf(b.rule));
  writeFileSync(path, `${JSON.stringify(kept, undefined, 2)}\n`);
}

/** By the number of preemptions: the part of the time that is left which the round may take. */
const rounds = [0.2, 0.3, 0.5, 1];
const names: ReadonlySet<string> = new Set(configurations.map(({ name }) => name));

/** How much is done. */
export interface RuleProgress {
  /** The number of preemptions. */
  readonly round: number;
  readonly executions: number;
  /** What is known now of the rule that was searched last. */
  readonly searched: Searched;
  readonly found: number;
  readonly rules: number;
}

/**
 * Finds out which configurations run the code of each rule, which takes half a minute beyond the time given. Looks first where a rule's absence was found the last time. The others are searched in rounds: with no preemption in
 * every configuration that runs the rule's code, then with one, and so on.
 */
export async function searchEveryRule(
  ids: readonly string[],
  milliseconds: number,
  say: (text: string) => void,
  onProgress: (progress: RuleProgress) => void,
): Promise<readonly Searched[]> {
  const reached = await reachedInChild();
  const known = new Map<string, Searched>();
  for (const id of ids)
    known.set(id, { rule: id, executions: 0, reachedBy: reached.get(id)?.length ?? 0, bound: -1 });
  const unfound = (): readonly Searched[] =>
    [...known.values()].filter(({ found, reachedBy }) => found === undefined && reachedBy > 0);

  const search = async (
    before: Searched,
    round: number,
    task: Omit<Exploration, "without">,
  ): Promise<void> => {
    if (task.milliseconds <= 0) return;
    const { explored, isEndless } = await exploreInChild({ ...task, without: before.rule });
    if (isEndless) say(`${before.rule}: a schedule without it does not end`);
    const after = merged(before, task.configurations.length === before.reachedBy ? round : -1, explored);
    known.set(before.rule, after);
    if (after.found !== undefined)
      say(`${after.rule}: ${after.found.violation} in ${after.found.configuration}`);
    const executions = [...known.values()].reduce((sum, one) => sum + one.executions, 0);
    onProgress({
      round,
      executions,
      searched: after,
      found: known.size - unfound().length,
      rules: known.size,
    });
  };

  const lastTime = new Map(searchedRules().map(({ rule, found }) => [rule, found]));
  const deadline = performance.now() + milliseconds;
  await onEveryCore(unfound(), async (before, left) => {
    const last = lastTime.get(before.rule);
    if (last === undefined || !names.has(last.configuration)) return;
    await search(before, 0, {
      configurations: [last.configuration],
      preemptions: [0, last.preemptions],
      milliseconds: shareOf(deadline, left),
    });
  });
  for (const [round, part] of rounds.entries()) {
    const end = performance.now() + part * (deadline - performance.now());
    await onEveryCore(unfound(), (before, left) =>
      search(before, round, {
        configurations: reached.get(before.rule) ?? [],
        preemptions: [round, round],
        milliseconds: shareOf(end, left),
      }),
    );
  }
  return [...known.values()];
}

/** @param round what its bound is if all of that was explored; -1: it is no bound of all configurations */
function merged(before: Searched, round: number, explored: readonly Explored[]): Searched {
  const schedules = explored.reduce((total, { result }) => total + result.schedules, 0);
  const executions = before.executions + schedules;
  const isWhole = explored.length >= before.reachedBy && explored.every(({ result }) => result.ended);
  const bound = isWhole ? Math.max(round, before.bound) : before.bound;
  const last = explored.at(-1);
  const violation = last?.result.violation;
  if (last === undefined || violation === undefined) return { ...before, executions, bound };
  const { id, replay, preemptions } = violation;
  const found = { configuration: last.configuration, violation: id, preemptions, replay };
  return { ...before, executions, bound, found };
}

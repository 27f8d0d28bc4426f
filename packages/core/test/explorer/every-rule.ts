/** Takes each rule out of the source, and looks for a schedule in which its absence breaks an invariant. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Explored, exploreInChild, onEveryCore, reachedInChild, shareOf } from "./task.ts";

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

/** By the number of preemptions: the part of the time that is over when the round ends. */
const rounds = [0.15, 0.4, 0.7, 1];

/** How much is done. */
export interface RuleProgress {
  readonly round: number;
  readonly found: number;
  readonly searched: number;
  readonly toSearch: number;
  readonly executions: number;
}

/**
 * Searches in rounds: each rule with no preemption in every configuration that runs the rule's code, those that were
 * not found with one, and so on.
 */
export async function searchEveryRule(
  ids: readonly string[],
  milliseconds: number,
  say: (text: string) => void,
  onProgress: (progress: RuleProgress) => void,
): Promise<readonly Searched[]> {
  const started = performance.now();
  const reached = await reachedInChild();
  const known = new Map<string, Searched>();
  const sum = (): number => [...known.values()].reduce((total, { executions }) => total + executions, 0);
  for (const id of ids.filter((rule) => reached.get(rule)?.length === 0))
    known.set(id, { rule: id, executions: 0, reachedBy: 0, bound: -1 });
  for (const [round, part] of rounds.entries()) {
    const deadline = started + part * milliseconds;
    const open = ids.filter((id) => reached.get(id)?.length !== 0 && known.get(id)?.found === undefined);
    let searched = 0;
    await onEveryCore(open, async (id, left) => {
      const names = reached.get(id) ?? [];
      const before = known.get(id);
      const { explored, isEndless } = await exploreInChild({
        configurations: names,
        preemptions: [round, round],
        milliseconds: shareOf(deadline, left),
        without: id,
      });
      if (isEndless) say(`${id}: a schedule without it does not end`);
      const result = merged(id, names.length, round, before, explored);
      known.set(id, result);
      searched += 1;
      if (result.found !== undefined)
        say(`${id}: ${result.found.violation} in ${result.found.configuration}`);
      const found = [...known.values()].filter((other) => other.found !== undefined).length;
      onProgress({ round, found, searched, toSearch: open.length, executions: sum() });
    });
  }
  return ids.flatMap((id) => known.get(id) ?? []);
}

function merged(
  rule: string,
  reachedBy: number,
  round: number,
  before: Searched | undefined,
  explored: readonly Explored[],
): Searched {
  const schedules = explored.reduce((total, { result }) => total + result.schedules, 0);
  const executions = (before?.executions ?? 0) + schedules;
  const last = explored.at(-1);
  const violation = last?.result.violation;
  const isWhole = explored.length > 0 && explored.every(({ result }) => result.ended);
  const bound = isWhole ? round : (before?.bound ?? -1);
  if (last === undefined || violation === undefined) return { rule, executions, reachedBy, bound };
  const { id, replay, preemptions } = violation;
  const found = { configuration: last.configuration, violation: id, preemptions, replay };
  return { rule, executions, reachedBy, bound, found };
}

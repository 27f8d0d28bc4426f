/** Takes each rule out of the source, and looks for a schedule in which its absence breaks an invariant. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { configurations } from "./configurations.ts";
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

const rounds = [0, 1, 2, 3] as const;

/** How much is done. */
export interface RuleProgress {
  readonly round: number;
  readonly found: number;
  readonly searched: number;
  readonly toSearch: number;
  readonly executions: number;
}

/**
 * Searches in rounds: each rule in every configuration with no preemption, those that were not found with one, and so
 * on. The configurations that run the rule's code come first, and only they are tried with a preemption.
 */
export async function searchEveryRule(
  ids: readonly string[],
  milliseconds: number,
  say: (text: string) => void,
  onProgress: (progress: RuleProgress) => void,
): Promise<readonly Searched[]> {
  const deadline = performance.now() + milliseconds;
  const reached = await reachedInChild();
  const known = new Map<string, Searched>();
  const sum = (): number => [...known.values()].reduce((total, { executions }) => total + executions, 0);
  for (const round of rounds) {
    const open = ids.filter(
      (id) => known.get(id)?.found === undefined && (round === 0 || reached.get(id)?.length !== 0),
    );
    let searched = 0;
    await onEveryCore(open, async (id, left) => {
      const names = reached.get(id) ?? [];
      const before = known.get(id);
      const others = configurations.map(({ name }) => name).filter((name) => !names.includes(name));
      const { explored, isEndless } = await exploreInChild({
        configurations: round === 0 ? [...names, ...others] : names,
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

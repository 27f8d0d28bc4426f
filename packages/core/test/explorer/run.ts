/**
 * Tries the schedules of the configurations, on every core.
 *
 * `pnpm explore [--config name] [--preemptions 2] [--minutes 5] [--without rule]`, or one schedule again:
 * `--config name --replay 0112… [--without rule]`, or without each of the rules: `--every-rule [pattern of ids]`
 */
import { parseArgs } from "node:util";
import { rules } from "../rules/rules.ts";
import { withoutRule } from "../simulation/broken-protocols.ts";
import { configurations } from "./configurations.ts";
import { exploreEvery } from "./every-configuration.ts";
import { recordSearched, searchEveryRule } from "./every-rule.ts";
import { writeRules, writeRuns } from "./evidence.ts";
import { every, elapsed, say } from "./progress.ts";
import { replay } from "./search.ts";
import { configurationOf, currentCode, work } from "./task.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    config: { type: "string" },
    preemptions: { type: "string" },
    minutes: { type: "string" },
    replay: { type: "string" },
    without: { type: "string" },
    "every-rule": { type: "boolean", default: false },
    task: { type: "string" },
  },
});

if (values.task !== undefined) await work(values.task);
else if (values.replay !== undefined) await showAgain(values.config ?? "", values.replay, values.without);
else if (values["every-rule"]) await withoutEach(positionals[0], minutesOr(60));
else await withEveryRule(minutesOr(5));

function minutesOr(usual: number): number {
  return values.minutes === undefined ? usual : Number(values.minutes);
}

async function showAgain(name: string, trail: string, without: string | undefined): Promise<void> {
  const configuration = configurationOf(name);
  const rule = rules.find(({ id }) => id === without);
  if (without !== undefined && rule === undefined) throw new Error(`there is no rule ${without}`);
  const { schedule, violation } =
    rule === undefined
      ? await replay(configuration, trail, { code: currentCode })
      : await withoutRule(rule, (code) => replay(configuration, trail, { code }));
  for (const line of schedule) say(line);
  say(violation === undefined ? "no violation" : `${violation.id}: ${violation.sentence}`);
}

async function withoutEach(pattern: string | undefined, minutes: number): Promise<void> {
  const all = rules.map(({ id }) => id);
  const ids = all.filter((id) => new RegExp(pattern ?? "").test(id));
  const show = every(10_000);
  const searched = await searchEveryRule(ids, minutes * 60_000, say, (progress) => {
    const { round, found, executions } = progress;
    if (progress.searched.found !== undefined) recordSearched([progress.searched], all);
    show(
      `up to ${round} preemptions: ${found} of ${progress.rules} found or unreached, ${executions} executions`,
    );
  });
  recordSearched(searched, all);
  const missed = searched.filter(({ found }) => found === undefined).map(({ rule }) => rule);
  say(`the absence of ${ids.length - missed.length} of ${ids.length} rules is found after ${elapsed()}`);
  if (missed.length > 0) say(`not found: ${missed.join(", ")}`);
  writeRules();
}

async function withEveryRule(minutes: number): Promise<void> {
  const names = values.config === undefined ? configurations.map(({ name }) => name) : [values.config];
  const runs = await exploreEvery(names, {
    milliseconds: minutes * 60_000,
    preemptions: values.preemptions === undefined ? undefined : Number(values.preemptions),
    without: values.without,
  });
  if (runs.some(({ violation }) => violation !== undefined)) process.exitCode = 1;
  else if (values.config === undefined && values.without === undefined) writeRuns(runs, minutes);
}

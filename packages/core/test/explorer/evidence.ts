/** Writes `docs/evidence/explorer.md`: each command its own part of it. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { rules } from "../rules/rules.ts";
import { configurations } from "./configurations.ts";
import type { Run } from "./every-configuration.ts";
import { type Searched, searchedRules } from "./every-rule.ts";
import { outOfReach } from "./out-of-reach.ts";

export const evidencePath: string = join(import.meta.dirname, "../../../../docs/evidence/explorer.md");

const head = `# What the explorer finds

[The explorer](../../packages/core/test/explorer/README.md) runs the real backend in every schedule of small
configurations, those without a preemption first, then those with one, and so on. An execution is one schedule, run from
its start. Both parts of this page are written by the commands that they name.
`;

const codeHeading = "## The code as it is";
const rulesHeading = "## Every rule taken out";

/** The part about the code as it is. */
export function writeRuns(runs: readonly Run[], minutes: number): void {
  write(codePart(runs, minutes), part(rulesHeading));
}

/** The part about the rules, from what is known of each. */
export function writeRules(): void {
  write(part(codeHeading), rulesPart(searchedRules()));
}

function write(code: string, without: string): void {
  writeFileSync(evidencePath, [head, code, without].filter((text) => text !== "").join("\n"));
}

/** What stands under a heading now. */
function part(heading: string): string {
  const parts = readFileSync(evidencePath, "utf8").split(/^(?=## )/m);
  return (
    parts
      .find((text) => text.startsWith(`${heading}\n`))
      ?.trimEnd()
      .concat("\n") ?? ""
  );
}

function codePart(runs: readonly Run[], minutes: number): string {
  const sum = (count: "executions" | "cut" | "states"): string =>
    shown(runs.reduce((total, run) => total + run[count], 0));
  const rows = runs.map(({ configuration, bound, states, executions, cut }) => {
    const says = configurations.find(({ name }) => name === configuration)?.says ?? "";
    const all = bound < 0 ? "none" : String(bound);
    return `| \`${configuration}\` | ${says} | ${all} | ${shown(executions)} | ${shown(cut)} | ${shown(states)} |`;
  });
  return `${codeHeading}

\`pnpm explore --minutes ${minutes}\` at commit ${commit()}, on ${availableParallelism()} cores (${machine()}), Node
${process.versions.node}: **no schedule broke an invariant**, of ${runs.length} configurations, ${sum("executions")} executions,
${sum("states")} states. Nothing is random: the same command tries the same schedules in the same order, as far as there is
time. \`pnpm explore --minutes ${minutes * 10}\` runs ten times as long, and goes further.

_All with_: every schedule with so many preemptions was tried to its end; beyond it the time was over. _Cut_: executions
that were left because they came to a state that another one had come to before.

| configuration | | all with | executions | cut | states |
| --- | --- | --- | --- | --- | --- |
${rows.join("\n")}
`;
}

function rulesPart(searched: readonly Searched[]): string {
  const known = new Map(searched.map((one) => [one.rule, one]));
  const found = searched.filter((one) => one.found !== undefined);
  const total = shown(searched.reduce((sum, { executions }) => sum + executions, 0));
  const rows = rules.flatMap(({ id, says }) => {
    const one = known.get(id);
    return one === undefined ? [] : [`| \`${id}\` | ${says} | ${howFound(one)} | ${shown(one.executions)} |`];
  });
  const reasons = outOfReach.map(({ why, rules: ids }, index) => `${index + 1}. ${why} (${ids.length})`);
  return `${rulesHeading}

\`pnpm explore --every-rule\` takes each rule of [the protocol](../protocol.md) out of the source, one at a time, and runs
the configurations that its code is run in, until a schedule breaks an invariant. A test runs that schedule again. The
absence of **${found.length} of ${searched.length}** rules is found, in ${total} executions. Of the others the table says why not, by the
number of the reason, and how far they were searched. [Other tests](rules.md) hold every rule.

${reasons.join("\n")}

| rule | | found in, as; or why not | executions |
| --- | --- | --- | --- |
${rows.join("\n")}
`;
}

function howFound({ rule, reachedBy, bound, found }: Searched): string {
  if (found !== undefined) {
    const { configuration, violation, preemptions } = found;
    return `\`${configuration}\`, \`${violation}\`${preemptions === 0 ? "" : `, ${preemptions} ${preemptions === 1 ? "preemption" : "preemptions"}`}`;
  }
  const reason = outOfReach.findIndex(({ rules: ids }) => ids.includes(rule)) + 1;
  const where = reachedBy === 1 ? "1 configuration" : `${reachedBy} configurations`;
  if (reachedBy === 0) return `no: ${reason}; no configuration runs its code`;
  if (bound < 0) return `no: ${reason}; ${where}, not all schedules without a preemption`;
  return `no: ${reason}; ${where}, all schedules with ${bound} preemptions`;
}

function shown(count: number): string {
  return count.toLocaleString("en-US");
}

function git(...args: readonly string[]): string {
  return execFileSync("git", args, { cwd: import.meta.dirname, encoding: "utf8" }).trim();
}

function commit(): string {
  const isChanged = git("status", "--porcelain", "--", "../..") !== "";
  return `\`${git("rev-parse", "--short=12", "HEAD")}\`${isChanged ? " with changes" : ""}`;
}

function machine(): string {
  return cpus()[0]?.model.trim() ?? "of an unknown kind";
}

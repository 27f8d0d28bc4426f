/**
 * What `pnpm explore --every-rule` has found is found again: each schedule that breaks an invariant once a rule is taken
 * out of the code. Of every other rule `explorer/out-of-reach.ts` says why no schedule shows that it is missing.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type FoundMissing, searchedRules } from "./explorer/every-rule.ts";
import { evidencePath } from "./explorer/evidence.ts";
import type { CodeUnderTest } from "./explorer/code-under-test.ts";
import type { Violation } from "./explorer/history.ts";
import { outOfReach } from "./explorer/out-of-reach.ts";
import { NoSuchStep } from "./explorer/scheduler.ts";
import { explore, replay } from "./explorer/search.ts";
import { configurationOf } from "./explorer/task.ts";
import { rules } from "./rules/rules.ts";
import { withoutRule } from "./simulation/broken-protocols.ts";

const ids = rules.map(({ id }) => id);
const known = new Map(searchedRules().map(({ rule, found }) => [rule, found]));
const found = rules.flatMap((rule) => {
  const schedule = known.get(rule.id);
  return schedule === undefined ? [] : [{ ...rule, schedule }];
});
const reasoned = outOfReach.flatMap(({ rules: some }) => some);
/** If the code has changed, so that a recorded schedule is no more, the same search finds another one. */
const milliseconds = 20_000;

test("every rule is found to be missing, or there is a reason why not: run pnpm explore --every-rule <id>", () => {
  expect([...found.map(({ id }) => id), ...reasoned].toSorted()).toEqual(ids.toSorted());
});

test("every rule has a row in docs/evidence/explorer.md", () => {
  const rows = readFileSync(evidencePath, "utf8").matchAll(/^\| `([^`]+)` +\| /gm);
  const listed = Array.from(rows, ([, id = ""]) => id);
  expect(listed.filter((id) => ids.includes(id))).toEqual(ids);
});

describe("the absence of a rule is found:", () => {
  test.for(found)("$id", { timeout: 60_000 }, async (rule) => {
    const violation = await withoutRule(rule, (code) => findAgain(rule.schedule, code));
    expect(violation).toBeDefined();
  });
});

async function findAgain(
  { configuration: name, replay: trail, preemptions }: FoundMissing,
  code: CodeUnderTest,
): Promise<Violation | undefined> {
  const configuration = configurationOf(name);
  try {
    const { violation } = await replay(configuration, trail, { code });
    if (violation !== undefined) return violation;
  } catch (error) {
    if (!(error instanceof NoSuchStep)) throw error;
  }
  const { violation } = await explore(configuration, { code, preemptions, milliseconds });
  return violation;
}

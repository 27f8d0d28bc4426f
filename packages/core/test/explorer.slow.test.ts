/**
 * Every schedule of small configurations of the real code, up to a number of preemptions. More of them:
 * `node packages/core/test/explorer/run.ts`.
 */
import { describe, expect, test } from "vitest";
import { ObjectStoreBackend } from "../src/backend.ts";
import type { OpenOptions } from "../src/open-options.ts";
import type { StateBackend } from "../src/state-backend.ts";
import type { ObjectStore } from "../src/store.ts";
import type { Configuration } from "./explorer/configuration.ts";
import { configurations } from "./explorer/configurations.ts";
import { type CodeUnderTest, codeOf } from "./explorer/code-under-test.ts";
import { mendedFaults } from "./explorer/mended-faults.ts";
import { explore, replay } from "./explorer/search.ts";
import type { Rule } from "./rules/rule.ts";
import { rules } from "./rules/rules.ts";
import { withoutRule } from "./simulation/broken-protocols.ts";

const code: CodeUnderTest = codeOf(ObjectStoreBackend);
const codeOnForgetfulStore: CodeUnderTest = { ...code, open: openOnForgetfulStore };
const timeout = 300_000;

function named(name: string): Configuration {
  const found = configurations.find((configuration) => configuration.name === name);
  if (found === undefined) throw new Error(`there is no configuration ${name}`);
  return found;
}

function ruleOf(id: string): Rule {
  const found = rules.find((rule) => rule.id === id);
  if (found === undefined) throw new Error(`there is no rule ${id}`);
  return found;
}

test.for(configurations)(
  "no schedule with one preemption breaks an invariant, and not all end alike: $name",
  { timeout },
  async (configuration) => {
    const outcomes = new Set<string>();
    const onOutcome = (outcome: string): unknown => outcomes.add(outcome);
    const found = await explore(configuration, { code, preemptions: 1, onOutcome });
    expect(found).toMatchObject({ ended: true, bound: 1 });
    expect(outcomes.size).toBeGreaterThan(2);
  },
);

describe("a fault that was mended is found, where nothing names it, if it comes back:", () => {
  test.for(mendedFaults)(
    "$id in $configuration",
    { timeout },
    async ({ rule, configuration, violations }) => {
      const { violation } = await withoutRule(ruleOf(rule), (codeWithout) =>
        explore(named(configuration), { code: codeWithout }),
      );
      expect(violations).toContain(violation?.id);
    },
  );
});

test("a schedule that broke an invariant breaks it again when it is replayed", { timeout }, async () => {
  const { violation } = await explore(named("no-fence"), { code: codeOnForgetfulStore });
  const again = await replay(named("no-fence"), violation?.replay ?? "", { code: codeOnForgetfulStore });
  expect(again).toEqual({
    schedule: violation?.schedule.map((line) => line.replace(/ \(preemptions: \d+\)$/, "")),
    violation: { id: violation?.id, sentence: violation?.sentence },
  });
});

describe("what is broken is found:", () => {
  test("a store that says `created` of a `_COMMIT` that is there", { timeout }, async () => {
    const { violation } = await explore(named("no-fence"), { code: codeOnForgetfulStore });
    expect(violation?.id).toBe("aborted-though-sealed");
  });

  test.for([
    ["takeover-voids", "two-leaders", "seal-after-takeover"],
    ["fence-before-seal", "two-leaders", "seal-after-takeover"],
  ] as const)("a protocol without %s, in %s", { timeout }, async ([id, configuration, expected]) => {
    const { violation } = await withoutRule(ruleOf(id), (codeWithout) =>
      explore(named(configuration), { code: codeWithout }),
    );
    expect(violation?.id).toBe(expected);
  });
});

test.for(["abort-beside-prune", "pipelined-beside-abort", "two-leaders"])(
  "leaving out the choices that make no difference loses no outcome: %s",
  { timeout },
  async (name) => {
    const outcomesOf = async (reduces: boolean): Promise<ReadonlySet<string>> => {
      const outcomes = new Set<string>();
      const onOutcome = (outcome: string): unknown => outcomes.add(outcome);
      await explore(named(name), { code, reduces, preemptions: 1, onOutcome });
      return outcomes;
    };
    const outcomes = await outcomesOf(true);
    expect(outcomes.size).toBeGreaterThan(2);
    expect(outcomes).toEqual(await outcomesOf(false));
  },
);

/** Two leaders may both be told that they won. */
function openOnForgetfulStore(options: OpenOptions): Promise<StateBackend> {
  const { store } = options;
  const forgetful: ObjectStore = {
    name: "forgetful",
    create: async (key, body, operation) => {
      const response = await store.create(key, body, operation);
      return key.endsWith("/_COMMIT") ? "created" : response;
    },
    get: (key, operation) => store.get(key, operation),
    list: (prefix, listing) => store.list(prefix, listing),
    delete: (keys, operation) => store.delete(keys, operation),
  };
  return code.open({ ...options, store: forgetful });
}

/** The simulation is tested itself: it must notice when a rule of the protocol is missing. */
import { describe, expect, test } from "vitest";
import { simulatedRules, withoutRule } from "./simulation/broken-protocols.ts";
import { runMany } from "./simulation/series.ts";

describe("a protocol without one rule is caught:", () => {
  test.for(simulatedRules)("$id", { timeout: 600_000 }, async (rule) => {
    const { violation } = await withoutRule(rule, ({ open }) => runMany({ first: 1, runs: 5000, open }));
    expect(violation?.text).toMatch(/^schedule \d+ breaks:\n(?:\d|liveness|cost)/);
  });
});

/**
 * The simulation is tested itself: it must notice when a rule of the protocol is missing.
 *
 * Of each rule `simulation/noticed.json` says which seed has shown it. That one is tried first; if the code has changed, so
 * that it shows nothing any more, then the seeds from 1 on are. With `SIMULATION_RECORD=1` all are searched anew, and
 * written there.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { simulatedRules, withoutRule } from "./simulation/broken-protocols.ts";
import { runMany, type Series } from "./simulation/series.ts";
import type { OpenBackend } from "./simulation/surroundings.ts";

const path = join(import.meta.dirname, "simulation/noticed.json");
const records = process.env["SIMULATION_RECORD"] !== undefined;
const noticed = JSON.parse(readFileSync(path, "utf8")) as Readonly<Record<string, number>>;
const found = new Map<string, number>();

describe("a protocol without one rule is caught:", () => {
  test.for(simulatedRules)("$id", { timeout: 600_000 }, async (rule) => {
    const { violation } = await withoutRule(rule, ({ open }) => search(open, noticed[rule.id]));
    expect(violation?.text).toMatch(/^schedule \d+ breaks:\n(?:\d|liveness|cost)/);
    if (violation !== undefined) found.set(rule.id, violation.seed);
  });
});

/** What shuts out a leader that lost its office to one who stood by, whatever the timing. */
const fence = ["fence-before-seal", "control-after-the-seal-was-created", "takeover-voids"];

describe("standbys without the fence are caught:", () => {
  test.for(simulatedRules.filter(({ id }) => fence.includes(id)))(
    "$id",
    { timeout: 600_000 },
    async (rule) => {
      const { violation } = await withoutRule(rule, ({ open }) =>
        runMany({ first: 1, runs: 5000, open, standbysOnly: true }),
      );
      expect(violation?.text).toMatch(/^schedule \d+ breaks:\n\d/);
    },
  );

  test("all of these rules are there", () => {
    expect(simulatedRules.map(({ id }) => id)).toEqual(expect.arrayContaining(fence));
  });
});

afterAll(() => {
  if (records) writeFileSync(path, `${JSON.stringify(Object.fromEntries(found), undefined, 2)}\n`);
});

async function search(open: OpenBackend, seed: number | undefined): Promise<Series> {
  if (seed !== undefined && !records) {
    const again = await runMany({ first: seed, runs: 1, open });
    if (again.violation !== undefined) return again;
  }
  return runMany({ first: 1, runs: 5000, open });
}

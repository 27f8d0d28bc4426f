import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { stress } from "../src/stress.ts";

test("of 500 responses of six processes that lead, prune and read on one directory none is wrong", async () => {
  const root = await mkdtemp(join(tmpdir(), "state-stress-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const report = await stress({ place: { kind: "fs", root }, responses: 500, seed: 1 });
  expect(report.wrong).toEqual([]);
  expect(report.responses).toBeGreaterThanOrEqual(500);
  for (const call of ["takeover", "seal", "prune", "latest", "sealedEpochs", "describe", "read"]) {
    expect(report.counts).toHaveProperty([`${call}: returned`]);
  }
  expect(report.counts["takeover: returned"]).toBeGreaterThan(1);
}, 60_000);

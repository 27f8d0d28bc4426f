import { s3FromEnvironment } from "@state/servers";
import { expect, onTestFinished, test } from "vitest";
import { empty, placeOn } from "../src/place.ts";
import { stress } from "../src/stress.ts";

const named = s3FromEnvironment();

// `pnpm test:servers` names a MinIO; without one the test is skipped by name.
test.skipIf(named === undefined)(
  "of 400 responses of six processes that lead, prune and read on the service of STATE_TEST_S3 none is wrong",
  { timeout: 180_000 },
  async () => {
    if (named === undefined) throw new Error("STATE_TEST_S3 names no service");
    const place = placeOn(named);
    onTestFinished(() => empty(place));
    const report = await stress({ place, responses: 400, seed: 1 });
    const counts = Object.entries(report.counts).map(([outcome, count]) => `${outcome} ${count}`);
    process.stdout.write(
      `${report.responses} responses, ${report.wrongCount} of them wrong: ${counts.join(", ")}\n`,
    );
    expect(report.wrong).toEqual([]);
    expect(report.responses).toBeGreaterThanOrEqual(400);
    for (const call of ["takeover", "seal", "prune", "latest", "sealedEpochs", "describe", "read"]) {
      expect(report.counts).toHaveProperty([`${call}: returned`]);
    }
    expect(report.counts["takeover: returned"]).toBeGreaterThan(1);
  },
);

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isInstalled, minio } from "@state/servers";
import { expect, onTestFinished, test } from "vitest";
import { rollingRestart } from "../src/rolling-restart.ts";

// Without MinIO the test is skipped by name: `pnpm servers` installs it.
test.skipIf(!isInstalled(minio))(
  "a job goes on while MinIO is ended and started again three times, and what it sealed stays as it was sealed",
  { timeout: 300_000 },
  async () => {
    const location = await mkdtemp(join(tmpdir(), "state-restart-"));
    onTestFinished(() => rm(location, { recursive: true }));
    const report = await rollingRestart({
      location,
      epochs: 24,
      restarts: [
        { by: "SIGTERM", epoch: 6, object: "partial.bin" },
        { by: "SIGKILL", epoch: 12, object: "_COMMIT" },
        { by: "SIGTERM", epoch: 18, object: "_COMMIT" },
      ],
    });
    process.stdout.write(
      `${report.sealed.length} epochs sealed through ${report.restarts} restarts, ` +
        `${report.failedRequests} requests failed and ${report.repeatedCalls} calls were made again; the longest stall was ${Math.round(report.longestStallMs)} ms\n`,
    );
    expect(report.sealed).toEqual(Array.from({ length: 24 }, (_, epoch) => epoch));
    expect(report.restarts).toBe(3);
    // Else the server was away while nobody asked.
    expect(report.failedRequests).toBeGreaterThan(0);
    expect(report.wrong).toEqual([]);
  },
);

import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * About how many seconds each of the longest files takes on two quiet cores, so that none of them begins last and leaves
 * a core idle. Nothing depends on it but the order: a file that is not here comes after those that are.
 */
export const seconds: Readonly<Record<string, number>> = {
  "packages/core/test/explorer.slow.test.ts": 190,
  "packages/azure/test/conformance.long.test.ts": 180,
  "packages/azure/test/oldest-sdk.long.test.ts": 140,
  "packages/s3/test/policy.long.test.ts": 140,
  "packages/core/test/explorer-rules.long.test.ts": 95,
  "internal/faults/test/faults.long.test.ts": 100,
  "packages/s3/test/suites.long.test.ts": 90,
  "packages/fs/test/power-cut.slow.test.ts": 90,
  "internal/faults/test/situations.test.ts": 85,
  "packages/core/test/simulation.slow.test.ts": 75,
  "packages/gcs/test/suites.long.test.ts": 55,
  "packages/s3/test/floor-sdk.long.test.ts": 45,
  "packages/fs/test/conformance.test.ts": 40,
  "internal/api-docs/test/reference.long.test.ts": 40,
  "internal/stress/test/rolling-restart.long.test.ts": 40,
  "internal/docs/test/adapter-sqlite.long.test.ts": 35,
  "examples/flights/test/flights.test.ts": 35,
  "packages/core/test/broken-stores/abort.long.test.ts": 30,
  "packages/core/test/broken-stores/list.long.test.ts": 30,
  "packages/gcs/test/floor.test.ts": 30,
  "packages/fs/test/case.test.ts": 30,
  "packages/fs/test/crowd.long.test.ts": 30,
  "internal/docs/test/http-store.test.ts": 30,
  "internal/runtimes/test/suite.long.test.ts": 28,
  "packages/core/test/broken-stores/keys.long.test.ts": 25,
  "internal/bench/test/scale.long.test.ts": 25,
  "packages/core/test/simulation-of-broken-protocols.long.test.ts": 25,
  "packages/core/test/broken-stores/create.long.test.ts": 20,
  "internal/release/test/consumers.long.test.ts": 20,
  "internal/docs/test/snippets.test.ts": 18,
  "internal/release/test/releases.long.test.ts": 16,
  "internal/release/test/packages.built.test.ts": 15,
  "internal/scripts/test/install.test.ts": 10,
  "internal/stress/test/stress.test.ts": 10,
};

/** Runs the longest files first, and the others as vitest would. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- it is vitest's, and sorts a copy
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => secondsOf(b) - secondsOf(a));
  }
}

function secondsOf({ moduleId }: TestSpecification): number {
  const name = Object.keys(seconds).find((file) => moduleId.endsWith(`/${file}`));
  return name === undefined ? 0 : (seconds[name] ?? 0);
}

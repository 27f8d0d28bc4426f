import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./internal/scripts/src/longest-first.ts";
import { ProgressReporter } from "./internal/scripts/src/progress-reporter.ts";

const folders = globSync(["packages/*", "internal/*", "examples/flights", "examples/kafka"], {
  cwd: import.meta.dirname,
});

export default defineConfig({
  // Tests run on the sources, which a build would only delay.
  ssr: { resolve: { conditions: ["@state/source", "node", "development|production"] } },
  test: {
    include: ["test/**/*.test.ts"],
    passWithNoTests: false,
    // One fewer is the default, which leaves one of two cores idle.
    maxWorkers: availableParallelism(),
    // The longest file of a run that begins last leaves a core idle for as long as it takes.
    sequence: { sequencer: LongestFirst },
    // Only what stands still fails by its time, and not what is slow on a busy machine.
    testTimeout: 20_000,
    hookTimeout: 30_000,
    slowTestThreshold: 5_000,
    reporters: [
      "default",
      ...(process.stdout.isTTY ? [] : [new ProgressReporter()]),
      ...(process.env["GITHUB_ACTIONS"] === undefined ? [] : ["github-actions"]),
    ],
    projects: folders.toSorted().map((folder) => ({
      extends: true,
      root: folder,
      test: {
        // An example may be named as a package is.
        name: folder.replace(/^(packages|internal)\//u, ""),
        // Most tests of faults wait for a response that never comes.
        ...(folder === "internal/faults" && { maxConcurrency: 16 }),
        // The processes that tests start run on the sources too; what is tested as it is published does not.
        ...(folder !== "internal/release" && { env: { NODE_OPTIONS: "--conditions=@state/source" } }),
      },
    })),
  },
});

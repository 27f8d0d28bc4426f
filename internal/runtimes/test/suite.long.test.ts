import { rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { backendConformance, type Runner, storeConformance } from "@state/core/conformance";
import { MemoryStore } from "@state/memory";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { layProject } from "./project.ts";
import { bun, deno, oldestNode, pinnedNode, type Runtime, start, testOn } from "./runtime.ts";

const require = createRequire(import.meta.url);
const vitest = resolve(import.meta.dirname, "../../../node_modules/vitest");
const jest = require.resolve("jest/bin/jest");

interface TestRunner {
  readonly name: string;
  readonly runtime: Runtime;
  /** What lists every test on a line of its own. */
  readonly arguments: readonly string[];
}

const runners: readonly TestRunner[] = [
  {
    name: "node:test on the oldest Node",
    runtime: oldestNode,
    arguments: ["--test", "--test-reporter=tap", "suite/node.test.js"],
  },
  {
    name: "node:test",
    runtime: pinnedNode,
    arguments: ["--test", "--test-reporter=tap", "suite/node.test.js"],
  },
  {
    name: "vitest",
    runtime: pinnedNode,
    arguments: [join(vitest, "vitest.mjs"), "run", "--reporter=tap-flat", "suite/vitest.test.js"],
  },
  {
    name: "jest",
    runtime: pinnedNode,
    arguments: ["--experimental-vm-modules", jest, "--verbose", "--watchman=false", "suite/jest.test.js"],
  },
  { name: "Bun's", runtime: bun, arguments: ["test", "./suite/bun.test.js"] },
  {
    name: "Deno's, through node:test",
    runtime: deno,
    arguments: [
      "test",
      "--no-prompt",
      "--no-remote",
      "--cached-only",
      "--no-lock",
      "--node-modules-dir=manual",
      "--no-check",
      "--allow-env",
      "--reporter=tap",
      "suite/node.test.js",
    ],
  },
];

let project: string;

beforeAll(async () => {
  project = await layProject();
  // The runner is the workspace's; what it runs is packed.
  await symlink(vitest, join(project, "node_modules/vitest"));
}, 120_000);

afterAll(() => rm(project, { recursive: true }));

interface Result {
  readonly code: number;
  /** By the test's name. */
  readonly tests: Readonly<Record<string, string>>;
  readonly output: string;
}

async function run(runner: TestRunner, env: Record<string, string> = {}): Promise<Result> {
  const { code, stdout, stderr } = await start(runner.runtime, runner.arguments, project, env);
  const output = `${stdout}\n${stderr}`;
  const lines = output.split("\n");
  const tests = declared().map((name) => [name, outcomeOf(name, lines)] as const);
  return { code, tests: Object.fromEntries(tests), output };
}

/** TAP's words, jest's signs, or Bun's brackets. */
function outcomeOf(name: string, lines: readonly string[]): string {
  const line = lines.find((each) => each.includes(name) && /\bok \d|✓|✕|○|\((pass|fail|skip)\)/.test(each));
  if (line === undefined) return "not listed";
  if (/not ok|✕|\(fail\)/.test(line)) return "failed";
  return /# SKIP|○|\(skip\)/.test(line) ? "skipped" : "passed";
}

/** A runner that runs nothing, and puts the tests' names into a list. */
function listing(names: string[], concurrent?: Runner["test"]["concurrent"]): Runner {
  const declare = (name: string): void => void names.push(name);
  return {
    describe: (_, body) => body(),
    test: Object.assign(declare, { skip: declare }, concurrent && { concurrent }),
  };
}

const harness = { name: "memory", open: async () => new MemoryStore(), wholeListings: true };

/** The names of all tests that the suites declare, as every runner must list them. */
function declared(): string[] {
  const names: string[] = [];
  storeConformance(listing(names), harness);
  backendConformance(listing(names), harness);
  return names;
}

describe.each(runners)("under $name", (runner) => {
  testOn(
    runner.runtime,
    "the two suites run whole, and what the harness cannot do is skipped by name",
    async () => {
      const { code, tests, output } = await run(runner);
      const expected = declared().map((name) => [name, name.includes("(not run: ") ? "skipped" : "passed"]);
      expect(tests).toEqual(Object.fromEntries(expected));
      expect(Object.values(tests).filter((outcome) => outcome === "skipped").length).toBeGreaterThan(0);
      expect({ code, output: code === 0 ? "" : output }).toEqual({ code: 0, output: "" });
    },
  );

  testOn(runner.runtime, "a store that loses bodies fails, and the cases say what was broken", async () => {
    const { code, tests, output } = await run(runner, { STATE_FAULT: "1" });
    expect(code).not.toBe(0);
    const outcomes = Object.entries(tests).filter(([name]) => /^get\.(bytes|absent):/.test(name));
    expect(outcomes.map(([, outcome]) => outcome).toSorted()).toEqual(["failed", "passed"]);
    expect(output).toContain("get.bytes saw this broken: G2");
  });
});

test("every case that is not skipped runs beside others where the runner can do that", () => {
  const beside: string[] = [];
  const after: string[] = [];
  storeConformance(
    listing(after, (name) => beside.push(name)),
    harness,
  );
  expect(after.filter((name) => !name.includes("(not run: "))).toEqual([]);
  expect([...beside, ...after].toSorted()).toEqual(
    declared()
      .filter((name) => /^\w+\./.test(name))
      .toSorted(),
  );
});

/**
 * Takes each rule of the protocol out of a scratch copy of the source, one at a time, and runs the tests. A rule that
 * nothing misses is not held by any test: that is a failure.
 *
 * `node packages/core/test/rules/run.ts [text of a rule]`
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Rule, rules } from "./rules.ts";

const core = resolve(import.meta.dirname, "../..");
const scratch = mkdtempSync(join(tmpdir(), "state-rules-"));
const chosen = rules.filter(({ rule }) => rule.includes(process.argv[2] ?? ""));
const unheld: Rule[] = [];

try {
  cpSync(core, scratch, { recursive: true, filter: (path) => !/node_modules|dist$/.test(path) });
  symlinkSync(resolve(core, "../../node_modules"), join(scratch, "node_modules"));
  cpSync(resolve(core, "../../tsconfig.base.json"), join(scratch, "tsconfig.json"));
  writeFileSync(
    join(scratch, "vitest.config.mjs"),
    `export default { test: { include: ["test/{sequences,round-trips,sealed,seed}.test.ts"], testTimeout: 5000 } };`,
  );
  const unexpected = failingTests();
  if (unexpected.length > 0) throw new Error(`these fail with every rule in force: ${unexpected.join(", ")}`);
  for (const rule of chosen) {
    const path = join(scratch, "src", rule.file);
    const source = readFileSync(path, "utf8");
    if (source.split(rule.find).length !== 2)
      throw new Error(`${rule.file} does not hold once: ${rule.find}`);
    writeFileSync(
      path,
      source.replace(rule.find, () => rule.replace),
    );
    const failing = failingTests();
    writeFileSync(path, source);
    report(rule.rule, failing);
    if (failing.length === 0) unheld.push(rule);
  }
} finally {
  rmSync(scratch, { recursive: true });
}
process.stdout.write(`\n${chosen.length - unheld.length} of ${chosen.length} rules are held by a test\n`);
process.exitCode = unheld.length > 0 ? 1 : 0;

function failingTests(): string[] {
  const vitest = join(scratch, "node_modules/vitest/vitest.mjs");
  const output = join(scratch, "output.json");
  rmSync(output, { force: true });
  const command = [vitest, "run", "--reporter=json", `--outputFile=${output}`];
  const run = spawnSync(process.execPath, command, { cwd: scratch, encoding: "utf8" });
  if (!existsSync(output)) throw new Error(`vitest wrote no report:\n${run.stdout}${run.stderr}`);
  const result = JSON.parse(readFileSync(output, "utf8")) as {
    numTotalTests: number;
    testResults: { name: string; message: string; assertionResults: { status: string; title: string }[] }[];
  };
  const broken = result.testResults.find(({ assertionResults }) => assertionResults.length === 0);
  if (broken !== undefined) throw new Error(`${broken.name} does not load: ${broken.message}`);
  return result.testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === "failed").map(({ title }) => title),
  );
}

function report(rule: string, failing: readonly string[]): void {
  const ids = failing.map((title) => (/^S\d+[a-z]?\b/.exec(title) ?? [title])[0]);
  process.stdout.write(`${rule}: ${ids.length > 0 ? ids.join(", ") : "NOTHING"}\n`);
}

/**
 * Takes each rule of the protocol out of a scratch copy of the source, one at a time, and runs the tests. A rule that
 * nothing misses is not held by any test: that is a failure. A run over all rules writes the table in `docs/evidence/rules.md`.
 *
 * `pnpm rules [text of a rule]`
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Rule, rules } from "./rules.ts";

/** The second group is asked about what the first, which takes a second, does not notice. */
const groups = [
  ["sequences", "round-trips", "seed"],
  ["sealed", "retry", "close", "store-client", "arguments", "events"],
];
/** A rule taken out may leave a loop that never ends. */
const patienceMs = 45_000;

const core = resolve(import.meta.dirname, "../..");
const scratch = mkdtempSync(join(tmpdir(), "state-rules-"));
const wanted = process.argv[2];
const rows: { readonly rule: Rule; readonly tests: readonly string[] }[] = [];

try {
  cpSync(core, scratch, { recursive: true, filter: (path) => !/node_modules|dist$/.test(path) });
  symlinkSync(resolve(core, "../../node_modules"), join(scratch, "node_modules"));
  cpSync(resolve(core, "../../tsconfig.base.json"), join(scratch, "tsconfig.json"));
  writeFileSync(join(scratch, "vitest.config.mjs"), "export default { test: { testTimeout: 5000 } };");

  const unexpected = groups.flatMap(failingTests);
  if (unexpected.length > 0) throw new Error(`these fail with every rule in force: ${unexpected.join(", ")}`);
  for (const rule of rules.filter(({ rule: text }) => text.includes(wanted ?? ""))) {
    const tests = testsThatMiss(rule);
    process.stdout.write(`${rule.rule}: ${tests.length > 0 ? tests.join(", ") : "NOTHING"}\n`);
    rows.push({ rule, tests });
  }
} finally {
  rmSync(scratch, { recursive: true });
}

const unheld = rows.filter(({ tests }) => tests.length === 0);
process.stdout.write(`\n${rows.length - unheld.length} of ${rows.length} rules are held by a test\n`);
if (unheld.length > 0 || rows.length === 0) process.exitCode = 1;
else if (wanted === undefined) writeFileSync(resolve(core, "../../docs/evidence/rules.md"), table());

function testsThatMiss(rule: Rule): string[] {
  const path = join(scratch, "src", rule.file);
  const source = readFileSync(path, "utf8");
  if (source.split(rule.find).length !== 2) throw new Error(`${rule.file} does not hold once: ${rule.find}`);
  writeFileSync(
    path,
    source.replace(rule.find, () => rule.replace),
  );
  try {
    for (const group of groups) {
      const failing = failingTests(group);
      if (failing.length > 0) return failing;
    }
    return [];
  } finally {
    writeFileSync(path, source);
  }
}

function failingTests(group: readonly string[]): string[] {
  const output = join(scratch, "output.json");
  rmSync(output, { force: true });
  const vitest = join(scratch, "node_modules/vitest/vitest.mjs");
  const files = group.map((name) => `test/${name}.test.ts`);
  const run = spawnSync(
    process.execPath,
    [vitest, "run", ...files, "--reporter=json", `--outputFile=${output}`],
    { cwd: scratch, encoding: "utf8", timeout: patienceMs, killSignal: "SIGKILL" },
  );
  if (run.signal !== null) return ["(does not end)"];
  if (!existsSync(output)) throw new Error(`vitest wrote no report:\n${run.stdout}${run.stderr}`);
  const report = JSON.parse(readFileSync(output, "utf8")) as {
    testResults: { name: string; message: string; assertionResults: { status: string; title: string }[] }[];
  };
  const broken = report.testResults.find(({ assertionResults }) => assertionResults.length === 0);
  if (broken !== undefined) throw new Error(`${broken.name} does not load: ${broken.message}`);
  const failed = report.testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === "failed").map(({ title }) => title),
  );
  // A sequence is known by its id.
  return [...new Set(failed.map((title) => (/^[A-Z]\d\d[a-z]?\b/.exec(title) ?? [title])[0]))];
}

function table(): string {
  const lines = rows.map(({ rule, tests }) => {
    const some = tests.slice(0, 4).join("; ");
    const more = tests.length > 4 ? `; ${tests.length - 4} more` : "";
    return `| ${rule.rule} | \`${rule.file}\` | ${some}${more} |`;
  });
  return `# The rules, and the tests that hold them

\`pnpm rules\` takes each rule of [the protocol](../protocol.md) out of the source, one at a time, runs the tests, and writes this table. A rule that no
test misses fails it. \`S…\`, \`T…\`, \`P…\` and \`R…\` are the sequences of \`backendConformance\`, which every adapter runs too.

| rule | taken out of | missed by |
| --- | --- | --- |
${lines.join("\n")}
`;
}

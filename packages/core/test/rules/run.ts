/**
 * Takes each rule of the protocol out of a scratch copy of the source, one at a time, and runs the tests. A rule that
 * nothing misses is not held by any test: that is a failure. Else the rows of these rules in `docs/evidence/rules.md` are
 * written anew.
 *
 * `pnpm rules [pattern of ids]`
 */
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Rule } from "./rule.ts";
import { rules } from "./rules.ts";
import { filesByRule } from "./sources.ts";
import { takeOut } from "./take-out.ts";

/** Each group is asked about what the ones before it, which are faster, do not notice. */
const groups = [
  ["sequences", "round-trips", "seed"],
  [
    "allowances",
    "retry",
    "timeouts",
    "create-or-read-back",
    "caller-abort",
    "create-seal",
    "close",
    "read-only",
    "write",
    "said-to-exist",
    "receipt",
    "store-client-list",
    "store-client-delete",
    "concurrency",
    "memory",
    "arguments",
    "sealed-epoch",
    "open-options",
    "complete-request",
    "events",
    "decisions",
  ],
  ["sealed"],
];
/** A rule taken out may leave a loop that never ends. */
const patienceMs = 60_000;
const patienceForAllMs = 300_000;

const core = resolve(import.meta.dirname, "../..");
const page = resolve(core, "../../docs/evidence/rules.md");
const files = filesByRule();
const wanted = process.argv[2];
const chosen = rules.filter(({ id }) => new RegExp(wanted ?? "").test(id));
const missedBy = new Map<Rule, readonly string[]>();
const pending = chosen.values();

await Promise.all(Array.from({ length: availableParallelism() }, work));

const unheld = chosen.filter((rule) => missedBy.get(rule)?.length === 0);
process.stdout.write(`\n${chosen.length - unheld.length} of ${chosen.length} rules are held by a test\n`);
if (unheld.length > 0 || chosen.length === 0) process.exitCode = 1;
else writeFileSync(page, table());

async function work(): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), "state-rules-"));
  try {
    cpSync(core, scratch, { recursive: true, filter: (path) => !/node_modules|dist$/.test(path) });
    symlinkSync(resolve(core, "../../node_modules"), join(scratch, "node_modules"));
    cpSync(resolve(core, "../../tsconfig.base.json"), join(scratch, "tsconfig.json"));
    writeFileSync(join(scratch, "vitest.config.mjs"), "export default { test: { testTimeout: 5000 } };");
    const unexpected = await failingTests(scratch, groups[0] ?? [], patienceForAllMs);
    if (unexpected.length > 0)
      throw new Error(`these fail with every rule in force: ${unexpected.join(", ")}`);
    for (const rule of pending) {
      const tests = await testsThatMiss(scratch, rule);
      process.stdout.write(`${rule.id}: ${tests.length > 0 ? tests.join(", ") : "NOTHING"}\n`);
      missedBy.set(rule, tests);
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

async function testsThatMiss(scratch: string, { id, without }: Rule): Promise<readonly string[]> {
  const file = files.get(id);
  if (file === undefined) throw new Error(`no source has the marker of ${id}`);
  const path = join(scratch, "src", file);
  const source = readFileSync(path, "utf8");
  writeFileSync(path, takeOut(source, id, without));
  try {
    for (const [index, group] of groups.entries()) {
      const timeout = index === 0 ? patienceMs : patienceForAllMs;
      const failing = await failingTests(scratch, group, timeout);
      if (failing.length > 0) return failing;
    }
    return [];
  } finally {
    writeFileSync(path, source);
  }
}

async function failingTests(
  scratch: string,
  group: readonly string[],
  timeout: number,
): Promise<readonly string[]> {
  const output = join(scratch, "output.json");
  rmSync(output, { force: true });
  const tests = group.map((name) => `test/${name}.test.ts`);
  const vitest = join(scratch, "node_modules/vitest/vitest.mjs");
  const args = [vitest, "run", ...tests, "--maxWorkers=1", "--reporter=json", `--outputFile=${output}`];
  const child = spawn(process.execPath, args, { cwd: scratch, timeout, killSignal: "SIGKILL" });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (printed += String(chunk)));
  const signal = await new Promise<string | null>((resolved) => {
    child.on("close", (_, ended) => resolved(ended));
  });
  if (signal !== null) return ["(does not end)"];
  if (!existsSync(output)) throw new Error(`vitest wrote no report:\n${printed}`);
  const report = JSON.parse(readFileSync(output, "utf8")) as {
    testResults: { name: string; message: string; assertionResults: { status: string; title: string }[] }[];
  };
  const unloaded = report.testResults.find(({ assertionResults }) => assertionResults.length === 0);
  if (unloaded !== undefined) throw new Error(`${unloaded.name} does not load: ${unloaded.message}`);
  const failed = report.testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === "failed").map(({ title }) => title),
  );
  // A sequence is known by its id.
  return [...new Set(failed.map((title) => (/^[A-Z]\d\d[a-z]?\b/.exec(title) ?? [title])[0]))];
}

/** The table: rows of rules that this run did not ask about stay. */
function table(): string {
  const before = new Map(
    Array.from(readFileSync(page, "utf8").matchAll(/^\| `(.+?)` .*$/gm), ([row, id = ""]) => [id, row]),
  );
  const lines = rules.flatMap((rule) => {
    const tests = missedBy.get(rule);
    if (tests === undefined) return before.get(rule.id) ?? [];
    const some = tests.slice(0, 4).join("; ");
    const more = tests.length > 4 ? `; ${tests.length - 4} more` : "";
    const simulated = rule.simulated === true ? "yes" : "";
    return `| \`${rule.id}\` | ${rule.says} | \`${files.get(rule.id)}\` | ${some}${more} | ${simulated} |`;
  });
  return `# The rules, and the tests that hold them

\`pnpm rules\` takes each rule of [the protocol](../protocol.md) out of the source, one at a time, runs the
tests, and writes this table. A rule that no test misses fails it. Ids such as \`S13\` and \`L04\` are the
sequences of \`backendConformance\`, which every adapter runs too. Where the last column says yes, the
random simulation is shown to notice as well.

| rule | | taken out of | missed by | simulated |
| --- | --- | --- | --- | --- |
${lines.join("\n")}
`;
}

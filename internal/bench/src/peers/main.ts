/**
 * Sets this library beside its peers, which take turns in one go: `pnpm bench:peers`.
 * `--only REGEX` runs the rows whose id matches, `--rounds N` each so often, `--json FILE` keeps what was
 * measured, and `--compare FILE` prints the ratios of such a file beside those of this run. `--tls` has
 * memory-s3 speak HTTPS, and `--list` prints the ids. A row that fails does not end the run, but makes it
 * exit with 1; no time does.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { parseArgs } from "node:util";
import { type RowResult, runRow } from "./harness.ts";
import { Machine } from "./machine.ts";
import { rowsOf } from "./rows.ts";
import { tableOf } from "./table.ts";

interface Report {
  readonly date: string;
  readonly machine: string;
  readonly rows: readonly RowResult[];
}

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    rounds: { type: "string", default: "7" },
    json: { type: "string" },
    compare: { type: "string" },
    tls: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new TypeError(`--rounds is no count: ${values.rounds}`);
const only = new RegExp(values.only);
const earlier = values.compare === undefined ? undefined : (readReport(values.compare) satisfies Report);

const machine = new Machine(values.tls);
// What was started or mounted does not outlive the run.
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => void machine.end().finally(() => process.exit(1)));
const results: RowResult[] = [];
const date = new Date().toISOString();
const described = `${describe()}${values.tls ? ", memory-s3 over HTTPS" : ""}`;
process.stdout.write(`${described}, ${date.slice(0, 10)}\n`);
process.stdout.write(
  "ratios: ours to the peer's of the same round, median (quartiles); below 1 ours is less\n",
);
try {
  for (const row of rowsOf(machine)) {
    if (!only.test(row.id)) continue;
    if (values.list) {
      process.stdout.write(`${row.id}\n`);
      continue;
    }
    const result = await runRow(row, rounds).catch((error: unknown) => {
      process.stdout.write(`\n${row.id}: failed: ${String(error)}\n`);
      process.exitCode = 1;
    });
    if (result === undefined) continue;
    results.push(result);
    const before = earlier?.rows.find(({ id }) => id === row.id);
    process.stdout.write(`\n${row.id}: ${tableOf(row, result, before)}`);
    // After each row: a run that is broken off keeps what it has.
    if (values.json !== undefined) writeReport(values.json);
  }
} finally {
  await machine.end();
}

function writeReport(file: string): void {
  const report: Report = { date, machine: described, rows: results };
  writeFileSync(file, `${JSON.stringify(report, undefined, 1)}\n`);
}

function readReport(file: string): Report {
  return JSON.parse(readFileSync(file, "utf8")) as Report;
}

function describe(): string {
  const all = cpus();
  const model = all[0]?.model.trim() ?? "an unknown CPU";
  return `${all.length} x ${model}, ${process.platform} ${release()}, Node ${process.versions.node}`;
}

/**
 * `pnpm certify:all`: runs `state certify` on every server and file system that can be had here, one after another, and
 * writes docs/evidence/certified.md. With `--only minio,xfs` on those whose names begin so; the page keeps the other rows.
 */
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { CertifyReport } from "@state/cli";
import { pageOf } from "./certified-page.ts";
import { type CertifiedRow, ranOf } from "./certified-row.ts";
import { type StateProcess, startState } from "./command.ts";
import { fileSystems } from "./file-systems.ts";
import type { Place } from "./place.ts";
import { remarks } from "./remarks.ts";
import { servers } from "./servers.ts";

const evidence = resolve(import.meta.dirname, "../../../docs/evidence");
const rowsFile = join(evidence, "certified.json");
const pageFile = join(evidence, "certified.md");

let running: StateProcess | undefined;
let isInterrupted = false;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function certify(place: Place): Promise<CertifiedRow> {
  const { name } = place;
  const version = await place.version();
  const why = await place.lacks();
  if (why !== undefined) return { name, version, verdict: "not run", why };
  const folder = await mkdtemp(join(tmpdir(), "state-certify-"));
  const report = join(folder, "report.json");
  const opened = await place.open();
  const started = performance.now();
  try {
    running = startState(["certify", opened.url, "--report", report, "--yes"], opened.env);
    const { code, output, errors } = await running.finished;
    const seconds = Math.round((performance.now() - started) / 1_000);
    process.stdout.write(output);
    process.stderr.write(errors);
    if (!existsSync(report))
      return { name, version, verdict: "not run", why: `the command ended with ${code}: ${errors.trim()}` };
    const read = JSON.parse(await readFile(report, "utf8")) as CertifyReport;
    const verdict = read.certified ? "certified" : "not certified";
    return { name, version, verdict, ran: ranOf(read, seconds), why: read.refusal };
  } finally {
    running = undefined;
    await opened.close();
    await rm(folder, { recursive: true });
  }
}

/** The rows of the page as it is. */
async function knownRows(): Promise<Map<string, CertifiedRow>> {
  if (!existsSync(rowsFile)) return new Map();
  const rows = JSON.parse(await readFile(rowsFile, "utf8")) as readonly CertifiedRow[];
  return new Map(rows.map((row) => [row.name, row]));
}

const { values } = parseArgs({
  options: { only: { type: "string" }, page: { type: "boolean", default: false } },
});
const asked = values.only?.toLowerCase().split(",") ?? [""];
const places = [...servers, ...fileSystems];

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    isInterrupted = true;
    running?.child.kill(signal);
  });
}

/** Others may have run meanwhile: the rows are read anew each time. */
async function write(row?: CertifiedRow): Promise<void> {
  const rows = await knownRows();
  if (row !== undefined) rows.set(row.name, row);
  const known = places.flatMap(({ name }) => rows.get(name) ?? []);
  await writeFile(rowsFile, `${JSON.stringify(known, undefined, 2)}\n`);
  const shown = places.map(async (place) => rows.get(place.name) ?? (await missingRow(place)));
  await writeFile(pageFile, pageOf(await Promise.all(shown), remarks));
}

async function missingRow({ name, version }: Place): Promise<CertifiedRow> {
  const [first = ""] = name.toLowerCase().split(/[ ,]/);
  const why = `nobody has yet: \`npx -y pnpm@12 certify:all --only ${first}\` does`;
  return { name, version: await version(), verdict: "not run", why };
}

if (values.page) await write();
else
  for (const place of places.filter(({ name }) =>
    asked.some((only) => name.toLowerCase().startsWith(only)),
  )) {
    if (isInterrupted) break;
    say(`\n== ${place.name}`);
    const row = await certify(place);
    if (isInterrupted) break;
    say(`== ${place.name} ${row.version}: ${row.verdict}${row.why === undefined ? "" : `: ${row.why}`}`);
    // After each: what was run is kept, if a later one does not end.
    await write(row);
  }
process.exitCode = isInterrupted ? 130 : 0;

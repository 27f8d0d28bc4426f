/**
 * What importing core and each store costs: whole processes of Node that import the build, or nothing.
 * `node internal/bench/src/import.ts`, after a build.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { roundCounts, timeVariants } from "./variants.ts";

const packages = resolve(import.meta.dirname, "../../../packages");

/** A program that imports the build of one package. */
function importOf(name: string): readonly [title: string, code: string] {
  const build = pathToFileURL(join(packages, name, "dist/index.js")).href;
  return [`import @state/${name}`, `import ${JSON.stringify(build)};\n`];
}

/** Node has loaded `node:fs` before any program. */
const report = `import { writeSync } from "node:fs";
process.on("exit", () => {
  const { user, system } = process.cpuUsage();
  writeSync(1, String(user + system));
});
`;

const programs: readonly (readonly [title: string, code: string])[] = [
  ["an empty program", ""],
  // The noise: a ratio that is nearer to 1 than this one says nothing.
  ["an empty program, again", ""],
  ...["core", "memory", "fs", "s3", "gcs", "azure"].map(importOf),
];

const scratch = mkdtempSync(join(tmpdir(), "state-import-"));
try {
  const variants = new Map<string, () => number>();
  for (const [index, [name, code]] of programs.entries()) {
    const file = join(scratch, `${index}.mjs`);
    writeFileSync(file, `${code}${report}`);
    variants.set(name, () => time(file));
  }
  const lines = [`${roundCounts.measured} rounds${" ".repeat(17)}CPU, ms     ratio       quartiles`];
  for (const { name, medianMs, medianRatio, ratioQuartiles } of await timeVariants(variants)) {
    const columns = [medianMs.toFixed(1).padStart(9), medianRatio.toFixed(3).padStart(10)];
    lines.push(`${name.padEnd(26)}${columns.join("")}${ratioQuartiles.padStart(16)}`);
  }
  process.stdout.write(`${lines.join("\n")}\n`);
} finally {
  rmSync(scratch, { recursive: true });
}

/** Milliseconds of CPU from the start of the process to its end, of all its threads. */
function time(file: string): number {
  const { status, stdout, stderr } = spawnSync(process.execPath, [file]);
  if (status !== 0) throw new Error(`${file} ended with ${status}: ${stderr.toString()}`);
  return Number(stdout.toString()) / 1_000;
}

/**
 * What importing core costs: whole processes of Node that import the build, or nothing.
 * `node internal/bench/src/import.ts`, after a build.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { roundCounts, timeVariants } from "./variants.ts";

const build = pathToFileURL(resolve(import.meta.dirname, "../../../packages/core/dist/index.js")).href;

const programs: Readonly<Record<string, string>> = {
  "an empty program": "",
  // The noise: a ratio that is nearer to 1 than this one says nothing.
  "an empty program, again": "",
  "import @state/core": `import ${JSON.stringify(build)};\n`,
};

const scratch = mkdtempSync(join(tmpdir(), "state-import-"));
try {
  const variants = new Map<string, () => number>();
  for (const [index, [name, code]] of Object.entries(programs).entries()) {
    const file = join(scratch, `${index}.mjs`);
    writeFileSync(file, code);
    variants.set(name, () => time(file));
  }
  const lines = [`${roundCounts.measured} rounds${" ".repeat(17)}median ms     ratio       quartiles`];
  for (const { name, medianMs, medianRatio, ratioQuartiles } of await timeVariants(variants)) {
    const columns = [medianMs.toFixed(1).padStart(9), medianRatio.toFixed(3).padStart(10)];
    lines.push(`${name.padEnd(26)}${columns.join("")}${ratioQuartiles.padStart(16)}`);
  }
  process.stdout.write(`${lines.join("\n")}\n`);
} finally {
  rmSync(scratch, { recursive: true });
}

/** Milliseconds from the start of the process to its end. */
function time(file: string): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [file]);
  if (status !== 0) throw new Error(`${file} ended with ${status}: ${stderr.toString()}`);
  return performance.now() - started;
}

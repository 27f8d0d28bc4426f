/**
 * What importing core costs: whole processes of Node that import the build, or nothing, in turns.
 * `node internal/bench/src/import.ts`, after a build.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const rounds = 60;
const warmUps = 5;
const build = pathToFileURL(resolve(import.meta.dirname, "../../../packages/core/dist/index.js")).href;

const programs: Readonly<Record<string, string>> = {
  "an empty program": "",
  // Against the first this is the noise: what is nearer to 1 than it says nothing.
  "an empty program, again": "",
  "import @state/core": `import ${JSON.stringify(build)};\n`,
};

const scratch = mkdtempSync(join(tmpdir(), "state-import-"));
try {
  const variants = Object.entries(programs).map(([name, code], index) => {
    const file = join(scratch, `${index}.mjs`);
    writeFileSync(file, code);
    return { name, file, times: [] as number[], ratios: [] as number[] };
  });
  for (let round = -warmUps; round < rounds; round++) {
    // Each in its turn at each place: going first, or after whom, must favour nobody.
    const turns = variants.map((_, place) => variants[(place + round + rounds) % variants.length]);
    const times = new Map(turns.map((variant) => [variant, time(variant?.file ?? "")]));
    if (round < 0) continue;
    for (const variant of variants) {
      const milliseconds = times.get(variant) ?? Number.NaN;
      variant.times.push(milliseconds);
      variant.ratios.push(milliseconds / (times.get(variants[0]) ?? Number.NaN));
    }
  }
  const lines = [`${rounds} rounds${" ".repeat(17)}median ms     ratio       quartiles`];
  for (const { name, times, ratios } of variants) {
    const quartiles = `${quantile(ratios, 0.25).toFixed(3)}-${quantile(ratios, 0.75).toFixed(3)}`;
    lines.push(
      `${name.padEnd(26)}${quantile(times, 0.5).toFixed(1).padStart(9)}${quantile(ratios, 0.5).toFixed(3).padStart(10)}${quartiles.padStart(16)}`,
    );
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

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.trunc((sorted.length - 1) * share)] ?? Number.NaN;
}

import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import { build } from "rolldown";
import { expect, test } from "vitest";

interface Budget {
  readonly minifiedGzipBytes: number;
  readonly reason: string;
}

test("the bundle of core, minified and compressed, is within its budget, and the budget is not loose", async () => {
  const core = resolve(import.meta.dirname, "..");
  const budget = JSON.parse(await readFile(join(core, "size-budget.json"), "utf8")) as Budget;
  const { output } = await build({
    input: join(core, "dist/index.js"),
    write: false,
    output: { minify: true },
    logLevel: "warn",
  });
  expect(output.length).toBe(1);
  const [{ code, moduleIds }] = output;
  expect(moduleIds.filter((id) => /conformance|node_modules|\/dist\/codecs\//.test(id))).toEqual([]);
  const compressed = await promisify(gzip)(code, { level: constants.Z_BEST_COMPRESSION });
  process.stdout.write(
    `@state/core: ${code.length} bytes minified, ${compressed.length} with gzip; budget ${budget.minifiedGzipBytes}\n`,
  );
  expect(budget.reason).not.toBe("");
  expect(compressed.length).toBeLessThanOrEqual(budget.minifiedGzipBytes);
  // What was saved stays saved: lower the budget.
  expect(compressed.length).toBeGreaterThan(budget.minifiedGzipBytes * 0.95);
});

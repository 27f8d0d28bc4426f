import { mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { denoPublish, jsrConfigurationOf, jsrPackages, layJsrPackages } from "../src/jsr.ts";

let folder: string;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "state-jsr-")));
  await layJsrPackages(folder);
});

afterAll(() => rm(folder, { recursive: true }));

describe("on JSR", () => {
  test("core and memory have the version and the entries that they have on npm", () => {
    expect(jsrPackages.map(({ name }) => name)).toEqual(["@state/core", "@state/memory"]);
    for (const each of jsrPackages) {
      const { version, exports } = jsrConfigurationOf(each);
      expect(version).toBe(each.manifest.version);
      const entries = Object.keys(each.manifest.exports ?? {}).filter((entry) => !entry.endsWith(".json"));
      expect(Object.keys(exports)).toEqual(entries);
    }
  });

  // Deno checks the types, and that each export has one that can be told without inference.
  test("they would be published: a dry run finds no fault", { timeout: 180_000 }, async () => {
    const said = await denoPublish(folder, ["--dry-run"]);
    for (const { name, manifest } of jsrPackages) expect(said).toContain(`${name}@${manifest.version}`);
    expect(said).toContain("Success Dry run complete");
    expect(said).not.toMatch(/warning/i);
  });

  test("an export whose type has to be inferred is found", { timeout: 180_000 }, async () => {
    const file = join(folder, "memory/src/index.ts");
    const text = await readFile(file, "utf8");
    await writeFile(file, `${text}\nexport const inferred = Object.keys({}).map((each) => ({ each }));\n`);
    await expect(denoPublish(folder, ["--dry-run"])).rejects.toThrow("missing-explicit-type");
    await writeFile(file, text);
  });
});

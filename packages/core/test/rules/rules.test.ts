import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { rules } from "./rules.ts";

const root = resolve(import.meta.dirname, "../../../..");

test("docs/evidence/rules.md has a row, and a test, for every rule that `pnpm rules` takes out", async () => {
  const page = await readFile(resolve(root, "docs/evidence/rules.md"), "utf8");
  const rows = page.split("\n").filter((line) => line.startsWith("| ") && line.includes("`"));
  const named = rows.map((row) => row.split("|")[1]?.trim());
  expect(named).toEqual(rules.map(({ rule }) => rule));
  expect(rows.filter((row) => (row.split("|")[3] ?? "").trim() === "")).toEqual([]);
});

test("every rule's edit fits the source as it is", async () => {
  const misfits: string[] = [];
  for (const { rule, file, find } of rules) {
    const source = await readFile(resolve(root, "packages/core/src", file), "utf8");
    if (source.split(find).length !== 2) misfits.push(rule);
  }
  expect(misfits).toEqual([]);
});

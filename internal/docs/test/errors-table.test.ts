import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../../..");

/** The string literals of a union type in a source file. */
async function codesOf(file: string, type: string): Promise<readonly string[]> {
  const source = await readFile(resolve(root, file), "utf8");
  const union = new RegExp(`export type ${type} =([^;]*);`).exec(source)?.[1] ?? "";
  return [...union.matchAll(/"(\w+)"/g)].map((match) => match[1] ?? "");
}

/** The codes in the table that follows a sentence of the guide. */
async function codesAfter(sentence: string): Promise<readonly string[]> {
  const guide = await readFile(resolve(root, "docs/guide.md"), "utf8");
  const [, table = ""] = new RegExp(`${sentence}[^|]*((?:\\|.*\n)+)`).exec(guide) ?? [];
  const rows = table.split("\n").slice(2);
  return rows.flatMap((row) =>
    [...(row.split("|")[2] ?? "").matchAll(/`([A-Z]\w+)`/g)].map(([, code]) => code ?? ""),
  );
}

test.each([
  ["This is the whole list", "packages/core/src/errors.ts", "StateErrorCode"],
  ["The store's error is a `StoreError`", "packages/core/src/errors.ts", "StoreErrorCode"],
])("the guide's table after %j says once for each code what to do", async (sentence, file, type) => {
  const codes = await codesOf(file, type);
  expect(codes.length).toBeGreaterThan(6);
  expect((await codesAfter(sentence)).toSorted()).toEqual(codes.toSorted());
});

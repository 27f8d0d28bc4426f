import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { readExample } from "../build/template.ts";

test("the template that is published is the SQLite example, to the letter", async () => {
  const built = await readFile(resolve(import.meta.dirname, "../dist/template.json"), "utf8");
  expect(JSON.parse(built)).toEqual(await readExample());
});

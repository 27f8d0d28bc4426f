import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { seconds } from "../src/longest-first.ts";

const root = resolve(import.meta.dirname, "../../..");

test("every file whose place in the order is known is there", () => {
  expect(Object.keys(seconds).filter((file) => !existsSync(resolve(root, file)))).toEqual([]);
});

import { describe, expect, test } from "vitest";
import { prefixOf } from "../../src/adapter/index.ts";

describe("a store's own prefix", () => {
  test.each([
    [undefined, ""],
    ["", ""],
    ["job", "job/"],
    ["job/", "job/"],
    ["a b/ü/%2F", "a b/ü/%2F/"],
  ])("%j stands before keys as %j", (prefix, joined) => expect(prefixOf(prefix)).toBe(joined));

  test.each([
    "/",
    "//",
    "a//",
    "/a",
    "a//b",
    ".",
    "a/..",
    "a./b",
    "a\\b",
    "a\nb",
    "\ud800",
    "ü".repeat(61),
    7,
  ])("%j is a TypeError", (prefix) => expect(() => prefixOf(prefix)).toThrow(TypeError));
});

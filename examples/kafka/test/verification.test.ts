import { expect, test } from "vitest";
import { differencesOf } from "../src/verification.ts";

const expected = ["a", "b", "c"];

test("equal sequences have no difference", () => {
  expect(differencesOf("topic", expected, ["a", "b", "c"])).toEqual([]);
});

test.each([
  ["a lost result", ["a", "c"], ["topic: 2 lines, not 3", "topic: line 1 is c, not b"]],
  ["a doubled result", ["a", "b", "b", "c"], ["topic: 4 lines, not 3", "topic: line 2 is b, not c"]],
  ["a doubled last result", ["a", "b", "c", "c"], ["topic: 4 lines, not 3"]],
  ["a changed order", ["b", "a", "c"], ["topic: line 0 is b, not a"]],
  ["nothing", [], ["topic: 0 lines, not 3", "topic: line 0 is missing, not a"]],
])("%s is a difference", (_, found, differences) => {
  expect(differencesOf("topic", expected, found)).toEqual(differences);
});

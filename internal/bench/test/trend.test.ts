import assert from "node:assert/strict";
import { test } from "vitest";
import { replaceBlocks } from "../src/curves/page.ts";
import { settlesAt, slopeOf, trendOf } from "../src/curves/trend.ts";

const curve = (power: number) => [1, 10, 100, 1_000].map((x) => [x, 3 * x ** power] as const);

test("the slope is the power of the last three points", () => {
  assert.ok(Math.abs((slopeOf([[0.1, 1e9], ...curve(0.5)]) ?? 0) - 0.5) < 1e-9);
});

test("a trend has a name", () => {
  assert.deepEqual([0, 1, -1, 0.5].map(curve).map(trendOf), ["flat", "linear", "inverse", "x^0.50"]);
  assert.equal(trendOf([[1, 1]]), "too few points");
});

test("a curve stops falling where nothing later is a tenth lower", () => {
  assert.equal(
    settlesAt([
      [1, 100],
      [2, 50],
      [4, 26],
      [8, 25],
      [16, 27],
    ]),
    4,
  );
});

test("a block of a page is replaced, and a page without it is refused", () => {
  const page = "a\n<!-- curves: x -->\n\n```text\nold\n```\nb\n";
  assert.equal(replaceBlocks(page, new Map([["x", "new\n"]])), page.replace("old", "new"));
  assert.throws(() => replaceBlocks(page, new Map([["y", "new\n"]])), /no block/);
});

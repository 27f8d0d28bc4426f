import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import type { Measurement } from "../src/meter.ts";

interface Result {
  readonly results: Readonly<Record<string, number>>;
  readonly calls: Readonly<
    Record<"latest" | "sealedEpochs" | "verify" | "takeover" | "pruneBefore", Measurement>
  >;
}

const mebibyte = 2 ** 20;
let result: Result;

beforeAll(async () => {
  // In a process of its own, which crashes if its old objects exceed the limit.
  const args = [
    "--expose-gc",
    "--conditions=@state/source",
    "--max-old-space-size=64",
    join(import.meta.dirname, "../src/scale.ts"),
    "--json",
  ];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: {} });
  result = JSON.parse(stdout) as Result;
}, 300_000);

describe("on 1,000 epochs of 1,000 vnodes", () => {
  test("the results are those of a small store", () => {
    const { found, ...results } = result.results;
    expect(results).toEqual({ latest: 999, sealed: 1_000, base: 999, pruned: 900 * 1_001, left: 100 });
    expect(found).toBe(0);
  });

  // The root lists 1,000 epochs and `_control/`, and an epoch 1,000 partials and its seal: two pages each.
  test("requests are those that the protocol's table says, and a page for what does not fit one", () => {
    expect(result.calls.latest.requests).toEqual({ create: 0, get: 8, list: 2 + 1, delete: 0 });
    expect(result.calls.sealedEpochs.requests).toEqual({ create: 0, get: 1_000, list: 2 + 2 + 1, delete: 0 });
    expect(result.calls.takeover.requests).toEqual({ create: 1, get: 8, list: 1 + 2 + 1, delete: 0 });
  });

  test("a verification reads each seal once, and lists each folder once", () => {
    // The namespace and control before; control at the end once more, and each object of control in between.
    expect(result.calls.verify.requests).toEqual({
      create: 0,
      get: 1_000 + 2,
      list: 2 + 3 + 2 * 1_000,
      delete: 0,
    });
  });

  test("a prune lists each doomed epoch once, reads each retained seal once, and deletes in bulk", () => {
    expect(result.calls.pruneBefore.requests).toEqual({
      create: 1,
      get: 8 + 100,
      // The root, control, and both side by side once the floor is there.
      list: 2 + 1 + 2 + 1 + 2 * 900,
      // Of every 32 epochs the seals at once; then their 32,000 partials, 1,000 at a time.
      delete: 29 + 900,
    });
  });

  test.each(["latest", "sealedEpochs", "verify", "takeover", "pruneBefore"] as const)(
    "%s needs little memory, and no more at its end than at its beginning",
    (name) => {
      const { samples, peakBytes, growthBytes } = result.calls[name];
      expect(samples).toBeGreaterThan(5);
      expect(peakBytes).toBeLessThan(64 * mebibyte);
      expect(growthBytes).toBeLessThan(8 * mebibyte);
    },
  );
});

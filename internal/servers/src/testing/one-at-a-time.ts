import type { Runner } from "@state/core/conformance";
import { describe, test } from "vitest";

/** Runs the cases of a suite one after another, for a server that cannot do with many at once. */
export const oneAtATime: Runner = {
  describe,
  // Without `test.concurrent`, by which the suite would run them side by side.
  test: Object.assign((name: string, body: () => Promise<void>, ms?: number) => test(name, body, ms), {
    skip: test.skip,
  }),
};

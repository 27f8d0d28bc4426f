import type { Runner } from "@state/core/conformance";
import { describe, test } from "vitest";

/** Runs the cases of a suite one after another, for a server that cannot serve many at once. */
export const serialRunner: Runner = {
  describe,
  // It has no `concurrent`: with one, the suite would run its cases side by side.
  test: Object.assign((name: string, body: () => Promise<void>, ms?: number) => test(name, body, ms), {
    skip: test.skip,
  }),
};

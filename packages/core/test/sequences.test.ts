import { describe, test } from "vitest";
import { backendConformance } from "../src/conformance/backend-suite/suite.ts";
import { MapStore } from "./support/map-store.ts";

/** In memory a sequence that is not over by then waits for a request that never comes. */
const timeoutMs = 10_000;

const runner = {
  describe,
  test: Object.assign((name: string, body: () => Promise<void>) => test(name, body, timeoutMs), {
    skip: test.skip,
  }),
};

backendConformance(runner, { name: "map", open: async () => new MapStore() });

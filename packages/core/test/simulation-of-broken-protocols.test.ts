/** The simulation is tested itself: it must notice when a rule of the protocol is broken. */
import { describe, expect, test } from "vitest";
import { brokenProtocols, withBrokenProtocol } from "./simulation/broken-protocols.ts";
import { runMany } from "./simulation/series.ts";

describe("a protocol with one rule broken is caught", () => {
  test.for(brokenProtocols)("$broken", { timeout: 600_000 }, async (broken) => {
    const { violation } = await withBrokenProtocol(broken, (openBroken) =>
      runMany({ first: 1, runs: 5000, open: openBroken }),
    );
    expect(violation).toMatch(/^schedule \d+ breaks:\n\d/);
  });
});

import { describe, expect, test } from "vitest";
import { bodies } from "../src/situations/bodies.ts";
import { credentials } from "../src/situations/credentials.ts";
import { echoes } from "../src/situations/echoes.ts";
import { withoutResponse } from "../src/situations/responses.ts";
import { sdkRigs } from "../src/situations/rigs.ts";
import { transfers } from "../src/situations/transfers.ts";

// What no server would make comes to the same if requests go through the SDK.
describe.each(sdkRigs)("the store of $name, through its SDK", (rig) => {
  describe.each([withoutResponse, credentials, transfers, bodies, echoes])("$title:", ({ situations }) => {
    test.each(situations)("$title: $outcome", { timeout: 60_000 }, async (situation) => {
      expect(await situation.meet(rig)).toBe(situation.outcome);
    });
  });
});

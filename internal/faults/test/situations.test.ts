import { describe, expect, test } from "vitest";
import { bodies } from "../src/situations/bodies.ts";
import { credentials } from "../src/situations/credentials.ts";
import { echoes } from "../src/situations/echoes.ts";
import { pageOf, type Seen } from "../src/situations/page.ts";
import { withoutResponse } from "../src/situations/responses.ts";
import { rigs } from "../src/situations/rigs.ts";
import { transfers } from "../src/situations/transfers.ts";

const kinds = [withoutResponse, credentials, transfers, bodies, echoes];
const seen: Seen[] = [];

describe.each(rigs)("the store of $name", (rig) => {
  describe.each(kinds)("$title:", ({ title, situations }) => {
    test.each(situations)("$title: $outcome", { timeout: 60_000 }, async (situation) => {
      const outcome = await situation.meet(rig);
      seen.push({ store: rig.name, kind: title, situation: situation.title, outcome });
      expect(outcome).toBe(situation.outcome);
    });
  });
});

test("docs/evidence/situations.md says what was seen", async () => {
  await expect(pageOf(kinds, seen)).toMatchFileSnapshot("../../../docs/evidence/situations.md");
});

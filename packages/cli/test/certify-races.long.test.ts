/** What races find by chance, if they are given the time: `pnpm check:all` runs it, and CI does not. */
import { describe, expect, test } from "vitest";
import { storeCases } from "@state/core/conformance";
import { certify, newFolder } from "./certify/run.ts";

describe("a store that is wrong between processes only", () => {
  test.concurrent.for([
    ["checks whether a key is there, and then puts it", "racy", "race.create", "were told created"],
    ["shows a body while it is written", "open", "race.create-large", "of the 1048576 bytes of process"],
    ["lists by an offset", "offset", "race.listing", "was there throughout, and was listed", "4"],
    ["gives a listing again for a while", "stale", "race.create-seen", "then lacked it"],
    ["returns from a delete before it is done", "undead", "race.delete-seen", "was deleted, and process"],
    ["gives two leaders one seal", "seals", "race.protocol", "and it was made void", "4"],
    [
      "declares that its listings are whole, and tears them",
      "torn",
      "race.whole-listing",
      "a listing showed none",
      "4",
    ],
  ])(
    "is found that %s",
    { timeout: 60_000 },
    async ([, scheme = "", race = "", seen = "", seconds = "1"], context) => {
      const folder = await newFolder(context);
      const { code, text } = await certify(`${scheme}:${folder}`, race, { seconds });
      expect([code, text]).toEqual([1, expect.stringContaining(`failed: ${race}: `)]);
      expect(text).toContain(seen);
      expect(text).toMatch(new RegExp(`\nnot certified: .*; failed: ${race}\n$`));
    },
  );

  test.concurrent("is not found by the suite's own races, which are in one process", async (context) => {
    const folder = await newFolder(context);
    const only = storeCases.filter(({ family }) => family === "create").map(({ id }) => id);
    const { code, text } = await certify(`racy:${folder}`, only.join(","));
    expect([code, text]).toEqual([0, expect.stringContaining("nothing was found by 13 cases")]);
  }, 60_000);
});

test.concurrent("a store that tears its listings and does not say otherwise is told what remains", async (context) => {
  const folder = await newFolder(context);
  const { code, text } = await certify(`untold:${folder}`, "race.whole-listing");
  expect([code, text]).toEqual([0, expect.stringContaining("whole listings: not declared, torn in ")]);
  expect(text).toContain("what remains: A look at the newest fence or floor is wrong if more than 16 floors");
}, 60_000);

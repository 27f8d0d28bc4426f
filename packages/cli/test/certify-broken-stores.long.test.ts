import { describe, expect, test } from "vitest";
import { brokenStores } from "../../core/test/broken-stores/every-broken-store.ts";
import { runState } from "./world.ts";

const adapter = ["--adapter", "./certify/broken-stores.ts"];

const numbered = brokenStores.map((broken, number) => ({ ...broken, number }));

const oneUrl = "certify opens one URL, and these are about the prefixes of two";
const keysBegin = "it goes by how a key begins, and here each begins with the folder's name";

/** What cannot be found from outside, and why. */
const unreachable: ReadonlyMap<string, string> = new Map([
  ["keeps two stores' keys as one", oneUrl],
  ["lists without the slash after its own prefix", oneUrl],
  ["reads beneath other stores' prefixes", oneUrl],
  ["deletes beneath other stores' prefixes", oneUrl],
  ["takes `=` for `-`", keysBegin],
  ["reads numbers in keys into 32 bits", keysBegin],
  ["matches a prefix anywhere in a key", "nothing but the folder itself has its random name"],
  [
    "still lists a folder that was emptied",
    "it does so at the store's root, where other people's objects are",
  ],
  [
    "does not declare that its listings are whole, though its harness says so",
    "there is no harness that says so: the store's own word is taken",
  ],
]);

test("each store that cannot be found from outside is one of core's broken stores", () => {
  const faults = new Set(brokenStores.map(({ fault }) => fault));
  expect([...unreachable.keys()].filter((fault) => !faults.has(fault))).toEqual([]);
});

describe("a store is not certified that", () => {
  test.concurrent.each(numbered.filter(({ fault }) => !unreachable.has(fault)))(
    "$fault, by $caughtBy",
    { timeout: 120_000 },
    async ({ caughtBy, number }) => {
      const args = ["certify", `broken:${number}`, ...adapter, "--only", caughtBy, "--yes"];
      const { code, text } = await runState(args);
      expect([code, text]).toEqual([1, expect.stringContaining(`failed: ${caughtBy}: `)]);
    },
  );
});

describe("nothing is found in a store, as was said, that", () => {
  test.concurrent.each(numbered.filter(({ fault }) => unreachable.has(fault)))(
    "$fault",
    async ({ caughtBy, number }) => {
      const args = ["certify", `broken:${number}`, ...adapter, "--only", caughtBy, "--yes"];
      expect(await runState(args)).toMatchObject({ code: 0 });
    },
  );
});

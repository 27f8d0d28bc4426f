import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { restored, World } from "../src/conformance/backend-suite/world.ts";
import { decodeCommit, encodeSeal } from "../src/seal.ts";
import { MapStore } from "./support/map-store.ts";

/**
 * Namespaces as earlier versions have left them, key by key. They are never written anew: what was sealed once is read, gone
 * on from and pruned for ever. Both hold the same: 3 is the floor, 4 the newest epoch, and 5 was never sealed.
 */
function golden(format: number): Readonly<Record<string, string>> {
  const path = join(import.meta.dirname, `golden/format-${format}.json`);
  return JSON.parse(readFileSync(path, "utf8")) as Readonly<Record<string, string>>;
}

async function worldOf(objects: Readonly<Record<string, string>>): Promise<World> {
  const world = new World(new MapStore());
  for (const [key, text] of Object.entries(objects)) await world.put(key, text);
  return world;
}

test.each([1, 2])("a namespace of format %i is read, gone on from and pruned", async (format) => {
  const world = await worldOf(golden(format));
  const capacity = { vnodeCapacity: 8 };

  const { backend } = await world.open("reader", { ...capacity, readOnly: true });
  expect(await backend.sealedEpochs()).toEqual([3, 4]);
  const three = await backend.sealed(3);
  expect(three?.seal.format).toBe(format);
  expect(await three?.readAttachment("offsets")).toEqual(new TextEncoder().encode("offset 3"));
  expect([await restored(three, 0), await restored(three, 1), await restored(three, 2)]).toEqual([
    "three",
    "eins",
    "un",
  ]);

  const leader = await world.lead("node-1", 2, capacity);
  const base = await leader.backend.latest();
  expect([await restored(base, 0), await restored(base, 1), await restored(base, 2)]).toEqual([
    "three",
    "eins",
    "quatre",
  ]);
  await leader.seal(6, { 0: "six" }, [1, 2]);
  expect(await leader.backend.pruneBefore(6)).toMatchObject({ floor: 6, failedCount: 0 });
  const six = await leader.backend.latest();
  expect([await restored(six, 0), await restored(six, 1), await restored(six, 2)]).toEqual([
    "six",
    "eins",
    "quatre",
  ]);
  expect((await leader.backend.describeEpoch(6)).missing).toEqual([]);
});

test.each([1, 2])("a seal of format %i is written as it was read, byte for byte", (format) => {
  for (const epoch of [3, 4]) {
    const text = golden(format)[`epoch=${epoch}/_COMMIT`] ?? "";
    const commit = decodeCommit(new TextEncoder().encode(text), epoch);
    expect(commit.kind).toBe("seal");
    if (commit.kind === "seal") expect(new TextDecoder().decode(encodeSeal(commit.seal))).toBe(text);
  }
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { assertComplete, restored, textOf, World } from "../src/conformance/backend-suite/world.ts";
import { decodeCommit, encodeSeal } from "../src/seal.ts";
import type { SealedEpoch } from "../src/state-backend.ts";
import { mirrored } from "./support/codecs.ts";
import { MapStore } from "./support/map-store.ts";

/**
 * Namespaces as earlier versions have left them, key by key. They are never written anew: what was sealed once is read, gone
 * on from and pruned for ever. In each 3 is the floor, 4 the newest epoch, and 5 was never sealed; the first two hold the
 * same.
 */
function golden(name: string | number): Readonly<Record<string, string>> {
  const path = join(import.meta.dirname, `golden/format-${name}.json`);
  // What is long is one text many times.
  const objects = JSON.parse(readFileSync(path, "utf8")) as Record<string, string | [string, number]>;
  const texts = Object.entries(objects).map(([key, value]) => {
    if (typeof value === "string") return [key, value] as const;
    const [text, times] = value;
    return [key, text.repeat(times)] as const;
  });
  return Object.fromEntries(texts);
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

test("a namespace of format 2 with chunks and codecs is read, gone on from and pruned", async () => {
  const world = await worldOf(golden("2-chunks"));
  const options = { vnodeCapacity: 8, chunkBytes: 65_536, codecs: [mirrored] };
  const firsts = ["drei".repeat(16_384), "eins".repeat(16_384)] as const;

  const { backend } = await world.open("reader", { ...options, readOnly: true });
  expect(await backend.sealedEpochs()).toEqual([3, 4]);
  const three = await backend.sealed(3);
  expect(await textsOf(three)).toEqual([`${firsts[0]}three`, `${firsts[1]}uno`, "deux", "trois", "un"]);
  expect(textOf(await three?.readAttachment("offsets"))).toBe("offset 3");
  const four = await backend.latest();
  expect(await textsOf(four)).toEqual([`${firsts[0]}four`, `${firsts[1]}due`, "deux", "quatre", "un"]);
  expect(textOf(await four?.readAttachment("offsets"))).toBe("offset 4");
  const pieces: (string | undefined)[] = [];
  for await (const piece of four?.stream(1) ?? []) pieces.push(textOf(piece));
  expect(pieces).toEqual([firsts[1], "due"]);
  const { backend: without } = await world.open("without", { vnodeCapacity: 8, readOnly: true });
  const uncoded = await without.latest();
  expect(await restored(uncoded, 0)).toBe(`${firsts[0]}four`);
  for (const vnode of [1, 2, 3])
    await expect(uncoded?.read(vnode)).rejects.toMatchObject({ code: "UnknownCodec" });
  await expect(uncoded?.readAttachment("offsets")).rejects.toMatchObject({ code: "UnknownCodec" });

  const leader = await world.lead("node-1", 2, options);
  const reuse = await leader.backend.latest();
  const part = await leader.stream(6, 1, `${firsts[1]}six`, { reuse });
  assertComplete(await leader.backend.epochComplete({ epoch: 6, parts: [part], unchanged: [0, 2, 3, 4] }));
  expect(await leader.backend.pruneBefore(6)).toMatchObject({ floor: 6, failedCount: 0 });
  const six = await leader.backend.latest();
  expect(await textsOf(six)).toEqual([`${firsts[0]}four`, `${firsts[1]}six`, "deux", "quatre", "un"]);
  expect((await leader.backend.describeEpoch(6)).missing).toEqual([]);
  expect((await world.keys()).filter((key) => /^epoch=[345]/.test(key))).toEqual([
    expect.stringMatching(/^epoch=3\/vnode=0\/chunk\.f106f7ea/),
    expect.stringMatching(/^epoch=3\/vnode=1\/chunk\.2de782b5/),
    "epoch=3/vnode=2/partial.bin",
    expect.stringMatching(/^epoch=4\/vnode=0\/chunk\.04efaf08/),
  ]);
});

/** Of all vnodes, in their order. */
async function textsOf(sealed: SealedEpoch | undefined): Promise<readonly (string | undefined)[]> {
  return Promise.all((sealed?.vnodes ?? []).map((vnode) => restored(sealed, vnode)));
}

test.each([1, 2, "2-chunks"])("a seal of format %s is written as it was read, byte for byte", (format) => {
  for (const epoch of [3, 4]) {
    const text = golden(format)[`epoch=${epoch}/_COMMIT`] ?? "";
    const commit = decodeCommit(new TextEncoder().encode(text), epoch);
    expect(commit.kind).toBe("seal");
    if (commit.kind === "seal") expect(new TextDecoder().decode(encodeSeal(commit.seal))).toBe(text);
  }
});

import { describe, expect, test } from "vitest";
import { World } from "../../src/conformance/backend-suite/world.ts";
import { standby } from "../../src/standby/index.ts";
import { MapStore } from "../support/map-store.ts";
import { VirtualClock } from "../support/virtual-clock.ts";
import { patienceMs, standBy } from "./standing.ts";

describe("where nobody has ever led", () => {
  test("it takes over at once", async () => {
    const standing = await standBy(new World(new MapStore()), "B");
    expect(standing.outcome()).toMatchObject({ version: 1, base: undefined, nextEpoch: 0 });
    expect(standing.clock.slept).toEqual([]);
  });

  test("of ten that come at once one leads, and the others watch it", async () => {
    const world = new World(new MapStore());
    const all = await Promise.all(Array.from({ length: 10 }, (_, index) => standBy(world, `B${index}`)));
    const versions = all.map((one) => one.outcome()).filter((outcome) => outcome !== undefined);
    expect(versions).toMatchObject([{ version: 1 }]);
    for (const one of all) await one.pass(patienceMs - 1);
    expect(all.filter((one) => one.outcome() !== undefined)).toHaveLength(1);
  });

  test("epochs that a leader without a version has sealed are somebody's", async () => {
    const world = new World(new MapStore());
    const leader = await world.open("A");
    await leader.seal(0, { 0: "state" });
    const standing = await standBy(world, "B");
    expect(standing.outcome()).toBeUndefined();
    await standing.pass(patienceMs);
    expect(standing.outcome()).toMatchObject({ version: 1, base: { epoch: 0 } });
  });
});

describe("a sign of life is", () => {
  test("a newer seal, in whatever number", async () => {
    const world = new World(new MapStore());
    const leader = await world.lead("A", 4);
    const standing = await standBy(world, "B");
    for (const epoch of [0, 1, 7, 8]) {
      await standing.pass(patienceMs - 1);
      await leader.seal(epoch, { 0: `state ${epoch}` });
    }
    expect(standing.outcome()).toBeUndefined();
    // The last one was seen a quarter of the patience later at most.
    await standing.pass(patienceMs * 1.25);
    expect(standing.outcome()).toMatchObject({ version: 5, base: { epoch: 8 } });
  });

  test("a newer fence: a leader that has just taken over has sealed nothing yet", async () => {
    const world = new World(new MapStore());
    await world.lead("A", 1);
    const standing = await standBy(world, "B");
    await standing.pass(patienceMs - 1);
    await world.lead("C", 6);
    await standing.pass(patienceMs);
    expect(standing.outcome()).toBeUndefined();
    await standing.pass(1);
    expect(standing.outcome()).toMatchObject({ version: 7, base: undefined });
  });

  test("no prune of an operator's, and no floor", async () => {
    const world = new World(new MapStore());
    const leader = await world.lead("A", 1);
    for (const epoch of [0, 1, 2]) await leader.seal(epoch, { 0: `state ${epoch}` });
    const standing = await standBy(world, "B");
    await standing.pass(patienceMs - 1);
    const operator = await world.open("O");
    await operator.backend.prune({ keep: 1 }, { asOperator: true });
    await standing.pass(1);
    expect(standing.outcome()).toMatchObject({ version: 2, base: { epoch: 2 } });
  });
});

test("what is pruned while it looks, with the newest seal that it knew, is a sign of life", async () => {
  const world = new World(new MapStore());
  const leader = await world.lead("A", 1);
  await leader.seal(0, { 0: "state 0" });
  const standing = await standBy(world, "B");
  const look = standing.actor.store.hold("list ");
  await standing.pass(patienceMs / 4);
  await look.arrived;
  for (const epoch of [1, 2, 3]) await leader.seal(epoch, { 0: `state ${epoch}` });
  await leader.backend.prune({ keep: 1 });
  look.release();
  await standing.pass(patienceMs - 1);
  expect(standing.outcome()).toBeUndefined();
  await standing.pass(patienceMs / 4);
  expect(standing.outcome()).toMatchObject({ version: 2, base: { epoch: 3 } });
});

test("a process that starts again has all of its patience, and knows nothing of its earlier life", async () => {
  const world = new World(new MapStore());
  await world.lead("B", 1);
  const again = await standBy(world, "B");
  await again.pass(patienceMs - 1);
  expect(again.outcome()).toBeUndefined();
  await again.pass(1);
  expect(again.outcome()).toMatchObject({ version: 2 });
});

test("each wait is drawn anew, from the patience up to one and a half times as long", async () => {
  const world = new World(new MapStore());
  const leader = await world.lead("A", 1);
  const draws = [0, 0.999];
  const standing = await standBy(world, "B", { everyMs: patienceMs, random: () => draws.shift() ?? 0 });
  await standing.pass(patienceMs - 1);
  await leader.seal(0, { 0: "state" });
  await standing.pass(1);
  await standing.pass(patienceMs * 1.499);
  expect(standing.outcome()).toBeUndefined();
  await standing.pass(1);
  expect(standing.outcome()).toMatchObject({ version: 2 });
});

test("a process that slept looks before it takes over, and a look that was under way does not count", async () => {
  const world = new World(new MapStore());
  const leader = await world.lead("A", 1);
  const standing = await standBy(world, "B");
  const look = standing.actor.store.holdResponse("list _control/");
  await standing.pass(patienceMs / 4);
  await look.arrived;
  // All of it sleeps here: what the look has shown is old when it goes on.
  await standing.clock.advance(patienceMs * 50);
  await leader.seal(0, { 0: "state" });
  await look.finish();
  await standing.pass(patienceMs - 1);
  expect(standing.outcome()).toBeUndefined();
});

describe("a store out of reach", () => {
  test("does not end it, and is not the leader's silence", async () => {
    const world = new World(new MapStore());
    const leader = await world.lead("A", 1);
    const standing = await standBy(world, "B");
    await standing.pass(patienceMs - 1);
    for (let looks = 0; looks < 40; looks++) standing.actor.store.lose("list _control/", { after: looks });
    await standing.pass(patienceMs * 8);
    await leader.seal(0, { 0: "state" });
    expect(standing.outcome()).toBeUndefined();
    await standing.pass(patienceMs * 40);
    expect(standing.outcome()).toMatchObject({ version: 2, base: { epoch: 0 } });
  });

  test("gives the leader all of its patience once it responds again", async () => {
    const world = new World(new MapStore());
    await world.lead("A", 1);
    const standing = await standBy(world, "B");
    await standing.pass(patienceMs / 2);
    standing.actor.store.lose("list _control/");
    await standing.pass(patienceMs / 4);
    await standing.pass(patienceMs);
    expect(standing.outcome()).toBeUndefined();
    await standing.pass(patienceMs / 4);
    expect(standing.outcome()).toMatchObject({ version: 2 });
  });

  test("that refuses for good ends it", async () => {
    const world = new World(new MapStore());
    await world.lead("A", 1);
    const standing = await standBy(world, "B");
    standing.actor.store.refuse("list _control/", "Denied");
    await standing.pass(patienceMs / 4);
    expect(standing.outcome()).toMatchObject({ failed: { code: "StoreFailed", retryable: false } });
  });
});

describe("damage", () => {
  test("below the newest seal does not end it, since it does not stop the leader", async () => {
    const world = new World(new MapStore());
    const leader = await world.lead("A", 1);
    await leader.seal(0, { 0: "state 0" });
    const standing = await standBy(world, "B");
    await world.put("epoch=1/_COMMIT", "");
    await leader.backend.close();
    const next = await world.lead("C", 2).catch(() => undefined);
    expect(next).toBeUndefined();
    await world.put("epoch=2/_COMMIT", (await sealOf(world, 0)).replace('"epoch":0', '"epoch":2'));
    await standing.pass(patienceMs);
    expect(standing.outcome()).toBeUndefined();
  });

  test("above it ends it: nobody can take over", async () => {
    const world = new World(new MapStore());
    const leader = await world.lead("A", 1);
    await leader.seal(0, { 0: "state 0" });
    const standing = await standBy(world, "B");
    await world.put("epoch=5/_COMMIT", "");
    await standing.pass(patienceMs / 4);
    expect(standing.outcome()).toMatchObject({ failed: { code: "Corrupt" } });
  });

  test("where fences are lost the version of the newest seal is told, and the next one claimed", async () => {
    const world = new World(new MapStore());
    const leader = await world.lead("A", 41);
    await leader.seal(0, { 0: "state 0" });
    await world.store.delete(["_control/fence=0000000000000041"]);
    const standing = await standBy(world, "B");
    await standing.pass(patienceMs);
    expect(standing.outcome()).toBeUndefined();
    await standing.pass(patienceMs * 1.5);
    expect(standing.outcome()).toMatchObject({ version: 42, base: { epoch: 0 } });
  });
});

test("an abort ends it with its own reason", async () => {
  const world = new World(new MapStore());
  await world.lead("A", 1);
  const stop = new AbortController();
  const standing = await standBy(world, "B", { signal: stop.signal });
  await standing.pass(patienceMs / 2);
  stop.abort("no more");
  await standing.pass(0);
  expect(standing.outcome()).toEqual({ failed: "no more" });
  expect(standing.clock.sleepers).toBe(0);
});

test("a version that workers were told of is not claimed, nor one below it", async () => {
  const world = new World(new MapStore());
  await world.lead("A", 1);
  const standing = await standBy(world, "B");
  standing.actor.backend.setAuthoritativeVersion(9);
  await standing.pass(patienceMs);
  expect(standing.outcome()).toMatchObject({ version: 10 });
});

test.each([
  [{ patienceMs: 0 }, RangeError, "patienceMs must be a number from 1"],
  [{ patienceMs: Number.NaN }, RangeError, "patienceMs must be"],
  [{ patienceMs: 10, everyMs: 11 }, RangeError, "everyMs must be a number from 1 to 10"],
  [{ patienceMs: 10, clock: { now: () => 0 } as never }, TypeError, "clock.sleep must be a function"],
  [{ patienceMs: 10, random: 1 as never }, TypeError, "random must be a function"],
  [{ patienceMs: 10, signal: {} as never }, TypeError, "signal must be an AbortSignal"],
])("%o is refused before anything is sent", async (options, kind, message) => {
  const world = new World(new MapStore());
  const { backend, store } = await world.open("B");
  const before = store.requests.length;
  const clock = new VirtualClock();
  const refused = standby(backend, { clock, ...options });
  await expect(refused).rejects.toThrow(kind);
  await expect(refused).rejects.toThrow(message);
  expect(store.requests.length).toBe(before);
});

async function sealOf(world: World, epoch: number): Promise<string> {
  return (await world.text(`epoch=${epoch}/_COMMIT`)) ?? "";
}

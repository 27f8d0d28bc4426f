/** Schedules of standbys and leaders beside each other: whatever the timing, the fence decides. */
import { beforeEach, expect, test } from "vitest";
import { controls, World } from "../../src/conformance/backend-suite/world.ts";
import { showScheduleOnFailure } from "../support/failed-schedule.ts";
import { MapStore } from "../support/map-store.ts";
import { rejectionOf } from "../support/rejection.ts";
import { patienceMs, quiet, standBy } from "./standing.ts";

let world: World;

beforeEach(() => {
  world = new World(new MapStore());
  showScheduleOnFailure(() => world.schedule);
});

test("two that have seen the same fence claim the same version: one leads, the other goes on watching", async () => {
  await world.lead("A", 1);
  const one = await standBy(world, "B");
  const two = await standBy(world, "C");
  const claim = two.actor.store.hold("create _control/fence=0000000000000002");
  await two.pass(patienceMs);
  await claim.arrived;
  await one.pass(patienceMs);
  expect(one.outcome()).toMatchObject({ version: 2 });
  await claim.finish();
  await two.pass(patienceMs / 4);
  expect(two.outcome()).toBeUndefined();
  await one.actor.seal(one.actor.backend.authoritativeVersion, { 0: "state" });
  await two.pass(patienceMs * 2);
  expect(two.outcome()).toMatchObject({ version: 3, base: { committer: "B" } });
});

test("a paused leader that wakes up after its successor sealed is refused, and what it asked for is not sealed", async () => {
  const leader = await world.lead("A", 1);
  await leader.seal(0, { 0: "state 0" });
  const part = await leader.write(1, 0, "never sealed");
  const paused = leader.store.hold("create epoch=1/_COMMIT");
  const sealing = rejectionOf(leader.backend.epochComplete({ epoch: 1, parts: [part] }));
  await paused.arrived;
  const standing = await standBy(world, "B");
  await standing.pass(patienceMs);
  const { nextEpoch, base } = await standing.taken;
  expect(base?.epoch).toBe(0);
  await standing.actor.seal(nextEpoch, { 0: "state of the successor" });
  paused.release();
  expect(await sealing).toMatchObject({ code: "EpochAborted", sealed: "no" });
  expect(await world.commit(1)).toBe("void");
  expect(await rejectionOf(leader.seal(nextEpoch + 1, { 0: "late" }))).toMatchObject({
    code: "StaleVersion",
  });
});

test("a leader that is slow but alive loses its office wrongly, and nothing that it has sealed", async () => {
  const leader = await world.lead("A", 1);
  const standing = await standBy(world, "B");
  await standing.pass(patienceMs - 1);
  // Its seal lands between the last look and the takeover.
  const claim = standing.actor.store.hold("create _control/fence=0000000000000002");
  await standing.pass(1);
  await claim.arrived;
  await leader.seal(0, { 0: "slow" });
  claim.release();
  await quiet();
  expect(standing.outcome()).toMatchObject({ version: 2, base: { epoch: 0, committer: "A" } });
  expect(await rejectionOf(leader.seal(1, { 0: "slower" }))).toMatchObject({
    code: "EpochAborted",
    sealed: "no",
  });
  expect(await rejectionOf(leader.seal(2, { 0: "slower" }))).toMatchObject({ code: "StaleVersion" });
});

test("a leader whose seal lands, and who is deposed before it looks, is told that the epoch is sealed", async () => {
  const leader = await world.lead("A", 1);
  const part = await leader.write(0, 0, "state");
  const look = leader.store.hold("list _control/");
  const sealing = rejectionOf(leader.backend.epochComplete({ epoch: 0, parts: [part] }));
  await look.arrived;
  const standing = await standBy(world, "B");
  await standing.pass(patienceMs);
  const { base } = await standing.taken;
  look.release();
  expect(base).toMatchObject({ epoch: 0, committer: "A" });
  expect(await sealing).toMatchObject({ code: "StaleVersion", sealed: "yes" });
});

test("a claim whose response is lost is claimed again, under the same version", async () => {
  await world.lead("A", 1);
  const standing = await standBy(world, "B");
  standing.actor.store.loseResponse("create _control/fence=0000000000000002");
  standing.actor.store.lose("get _control/fence=0000000000000002");
  await standing.pass(patienceMs);
  expect(standing.outcome()).toBeUndefined();
  // The fence that it sees is its own, and nobody's sign of life.
  await standing.pass(patienceMs / 4);
  expect(standing.outcome()).toMatchObject({ version: 2 });
  expect(await controls(world, "fence")).toHaveLength(2);
});

test("a claim that lands late deposes the leader, and its claimer goes on from there", async () => {
  const leader = await world.lead("A", 1);
  const standing = await standBy(world, "B");
  const claim = standing.actor.store.delay("create _control/fence=0000000000000002");
  standing.actor.store.lose("get _control/fence=0000000000000002");
  await standing.pass(patienceMs);
  // The leader is alive, and the claim is still on its way: it is not made again.
  await leader.seal(0, { 0: "alive" });
  await standing.pass(patienceMs / 2);
  expect(standing.outcome()).toBeUndefined();
  await claim.land();
  await standing.pass(patienceMs / 4);
  expect(standing.outcome()).toMatchObject({ version: 2, base: { epoch: 0 } });
});

test("whoever claimed a version and died before it sealed is waited for, and then followed", async () => {
  await world.lead("A", 1);
  const one = await standBy(world, "B");
  const two = await standBy(world, "C");
  await one.pass(patienceMs);
  expect(one.outcome()).toMatchObject({ version: 2 });
  await two.pass(patienceMs);
  expect(two.outcome()).toBeUndefined();
  await two.pass(patienceMs / 4);
  expect(two.outcome()).toMatchObject({ version: 3, base: undefined });
});

test("a fence that is claimed after the look, with a higher version, is told by the takeover", async () => {
  await world.lead("A", 1);
  const standing = await standBy(world, "B");
  const search = standing.actor.store.hold("create _control/fence=0000000000000002");
  await standing.pass(patienceMs);
  await search.arrived;
  const other = await world.lead("C", 7);
  search.release();
  await standing.pass(patienceMs / 4);
  expect(standing.outcome()).toBeUndefined();
  await other.seal(3, { 0: "state" });
  await standing.pass(patienceMs * 1.5);
  expect(standing.outcome()).toMatchObject({ version: 8, base: { epoch: 3 } });
});

test("a claim that was lost is not made again once a higher version was claimed", async () => {
  await world.lead("A", 1);
  const standing = await standBy(world, "B");
  standing.actor.store.lose("create _control/fence=0000000000000002");
  standing.actor.store.lose("get _control/fence=0000000000000002");
  await standing.pass(patienceMs);
  await world.lead("C", 7);
  await standing.pass(patienceMs * 1.5);
  expect(standing.outcome()).toMatchObject({ version: 8 });
  expect(await controls(world, "fence")).toHaveLength(3);
});

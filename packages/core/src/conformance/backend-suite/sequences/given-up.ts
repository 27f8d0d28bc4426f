import assert from "node:assert/strict";
import { ObjectStoreBackend } from "../../../backend.ts";
import type { GivenUpEpoch } from "../../../state-backend.ts";
import type { ObjectStore } from "../../../store.ts";
import type { Sequence } from "../sequence.ts";
import { assertRefused, controls, damage, leftByLaminarDb, restored, states, type World } from "../world.ts";

/** The operator's way past a `_COMMIT` that cannot be read. */
export const givenUpSequences: readonly Sequence[] = [
  {
    id: "D05",
    verifyObjects: true,
    title: "a damaged newest seal stops everyone until an operator gives it up by name",
    rules: ["only-the-bytes-that-were-given-up-are-void", "given-up-epoch-is-not-aborted"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(4, { 0: "four" });
      await leader.seal(5, { 0: "five" });
      await damage(world, "epoch=5/_COMMIT", "");
      const successor = await world.open("B");
      await assertRefused(successor.backend.takeover({ version: 2 }), "Corrupt");
      await assertRefused(successor.backend.latest(), "Corrupt");
      await assertRefused(successor.backend.pruneBefore(5, { asOperator: true }), "Corrupt");

      const given = await giveUp(world, 5, 3);
      assert.deepEqual([given.epoch, given.size, given.sealed], [5, 0, "unknown"]);
      assert.equal((await successor.backend.latest())?.epoch, 4);
      assert.deepEqual(await successor.backend.sealedEpochs(), [4]);
      assert.equal(await successor.backend.readPartial({ epoch: 5, vnode: 0 }), undefined);
      await assertRefused(successor.backend.abort(5), "EpochAborted", "unknown");
      const { base, nextEpoch } = await successor.backend.takeover({ version: 4 });
      assert.equal(await restored(base, 0), "four");
      assert.equal(nextEpoch, 6);
      await successor.seal(6, { 0: "six" });
      assert.deepEqual(await states(successor), ["4 sealed", "5 given-up", "6 sealed"]);
    },
  },
  {
    id: "D06",
    title:
      "only the bytes that were given up are void: other damage is damage, and a seal put back is a seal",
    rules: ["only-the-bytes-that-were-given-up-are-void"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(4, { 0: "four" });
      await leader.seal(5, { 0: "five" });
      const seal = (await world.text("epoch=5/_COMMIT")) ?? "";
      await damage(world, "epoch=5/_COMMIT", "\0\0\0");
      await giveUp(world, 5, 2);
      const reader = await world.open("R", { readOnly: true });
      assert.equal((await reader.backend.latest())?.epoch, 4);
      await damage(world, "epoch=5/_COMMIT", "\0\0\0\0");
      await assertRefused(reader.backend.latest(), "Corrupt");
      await giveUp(world, 5, 3);
      assert.equal((await reader.backend.latest())?.epoch, 4);
      await damage(world, "epoch=5/_COMMIT", seal);
      assert.equal((await reader.backend.latest())?.epoch, 5);
    },
  },
  {
    id: "D07",
    verifyObjects: true,
    title: "whoever leads, and goes on in memory from what is given up, is deposed",
    rules: ["give-up-claims-a-fence"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(5, { 0: "five" });
      await damage(world, "epoch=5/_COMMIT", "\0");
      const parts = [await leader.write(6, 0, "six")];
      await giveUp(world, 5, 2);
      await assertRefused(leader.backend.epochComplete({ epoch: 6, parts }), "StaleVersion", "no");
      assert.equal(await world.commit(6), "nothing");
    },
  },
  {
    id: "D07b",
    title:
      "if it had anchored its next epoch, its seal holds what was given up, and the next takeover goes on from it",
    rules: ["give-up-claims-a-fence", "fence-after-seal"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(4, { 0: "four", 1: "four" });
      await leader.seal(5, { 0: "five" }, [1]);
      await damage(world, "epoch=5/_COMMIT", "\0");
      const parts = [await leader.write(6, 1, "six")];
      await giveUp(world, 5, 2);
      const sixth = leader.backend.epochComplete({ epoch: 6, parts, unchanged: [0] });
      await assertRefused(sixth, "StaleVersion", "yes");
      const seventh = [await leader.write(7, 0, "seven"), await leader.write(7, 1, "seven")];
      const completion = leader.backend.epochComplete({ epoch: 7, parts: seventh });
      await assertRefused(completion, "StaleVersion", "no");
      const { base } = await (await world.open("B")).backend.takeover({ version: 3 });
      assert.deepEqual([base?.epoch, await restored(base, 0), await restored(base, 1)], [6, "five", "six"]);
    },
  },
  {
    id: "D08",
    title: 'nobody is told "no" of an epoch that was given up: its outputs may be out',
    rules: ["given-up-epoch-says-unknown"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(4, { 0: "four" });
      await leader.seal(5, { 0: "five" });
      await damage(world, "epoch=5/_COMMIT", "\0");
      await giveUp(world, 5, 2);
      const successor = await world.lead("B", 3);
      const parts = [await successor.write(5, 0, "once more")];
      await assertRefused(successor.backend.epochComplete({ epoch: 5, parts }), "EpochAborted", "unknown");
    },
  },
  {
    id: "D09",
    verifyObjects: true,
    title: "a damaged seal between good ones stops the prune until it is given up, and goes with its epoch",
    rules: ["unreadable-retained-seal-stops-the-prune", "given-up-counts-until-it-is-below-the-floor"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(3, { 0: "three", 1: "only copy" });
      await leader.seal(5, { 0: "five" }, [1]);
      await leader.seal(6, { 0: "six" }, [], [1]);
      await damage(world, "epoch=5/_COMMIT", "{}");
      const operator = { asOperator: true };
      await assertRefused(leader.backend.pruneBefore(5, operator), "Corrupt");
      assert.equal(await world.text("epoch=3/vnode=1/partial.bin"), "only copy");

      await giveUp(world, 5, 2);
      assert.equal((await leader.backend.pruneBefore(5, operator)).floor, 5);
      assert.equal((await leader.backend.pruneBefore(5, operator)).floor, 5);
      assert.deepEqual(await states(leader), ["5 given-up", "6 sealed"]);
      for (let prunes = 0; prunes < 2; prunes++) await leader.backend.pruneBefore(6, operator);
      assert.deepEqual(await states(leader), ["6 sealed"]);
      assert.deepEqual(await controls(world, "given-up"), []);
    },
  },
  {
    id: "D10",
    title: "what can be read, and what is not there, is not given up",
    rules: ["only-what-cannot-be-read-is-given-up"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(4, { 0: "four" });
      await leader.backend.abort(5);
      await leader.write(6, 0, "six");
      const before = await world.keys();
      await assertRefused(giveUp(world, 4, 2), "EpochSealed", "yes");
      await assertRefused(giveUp(world, 5, 2), "NotSealed");
      await assertRefused(giveUp(world, 6, 2), "NotSealed");
      assert.deepEqual(await world.keys(), before, "nothing was written");
    },
  },
  {
    id: "D11",
    title: "below the floor nothing is given up: what lies there was pruned",
    rules: ["nothing-is-given-up-below-the-floor"],
    async run(world) {
      const leader = await world.lead("A", 1);
      for (const epoch of [5, 6, 7]) await leader.seal(epoch, { 0: `of ${epoch}` });
      await damage(world, "epoch=5/_COMMIT", "\0");
      const operator = world.scripted("on call");
      const lastLook = operator.hold("list _control/", { after: 2 });
      const giving = giveUp(world, 5, 2, operator);
      await lastLook.arrived;
      await leader.backend.pruneBefore(7);
      const before = await world.keys();
      lastLook.release();
      await assertRefused(giving, "EpochPruned", "unknown");
      await world.put("epoch=5/_COMMIT", "\0");
      await assertRefused(giveUp(world, 5, 2), "EpochPruned", "unknown");
      await world.store.delete(["epoch=5/_COMMIT"]);
      assert.deepEqual(await world.keys(), before, "nothing was written");
    },
  },
  {
    id: "D12",
    verifyObjects: true,
    title: "plain text above a seal of ours is given up like any other damage",
    rules: ["only-the-bytes-that-were-given-up-are-void", "listed-plain-text-stands-below-every-seal"],
    async run(world) {
      await leftByLaminarDb(world);
      const leader = await world.lead("A", 1);
      await leader.seal(3, { 0: "three" });
      await leader.seal(4, { 0: "four" });
      await world.put("epoch=5/vnode=0/partial.bin", "of an aborted attempt");
      await world.put("epoch=5/_COMMIT", "Service Unavailable");
      const reader = await world.open("R", { readOnly: true });
      await assertRefused(reader.backend.sealedEpochs({ after: 4 }), "Corrupt");
      await giveUp(world, 5, 2);
      assert.deepEqual(await reader.backend.sealedEpochs({ after: 4 }), []);
      assert.deepEqual(await reader.backend.sealedEpochs(), [1, 3, 4]);
      const successor = await world.lead("B", 3);
      await successor.seal(6, { 0: "six" });
      assert.equal((await successor.backend.prune({ keep: 2 })).floor, 4);
      assert.deepEqual(await states(reader), ["4 sealed", "5 given-up", "6 sealed"]);
    },
  },
  {
    id: "D21",
    verifyObjects: true,
    title: "plain text that was given up stays given up once the seals that showed its damage are pruned",
    rules: ["given-up-plain-text-stays-given-up"],
    async run(world) {
      await leftByLaminarDb(world);
      const leader = await world.lead("A", 1);
      await leader.seal(4, { 0: "four" });
      await world.put("epoch=5/vnode=0/partial.bin", "of an aborted attempt");
      await world.put("epoch=5/_COMMIT", "Service Unavailable");
      await giveUp(world, 5, 2);
      const successor = await world.lead("B", 3);
      await successor.seal(6, { 0: "six" });
      await successor.seal(7, { 0: "seven" });
      assert.equal((await successor.backend.pruneBefore(5)).floor, 5);
      assert.deepEqual(await states(successor), ["5 given-up", "6 sealed", "7 sealed"]);
      assert.deepEqual(await successor.backend.sealedEpochs(), [6, 7]);
      assert.equal(await successor.backend.sealed(5), undefined);
      await assertRefused(successor.backend.abort(5), "EpochAborted", "unknown");
      assert.equal((await successor.backend.prune({ keep: 2 })).floor, 6);
    },
  },
  {
    id: "D22",
    title: "a leader whose newest seal was given up takes over again, and goes on from the seal below it",
    rules: ["takeover-goes-back-over-what-was-given-up"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(4, { 0: "four" });
      await leader.seal(5, { 0: "five" });
      await damage(world, "epoch=5/_COMMIT", "");
      await giveUp(world, 5, 2);
      const { base, nextEpoch } = await leader.backend.takeover({ version: 3 });
      assert.equal(await restored(base, 0), "four");
      await leader.seal(nextEpoch, { 1: "one" }, [0]);
      assert.equal(await restored(await leader.backend.latest(), 0), "four");
    },
  },
  {
    id: "D23",
    title: "a prune leaves the objects of what was given up: a seal that is put back is whole",
    rules: ["prune-empties-nothing-that-was-given-up"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(4, { 0: "four" });
      await leader.seal(5, { 0: "five" });
      const seal = (await world.text("epoch=5/_COMMIT")) ?? "";
      await damage(world, "epoch=5/_COMMIT", "");
      await giveUp(world, 5, 2);
      const successor = await world.lead("B", 3);
      await successor.backend.pruneBefore(6);
      await damage(world, "epoch=5/_COMMIT", seal);
      assert.equal(await restored(await successor.backend.latest(), 0), "five");
    },
  },
  {
    id: "D24",
    verifyObjects: true,
    title: "giving up once more what was given up deposes nobody, and leaves a version above",
    rules: ["given-up-twice-deposes-nobody", "give-up-leaves-a-version-above"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(4, { 0: "four" });
      await leader.seal(5, { 0: "five" });
      await damage(world, "epoch=5/_COMMIT", "");
      await assert.rejects(giveUp(world, 5, Number.MAX_SAFE_INTEGER), RangeError);
      await giveUp(world, 5, 2);
      const successor = await world.lead("B", 3);
      const before = await world.keys();
      assert.equal((await giveUp(world, 5, 4)).fault, "it was given up before");
      assert.deepEqual(await world.keys(), before, "nothing was written");
      await successor.seal(6, { 0: "six" });
    },
  },
  {
    id: "D25",
    title: "if no seal is left at or above the floor, nobody is told that nothing was ever sealed",
    rules: ["newest-is-at-or-above-the-floor", "base-is-at-or-above-the-floor"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(4, { 0: "four" });
      await leader.seal(5, { 0: "five" });
      await leader.backend.prune({ keep: 1 });
      await damage(world, "epoch=5/_COMMIT", "");
      await giveUp(world, 5, 2);
      const successor = await world.open("B");
      await assertRefused(successor.backend.latest(), "Corrupt");
      await assertRefused(successor.backend.takeover({ version: 3 }), "Corrupt");
    },
  },
];

function giveUp(
  world: World,
  epoch: number,
  version: number,
  store: ObjectStore = world.store,
): Promise<GivenUpEpoch> {
  const retry = { attempts: 1 };
  return ObjectStoreBackend.recover({ store, retry, instanceId: "on call", giveUp: epoch, version });
}

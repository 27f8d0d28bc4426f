import assert from "node:assert/strict";
import type { Sequence } from "../sequence.ts";
import { type Actor, assertRefused, restored, type World } from "../world.ts";

/** Pruning, beside those who seal and those who read. */
export const retentionSequences: readonly Sequence[] = [
  {
    id: "S06",
    title: "a stalled writer cannot bring a pruned epoch back",
    rules: ["floor-before-seal"],
    async run(world) {
      const leader = await world.open("A");
      await leader.seal(5, { 0: "five" });
      await leader.seal(6, { 0: "six" });
      await leader.backend.pruneBefore(6);
      const stalled = await world.open("A");
      const receipt = await stalled.write(5, 0, "five");
      await assertRefused(
        stalled.backend.epochComplete({ epoch: 5, parts: [receipt] }),
        "EpochPruned",
        "unknown",
      );
      assert.equal(await world.commit(5), "nothing");
    },
  },
  {
    id: "S07",
    title: "a seal created after its epoch was pruned is no success, and is not the latest",
    rules: ["control-after-the-seal-was-created", "floor-after-seal"],
    async run(world) {
      const slow = await world.open("A");
      const receipt = await slow.write(5, 0, "five");
      const create = slow.store.hold("create epoch=5/_COMMIT");
      const complete = slow.backend.epochComplete({ epoch: 5, parts: [receipt] });
      await create.arrived;
      const other = await world.open("B");
      await other.seal(6, { 0: "six" });
      await other.backend.pruneBefore(6);
      create.release();
      await assertRefused(complete, "EpochPruned", "unknown");
      assert.equal(await other.backend.latestCommittedEpoch(), 6);
    },
  },
  {
    id: "S08",
    title: "the newest sealed epoch survives every prune",
    rules: ["newest-seal-survives"],
    async run(world) {
      const leader = await world.open("A");
      await leader.seal(4, { 0: "four" });
      await leader.seal(5, { 0: "five" });
      assert.equal((await leader.backend.pruneBefore(6)).floor, 5);
      assert.equal((await leader.backend.pruneBefore(1_000)).floor, 5);
      assert.equal(await restored(await leader.backend.latest(), 0), "five");
      assert.deepEqual(await leader.backend.sealedEpochs(), [5]);
    },
  },
  {
    id: "S09",
    title: "an epoch whose seal could not be deleted keeps its objects, and the next prune takes them",
    rules: ["undeleted-seal-keeps-its-objects"],
    async run(world) {
      const leader = await world.open("A");
      await leader.seal(4, { 0: "four" });
      await leader.seal(5, { 0: "five" });
      leader.store.refuse(/^delete .*epoch=4\/_COMMIT/, "Denied");
      const report = await leader.backend.pruneBefore(5);
      assert.deepEqual([report.failedCount, report.objects], [1, 0]);
      assert.deepEqual(await world.keys("epoch=4/"), ["epoch=4/_COMMIT", "epoch=4/vnode=0/partial.bin"]);
      await leader.backend.pruneBefore(5);
      assert.deepEqual(await world.keys("epoch=4/"), []);
    },
  },
  {
    id: "S09b",
    title:
      "a prune that dies after the seals leaves no seal without its objects, and the next one ends the work",
    rules: ["undeleted-seal-keeps-its-objects", "prune-empties-below-an-older-floor-too"],
    async run(world) {
      const leader = await world.open("A");
      await leader.seal(4, { 0: "four" });
      await leader.seal(5, { 0: "five" });
      leader.store.refuse(/^delete .*vnode=0/, "Denied");
      await leader.backend.pruneBefore(5);
      assert.deepEqual(await world.keys("epoch=4/"), ["epoch=4/vnode=0/partial.bin"]);
      assert.equal((await leader.backend.pruneBefore(5)).objects, 1);
      assert.deepEqual(await world.keys("epoch=4/"), []);
    },
  },
  {
    id: "S10",
    title: "a reader whose epoch is pruned under it is told so, never that the vnode is empty",
    rules: ["absent-object-of-a-seal-is-an-error", "absent-object-of-a-pruned-seal-is-pruned"],
    async run(world) {
      const leader = await world.open("A");
      await leader.seal(5, { 0: "five" });
      const reader = await world.open("R", { readOnly: true });
      const handle = await reader.backend.latest();
      await leader.seal(8, { 0: "eight" });
      await leader.backend.pruneBefore(8);
      await assertRefused(restored(handle, 0), "EpochPruned", "yes");
      await assertRefused(reader.backend.readPartial({ epoch: 5, vnode: 0 }), "EpochPruned", "unknown");

      const newest = await reader.backend.latest();
      await world.store.delete(["epoch=8/vnode=0/partial.bin"]);
      await assertRefused(restored(newest, 0), "PartialLost", "yes");
    },
  },
  {
    id: "S15",
    title: "pruning up to epoch 65,537 costs as many listings as there are epochs",
    rules: ["prune-lists-what-exists"],
    async run(world) {
      const leader = await world.open("A");
      await leader.seal(1, { 0: "one" });
      await leader.seal(65_537, { 0: "newest" });
      const before = leader.store.requests.length;
      await leader.backend.pruneBefore(65_537);
      const listings = leader.store.requests.slice(before).filter((request) => request.startsWith("list "));
      assert.ok(listings.length <= 8, `${listings.length} listings: ${listings.join(", ")}`);
      assert.deepEqual(await world.keys("epoch=1/"), []);
    },
  },
  {
    id: "S16",
    title: "refused deletes are reported",
    rules: ["failed-deletes-are-counted"],
    async run(world) {
      const leader = await world.open("A");
      await leader.seal(4, { 0: "four", 1: "four" });
      await leader.seal(5, { 0: "five" });
      leader.store.refuse(/^delete .*vnode=0/, "Denied");
      const report = await leader.backend.pruneBefore(5);
      assert.equal(report.failedCount, 2);
      assert.deepEqual(
        report.failed.map(({ key, error }) => [key, error.code]),
        [
          ["epoch=4/vnode=0/partial.bin", "Denied"],
          ["epoch=4/vnode=1/partial.bin", "Denied"],
        ],
      );
      assert.deepEqual([report.floor, report.epochs, report.objects], [5, 1, 1]);
    },
  },
  {
    id: "S17",
    title: "a seal that is pruned between the conflict and its reading back is not created again",
    rules: ["absent-on-reading-back-is-not-final"],
    async run(world) {
      const slow = await world.open("A");
      const receipt = await slow.write(5, 0, "five");
      slow.store.repeat("create epoch=5/_COMMIT");
      const readBack = slow.store.hold("get epoch=5/_COMMIT");
      const complete = slow.backend.epochComplete({ epoch: 5, parts: [receipt] });
      await readBack.arrived;
      const other = await world.open("B");
      await other.seal(6, { 0: "six" });
      await other.backend.pruneBefore(6);
      readBack.release();
      await assertRefused(complete, "EpochPruned", "unknown");
      assert.equal(await world.commit(5), "nothing");
    },
  },
  {
    id: "S21",
    title: "a reader that looks while 5 is sealed and 4 is pruned returns 5",
    rules: ["newest-is-at-or-above-the-floor"],
    async run(world) {
      const latest = await readWhileSealedAndPruned(world, ({ backend }) => backend.latest());
      assert.equal(await restored(latest, 0), "five");
    },
  },
  {
    id: "S21b",
    title: "a list of sealed epochs that is made while 5 is sealed and 4 is pruned has 5",
    rules: ["no-seal-above-a-floor-starts-over"],
    async run(world) {
      const epochs = await readWhileSealedAndPruned(world, ({ backend }) => backend.sealedEpochs());
      assert.deepEqual(epochs, [5]);
    },
  },
  {
    id: "S21c",
    title: "a list of sealed epochs has no gap below an epoch that was sealed while it was made",
    rules: ["below-the-highest-seal-is-read-again"],
    async run(world) {
      const leader = await world.open("A");
      await leader.seal(4, { 0: "four" });
      const five = await leader.write(5, 0, "five");
      const six = await leader.write(6, 0, "six");
      const reader = await world.open("R", { readOnly: true });
      const readFive = reader.store.hold("get epoch=5/_COMMIT");
      const readSix = reader.store.hold("get epoch=6/_COMMIT");
      const epochs = reader.backend.sealedEpochs();
      await Promise.all([readFive.arrived, readSix.arrived]);
      await readFive.finish();
      await leader.backend.epochComplete({ epoch: 5, parts: [five] });
      await leader.backend.epochComplete({ epoch: 6, parts: [six] });
      readSix.release();
      assert.deepEqual(await epochs, [4, 5, 6]);
    },
  },
];

/** Reads `_COMMIT` of 5 before it is sealed, and `_COMMIT` of 4 after 4 is pruned. */
async function readWhileSealedAndPruned<T>(world: World, read: (reader: Actor) => Promise<T>): Promise<T> {
  const leader = await world.open("A");
  await leader.seal(4, { 0: "four" });
  const receipt = await leader.write(5, 0, "five");
  const reader = await world.open("R", { readOnly: true });
  const five = reader.store.hold("get epoch=5/_COMMIT");
  const four = reader.store.hold("get epoch=4/_COMMIT");
  const result = read(reader);
  await Promise.all([five.arrived, four.arrived]);
  await five.finish();
  await leader.backend.epochComplete({ epoch: 5, parts: [receipt] });
  await leader.backend.pruneBefore(5);
  four.release();
  return result;
}

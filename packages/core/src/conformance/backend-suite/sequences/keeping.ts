import assert from "node:assert/strict";
import { keptControls } from "../../../control.ts";
import type { Sequence } from "../sequence.ts";
import { type Actor, assertRefused, leftByLaminarDb, restored, type World } from "../world.ts";

/** Prunes that keep a number of seals, dry runs, and what a job leaves that dies before each seal. */
export const keepingSequences: readonly Sequence[] = [
  {
    id: "K01",
    verifyObjects: true,
    title: "the newest seals stay, however their numbers run: voids and unsealed epochs do not count",
    rules: ["keep-counts-nothing-but-seals"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(1, { 0: "one" });
      await leader.seal(3, { 0: "three" });
      await leader.write(4, 0, "never sealed");
      await leader.backend.abort(5);
      await leader.seal(10, { 0: "ten" });
      await leader.backend.abort(11);
      await leader.write(12, 0, "not sealed yet");
      const report = await leader.backend.prune({ keep: 2 });
      assert.deepEqual([report.floor, report.epochs, report.objects], [3, 1, 2]);
      assert.deepEqual(await leader.backend.sealedEpochs(), [3, 10]);
      assert.equal((await leader.backend.prune({ keep: 1 })).floor, 10);
      assert.deepEqual(await leader.backend.sealedEpochs(), [10]);
      assert.deepEqual(await epochKeys(world), [
        "epoch=10/_COMMIT",
        "epoch=10/vnode=0/partial.bin",
        "epoch=11/_COMMIT",
        "epoch=12/vnode=0/partial.bin",
      ]);
    },
  },
  {
    id: "K02",
    title: "where there are no more seals than are to be kept, no epoch goes",
    rules: ["fewer-seals-than-kept-prune-nothing"],
    async run(world) {
      const leader = await world.lead("A", 1);
      const nothing = { floor: 0, pinned: 0, epochs: 0, objects: 0, bytes: 0, failed: [], failedCount: 0 };
      assert.deepEqual(await leader.backend.prune({ keep: 1 }), nothing);
      await leader.backend.abort(2);
      await leader.seal(4, { 0: "four" });
      await leader.seal(5, { 0: "five" });
      const before = await world.keys();
      assert.deepEqual(await leader.backend.prune({ keep: 3 }), nothing);
      assert.deepEqual(await leader.backend.prune({ keep: Number.MAX_SAFE_INTEGER }), nothing);
      assert.deepEqual(await leader.backend.pruneBefore(5 - 10), nothing);
      assert.deepEqual(await world.keys(), before);
      assert.equal((await leader.backend.prune({ keep: 2 })).floor, 4);
      assert.deepEqual(await leader.backend.sealedEpochs(), [4, 5]);
    },
  },
  {
    id: "K03",
    verifyObjects: true,
    title: "a seal that the listing does not show makes a prune keep one more, never one less",
    rules: ["newest-seal-survives"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(4, { 0: "four" });
      await leader.seal(5, { 0: "five", 1: "unchanged" });
      await leader.seal(6, { 0: "six" }, [1]);
      const listed = leader.store.holdResponse("list ");
      const prune = leader.backend.prune({ keep: 2 });
      await listed.arrived;
      await leader.seal(7, { 0: "seven" }, [1]);
      listed.release();
      assert.equal((await prune).floor, 5);
      assert.deepEqual(await leader.backend.sealedEpochs(), [5, 6, 7]);
      assert.equal(await restored(await leader.backend.latest(), 1), "unchanged");
    },
  },
  {
    id: "K03b",
    title: "a stray seal below the floor costs no seal above it",
    rules: ["keep-counts-nothing-but-seals", "prune-empties-below-an-older-floor-too"],
    async run(world) {
      const stalled = await world.open("Z");
      const receipt = await stalled.write(4, 0, "four");
      const late = stalled.store.delay("create epoch=4/_COMMIT");
      await assertRefused(stalled.backend.epochComplete({ epoch: 4, parts: [receipt] }), "OutcomeUnknown");
      const leader = await world.lead("A", 1);
      await leader.seal(6, { 0: "six" });
      await leader.seal(7, { 0: "seven" });
      // The prune has listed control, and counts; the void of 4 is pruned, and the late seal lands in its place.
      const count = leader.store.hold("get epoch=4/_COMMIT", { after: 1 });
      const slow = leader.backend.prune({ keep: 3 });
      await count.arrived;
      await (await world.open("operator")).backend.pruneBefore(6, { asOperator: true });
      await late.land();
      count.release();
      await slow;
      assert.equal(await world.commit(4), "seal");
      assert.equal((await leader.backend.prune({ keep: 3 })).floor, 6);
      assert.deepEqual(await leader.backend.sealedEpochs(), [6, 7]);
      assert.equal(await world.commit(4), "nothing");
    },
  },
  {
    id: "K03c",
    title: "a prune that is slow to count keeps what another one that passed it has kept",
    rules: ["newest-seal-survives"],
    async run(world) {
      const leader = await world.lead("A", 1);
      for (const epoch of [3, 4, 5]) await leader.seal(epoch, { 0: `${epoch}` });
      const count = leader.store.hold("get epoch=4/_COMMIT", { after: 1 });
      const slow = leader.backend.prune({ keep: 2 });
      await count.arrived;
      await leader.seal(6, { 0: "six" });
      await leader.backend.prune({ keep: 1 });
      count.release();
      await slow;
      assert.deepEqual(await leader.backend.sealedEpochs(), [6]);
      assert.equal(await restored(await leader.backend.latest(), 0), "six");
    },
  },
  {
    id: "K04",
    title: "a `_COMMIT` that cannot be read, and might count, stops the prune before the floor",
    rules: ["unreadable-seal-is-not-counted"],
    async run(world) {
      const leader = await world.lead("A", 1);
      for (const epoch of [3, 4, 5, 6]) await leader.seal(epoch, { 0: `${epoch}` });
      leader.store.refuse("get epoch=5/_COMMIT", "Denied", { after: 1 });
      await assertRefused(leader.backend.prune({ keep: 3 }), "StoreFailed");
      assert.deepEqual(await leader.backend.sealedEpochs(), [3, 4, 5, 6]);
      // One that is below what is kept does not matter.
      leader.store.refuse("get epoch=3/_COMMIT", "Denied", { after: 1 });
      assert.equal((await leader.backend.prune({ keep: 2 })).floor, 5);
    },
  },
  {
    id: "K05",
    title: "damage that looks like a seal of another form is not counted as one",
    rules: ["damaged-plain-text-is-not-counted"],
    async run(world) {
      await leftByLaminarDb(world);
      const leader = await world.lead("A", 1);
      for (const epoch of [3, 4, 6]) await leader.seal(epoch, { 0: `${epoch}` });
      await world.put("epoch=5/_COMMIT", "somebody's page");
      await assertRefused(leader.backend.prune({ keep: 2 }), "Corrupt");
      assert.deepEqual(await controlKeys(world, "floor"), []);
      assert.equal(await world.commit(4), "seal");
    },
  },
  {
    id: "K06",
    verifyObjects: true,
    title: "a dry run creates and deletes nothing, and reports what the prune then reports",
    rules: ["dry-run-changes-nothing"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(3, { 0: "three", 1: "unchanged" });
      await leader.seal(4, { 0: "four" }, [1]);
      await leader.seal(5, { 0: "five" }, [1]);
      await leader.write(7, 0, "never sealed");
      const before = await world.keys();
      const { backend } = leader;
      const operator = await world.open("operator", { readOnly: true });
      const asOperator = await operator.backend.prune({ keep: 1 }, { asOperator: true, dryRun: true });
      const kept = await backend.prune({ keep: 2 }, { dryRun: true });
      const all = await backend.pruneBefore(8, { dryRun: true });
      await assertRefused(operator.backend.prune({ keep: 1 }, { dryRun: true }), "StaleVersion");
      assert.deepEqual(await world.keys(), before);
      assert.deepEqual([asOperator.floor, asOperator.epochs, asOperator.objects], [5, 2, 4]);
      assert.deepEqual(await backend.prune({ keep: 2 }), kept);
      assert.deepEqual([kept.floor, kept.epochs, kept.objects], [4, 1, 2]);
      const then = await backend.pruneBefore(8);
      assert.deepEqual([all.floor, all.epochs, all.objects], [5, 3, 5]);
      assert.deepEqual([then.floor, then.objects], [5, all.objects - kept.objects]);
      assert.equal(then.bytes, all.bytes - kept.bytes);
      assert.equal(await restored(await backend.latest(), 1), "unchanged");
    },
  },
  {
    id: "K07",
    verifyObjects: true,
    title: "what a job has left that died before each seal goes with the first prune that can take it",
    rules: ["surplus-controls-go", "prune-lists-what-exists"],
    async run(world) {
      const lives = keptControls + 3;
      for (let version = 1; version <= lives; version++) await dieBeforeTheSeal(world, version);
      const last = await world.open("A");
      const { base, nextEpoch } = await last.backend.takeover({ version: lives + 1 });
      assert.deepEqual([base, nextEpoch], [undefined, lives]);
      // With nothing sealed the voids are all that keeps the deposed leaders out; the fences are surplus.
      await last.backend.prune({ keep: 1 });
      assert.equal((await controlKeys(world, "fence")).length, keptControls);
      for (let epoch = 0; epoch < lives; epoch++) assert.equal(await world.commit(epoch), "void");
      await last.seal(nextEpoch, { 0: "at last" });
      const report = await last.backend.prune({ keep: 1 });
      assert.deepEqual([report.floor, report.epochs, report.objects], [lives, lives, 2 * lives]);
      assert.deepEqual(await epochKeys(world), [
        `epoch=${nextEpoch}/_COMMIT`,
        `epoch=${nextEpoch}/vnode=0/partial.bin`,
      ]);
    },
  },
];

/** One life of a job that takes over, writes, and is gone before its seal. */
async function dieBeforeTheSeal(world: World, version: number): Promise<void> {
  const life: Actor = await world.open("A");
  const { nextEpoch } = await life.backend.takeover({ version });
  await life.write(nextEpoch, 0, `life ${version}`);
}

async function epochKeys(world: World): Promise<readonly string[]> {
  return (await world.keys()).filter((key) => key.startsWith("epoch="));
}

async function controlKeys(world: World, kind: "fence" | "floor"): Promise<readonly string[]> {
  return (await world.keys("_control/")).filter((key) => key.startsWith(`_control/${kind}=`));
}

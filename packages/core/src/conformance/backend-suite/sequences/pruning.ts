import assert from "node:assert/strict";
import { keptControls } from "../../../control.ts";
import type { Sequence } from "../sequence.ts";
import { assertRefused, restored, textOf } from "../world.ts";

/** What a prune does, in which order, and what it leaves. */
export const pruningSequences: readonly Sequence[] = [
  {
    id: "P01",
    title: "nothing is deleted before the floor is known to be there",
    rules: ["floor-before-deletes", "floor-is-known-before-deletes"],
    async run(world) {
      const leader = await world.open("A");
      await leader.seal(4, { 0: "four" });
      await leader.seal(5, { 0: "five" });
      leader.store.lose("create _control/floor=0000000000000005");
      await assertRefused(leader.backend.pruneBefore(5), "OutcomeUnknown");
      assert.equal(await world.commit(4), "seal");
      leader.store.loseResponse("create _control/floor=0000000000000005");
      assert.equal((await leader.backend.pruneBefore(5)).floor, 5);
      assert.equal(await world.commit(4), "nothing");
    },
  },
  {
    id: "P02",
    title: "a retained seal that cannot be read stops the prune",
    rules: ["unreadable-retained-seal-stops-the-prune"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(3, { 0: "three", 1: "unchanged" });
      await leader.seal(4, { 0: "four" }, [1]);
      leader.store.refuse("get epoch=4/_COMMIT", "Denied", { after: 1 });
      await assertRefused(leader.backend.pruneBefore(4), "StoreFailed");
      assert.deepEqual((await world.keys("epoch=3/")).length, 3);
    },
  },
  {
    id: "P03",
    verifyObjects: true,
    title: "unsealed epochs below `before` that no floor covers become void and empty",
    rules: ["prune-voids-before-it-empties", "void-stays-when-its-epoch-is-emptied"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(4, { 0: "four" });
      const slow = await leader.write(6, 0, "six");
      await leader.write(9, 0, "nine");
      const create = leader.store.hold("create epoch=6/_COMMIT");
      const complete = leader.backend.epochComplete({ epoch: 6, parts: [slow] });
      await create.arrived;
      const report = await leader.backend.pruneBefore(8);
      assert.deepEqual([report.floor, report.objects], [4, 1]);
      assert.deepEqual(await world.keys("epoch=6/"), ["epoch=6/_COMMIT"]);
      assert.deepEqual(await world.keys("epoch=9/"), ["epoch=9/vnode=0/partial.bin"]);
      create.release();
      await assertRefused(complete, "EpochAborted", "no");
      assert.equal(await restored(await leader.backend.latest(), 0), "four");
    },
  },
  {
    id: "P04",
    verifyObjects: true,
    title: "an operator prunes beside the leader, and touches nothing above the newest seal",
    rules: ["operator-makes-nothing-void"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(3, { 0: "three" });
      await leader.seal(4, { 0: "four" });
      const receipt = await leader.write(5, 0, "five");
      const operator = await world.open("operator");
      await assertRefused(operator.backend.pruneBefore(100), "StaleVersion");
      const report = await operator.backend.pruneBefore(100, { asOperator: true });
      assert.deepEqual([report.floor, report.epochs, report.objects], [4, 1, 2]);
      assert.ok((await leader.backend.epochComplete({ epoch: 5, parts: [receipt] })).complete);
    },
  },
  {
    id: "P05",
    verifyObjects: true,
    title: "surplus floors and fences go, the newest stay",
    rules: ["surplus-controls-go", "newest-controls-are-kept"],
    async run(world) {
      const leader = await world.open("A");
      const last = keptControls + 3;
      for (let number = 1; number <= last; number++) {
        await leader.backend.takeover({ version: number });
        await leader.seal(number, { 0: `${number}` });
        await leader.backend.pruneBefore(number);
      }
      const kept = await world.keys("_control/");
      const values = (kind: string): number[] =>
        kept.filter((key) => key.includes(kind)).map((key) => Number(key.slice(-16)));
      // The last floor was published after the listing that the surplus was judged by.
      const newest = Array.from({ length: keptControls + 1 }, (_, index) => last - keptControls + index);
      assert.deepEqual(values("floor="), newest);
      assert.deepEqual(values("fence="), newest.slice(1));
    },
  },
  {
    id: "P06",
    title: "with nothing sealed nothing is pruned",
    rules: ["newest-seal-survives"],
    async run(world) {
      const leader = await world.open("A");
      await leader.write(5, 0, "five");
      const report = await leader.backend.pruneBefore(5, { asOperator: true });
      const nothing = { floor: 0, pinned: 0, epochs: 0, objects: 0, bytes: 0, failed: [], failedCount: 0 };
      assert.deepEqual(report, nothing);
      assert.deepEqual(await world.keys("epoch=5/"), ["epoch=5/vnode=0/partial.bin"]);
      assert.deepEqual(await world.keys("_control/"), ["_control/namespace"]);
    },
  },
  {
    id: "P07",
    verifyObjects: true,
    title: "what others put beside the protocol's objects is left alone",
    rules: ["foreign-objects-are-left-alone"],
    async run(world) {
      const leader = await world.open("A");
      await leader.seal(4, { 0: "four" });
      await leader.seal(5, { 0: "five" });
      const foreign = [
        "backup/epoch=4/_COMMIT",
        "epoch=04/vnode=0/partial.bin",
        "epoch=4/note",
        "epoch=4/vnode=0/x",
      ];
      for (const key of foreign) await world.put(key, "foreign");
      await leader.backend.pruneBefore(5);
      const left = (await world.keys()).filter((key) => !/^_control|^epoch=5\//.test(key));
      assert.deepEqual(left, foreign);
    },
  },
  {
    id: "P08",
    verifyObjects: true,
    title: "a stalled prune does not empty the newest epoch that it knew, which a later seal builds on",
    rules: ["prune-voids-only-above-the-newest-seal"],
    async run(world) {
      const zombie = await world.lead("A", 1);
      await zombie.seal(5, { 0: "five", 1: "unchanged" });
      await zombie.write(6, 0, "six");
      const stalled = zombie.store.hold("create epoch=6/_COMMIT");
      const prune = zombie.backend.pruneBefore(9);
      await stalled.arrived;
      const successor = await world.lead("B", 2);
      await successor.seal(7, { 0: "seven" }, [1]);
      await successor.backend.pruneBefore(7);
      stalled.release();
      await prune;
      assert.equal(await restored(await successor.backend.latest(), 1), "unchanged");
    },
  },
  {
    id: "P09",
    verifyObjects: true,
    title: "a slow prune does not empty an epoch that was sealed and pruned since it began",
    rules: ["control-after-voids-before-deletes"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(5, { 0: "five" });
      await leader.write(6, 0, "six");
      const slow = leader.store.hold("create epoch=6/_COMMIT");
      const prune = leader.backend.pruneBefore(9);
      await slow.arrived;
      await leader.seal(6, { 0: "six", 1: "unchanged" });
      await leader.seal(7, { 0: "seven" }, [1]);
      await (await world.open("operator")).backend.pruneBefore(7, { asOperator: true });
      slow.release();
      await prune;
      assert.equal(await restored(await leader.backend.latest(), 1), "unchanged");
    },
  },
  {
    id: "P10",
    title: "attachments that a retained seal names in a lower epoch are kept as well",
    rules: ["named-objects-are-kept", "named-attachments-are-kept"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(5, { 0: "five" });
      const bytes = new Uint8Array([1]);
      const { key, size } = await leader.backend.writeAttachment({
        epoch: 5,
        name: "offsets",
        assignmentVersion: 1,
        bytes,
      });
      const seal = {
        format: 1,
        epoch: 6,
        committer: "A",
        incarnation: "later",
        assignmentVersion: 1,
        partials: [],
      };
      await world.put(
        "epoch=6/_COMMIT",
        JSON.stringify({ ...seal, attachments: [{ name: "offsets", key, size }] }),
      );
      await leader.backend.pruneBefore(6);
      assert.deepEqual(await (await leader.backend.latest())?.readAttachment("offsets"), bytes);
    },
  },
  {
    id: "R01",
    title: "bytes that are not what was sealed are Corrupt, never restored",
    rules: ["handle-checks-the-size", "handle-checks-the-digest"],
    async run(world) {
      const leader = await world.open("A");
      await leader.seal(5, { 0: "five", 1: "five" });
      await world.store.delete(["epoch=5/vnode=0/partial.bin", "epoch=5/vnode=1/partial.bin"]);
      await world.put("epoch=5/vnode=0/partial.bin", "fivE");
      await world.put("epoch=5/vnode=1/partial.bin", "five and more");
      const handle = await leader.backend.latest();
      await assertRefused(restored(handle, 0), "Corrupt", "yes");
      await assertRefused(restored(handle, 1), "Corrupt", "yes");
      await assertRefused(leader.backend.readPartial({ epoch: 5, vnode: 0 }), "Corrupt", "yes");

      // Without a digest the size is all there is to check.
      const listing = await world.open("A", { acceptListed: true });
      await leader.write(6, 0, "six");
      await listing.backend.epochComplete({ epoch: 6, parts: [0] });
      const undigested = await listing.backend.latest();
      await world.store.delete(["epoch=6/vnode=0/partial.bin"]);
      await world.put("epoch=6/vnode=0/partial.bin", "six and more");
      await assertRefused(restored(undigested, 0), "Corrupt", "yes");
    },
  },
  {
    id: "R04",
    title: "a pruned epoch stays pruned for readers, whatever strays come into its folder",
    rules: ["unsealed-read-looks-at-the-floor", "other-bytes-look-at-the-floor"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(5, { 0: "five" });
      const handle = await leader.backend.latest();
      await leader.seal(6, { 0: "six" });
      await leader.backend.pruneBefore(6);
      const zombie = await world.open("Z");
      await zombie.write(5, 0, "late");
      await assertRefused(restored(handle, 0), "EpochPruned", "yes");
      await assertRefused(zombie.backend.readPartial({ epoch: 5, vnode: 0 }), "EpochPruned", "unknown");
    },
  },
  {
    id: "R05",
    title: "a list of sealed epochs has no gap where a prune passes while it is made",
    rules: ["control-after-the-second-look"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(5, { 0: "five" });
      const six = await leader.write(6, 0, "six");
      await leader.write(7, 0, "seven");
      const reader = await world.open("R", { readOnly: true });
      const firstSix = reader.store.hold("get epoch=6/_COMMIT");
      const secondSix = reader.store.hold("get epoch=6/_COMMIT");
      const seven = reader.store.hold("get epoch=7/_COMMIT");
      const epochs = reader.backend.sealedEpochs();
      await Promise.all([firstSix.arrived, seven.arrived]);
      await firstSix.finish();
      await leader.backend.epochComplete({ epoch: 6, parts: [six] });
      await leader.seal(7, { 0: "seven" });
      seven.release();
      await secondSix.arrived;
      await leader.backend.pruneBefore(7);
      secondSix.release();
      assert.deepEqual(await epochs, [7]);
    },
  },
  {
    id: "R02",
    title: "readPartial of an unsealed epoch reads our own last write",
    rules: ["own-last-write-is-read"],
    async run(world) {
      const other = await world.open("B");
      await other.write(5, 0, "first");
      const own = await world.open("A");
      assert.equal(textOf(await own.backend.readPartial({ epoch: 5, vnode: 0 })), "first");
      await own.write(5, 0, "own");
      assert.equal(textOf(await own.backend.readPartial({ epoch: 5, vnode: 0 })), "own");
      assert.equal(await own.backend.readPartial({ epoch: 5, vnode: 1 }), undefined);
    },
  },
  {
    id: "R03",
    verifyObjects: true,
    title: "describeEpoch tells every state apart, and what is missing of a seal",
    rules: ["described-as-pruned-below-the-floor"],
    async run(world) {
      const leader = await world.lead("A", 1);
      const { backend } = leader;
      await leader.seal(3, { 0: "three", 1: "unchanged" });
      await leader.seal(4, { 0: "four" }, [1]);
      await leader.write(5, 0, "five");
      await backend.abort(6);
      const states = [];
      for (const epoch of [3, 4, 5, 6, 7]) states.push((await backend.describeEpoch(epoch)).state);
      assert.deepEqual(states, ["sealed", "sealed", "open", "void", "absent"]);
      assert.equal((await backend.describeEpoch(6)).void?.by, "A");
      assert.deepEqual((await backend.describeEpoch(4)).missing, []);
      await world.store.delete(["epoch=3/vnode=1/partial.bin"]);
      const { objects, bytes, missing } = await backend.describeEpoch(4);
      assert.equal(objects, 2);
      assert.ok(bytes > 4);
      assert.deepEqual(missing, ["epoch=3/vnode=1/partial.bin"]);
      await backend.pruneBefore(4);
      assert.equal((await backend.describeEpoch(3)).state, "pruned");
    },
  },
];

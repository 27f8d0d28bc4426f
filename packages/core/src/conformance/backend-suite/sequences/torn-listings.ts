import assert from "node:assert/strict";
import { keptControls } from "../../../control.ts";
import type { Sequence } from "../sequence.ts";
import { type Actor, assertRefused, restored } from "../world.ts";

/** Seals and prunes until the floor that was there when this began has become surplus, and is deleted. */
async function pruneAway(leader: Actor, after: number): Promise<number> {
  const last = after + keptControls + 1;
  for (let epoch = after + 1; epoch <= last; epoch++) {
    await leader.seal(epoch, { 0: String(epoch) });
    await leader.backend.pruneBefore(epoch);
  }
  return last;
}

/** A listing is no moment: a store may take its names first, and leave out what is gone when it looks at them. */
export const tornListingSequences: readonly Sequence[] = [
  {
    id: "L01",
    title: "a reader whose look at control falls into a prune is told what is sealed, not that nothing is",
    rules: ["newest-controls-are-kept", "newest-is-at-or-above-the-floor"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(6, { 0: "six" });
      await leader.backend.pruneBefore(6);
      const reader = await world.open("R", { readOnly: true });
      const commit = reader.store.hold("get epoch=6/_COMMIT");
      const latest = reader.backend.latest();
      await commit.arrived;
      await leader.seal(7, { 0: "seven" });
      await leader.backend.pruneBefore(7);
      const looks = [reader.store.tear("list _control/"), reader.store.tear("list _control/")];
      commit.release();
      for (const [index, look] of looks.entries()) {
        await Promise.race([look.arrived, latest]);
        await leader.seal(8 + index, { 0: String(8 + index) });
        await leader.backend.pruneBefore(8 + index);
        look.release();
      }
      assert.ok((await latest) !== undefined, "latest answered that nothing is sealed");
    },
  },
  {
    id: "L02",
    title: "that nothing is sealed is answered only after a second look at control",
    rules: ["none-needs-a-second-look"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(6, { 0: "six" });
      const reader = await world.open("R", { readOnly: true });
      const commit = reader.store.hold("get epoch=6/_COMMIT");
      const latest = reader.backend.latest();
      await commit.arrived;
      await leader.seal(7, { 0: "seven" });
      await leader.backend.pruneBefore(7);
      const look = reader.store.tear("list _control/");
      commit.release();
      await look.arrived;
      const last = await pruneAway(leader, 7);
      look.release();
      assert.equal(await restored(await latest, 0), String(last));
    },
  },
  {
    id: "L03",
    title: "that no epoch is sealed is answered by sealedEpochs only after a second look at control",
    rules: ["no-sealed-epochs-needs-a-second-look"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(6, { 0: "six" });
      const reader = await world.open("R", { readOnly: true });
      const commit = reader.store.hold("get epoch=6/_COMMIT");
      const sealed = reader.backend.sealedEpochs();
      await commit.arrived;
      await leader.seal(7, { 0: "seven" });
      await leader.backend.pruneBefore(7);
      const again = reader.store.hold("list ");
      commit.release();
      await again.arrived;
      const look = reader.store.tear("list _control/");
      again.release();
      await look.arrived;
      const last = await pruneAway(leader, 7);
      look.release();
      assert.deepEqual(await sealed, [last]);
    },
  },
  {
    id: "L04",
    verifyObjects: true,
    title: "a leader whose own fence is not listed any more is deposed",
    rules: ["own-fence-unseen-is-deposed"],
    async run(world) {
      const deposed = await world.lead("A", 1);
      const receipt = await deposed.write(5, 0, "five");
      const look = deposed.store.tear("list _control/", { after: 1 });
      const complete = deposed.backend.epochComplete({ epoch: 5, parts: [receipt] });
      await look.arrived;
      const successor = await world.open("B");
      for (let version = 2; version <= keptControls + 2; version++)
        await successor.backend.takeover({ version });
      await successor.seal(6, { 0: "six" });
      await successor.backend.pruneBefore(5);
      look.release();
      await assertRefused(complete, "StaleVersion", "yes");
    },
  },
  {
    id: "L05",
    verifyObjects: true,
    title: "a takeover whose own fence is not listed any more is refused",
    rules: ["own-fence-unseen-ends-takeover"],
    async run(world) {
      const slow = await world.open("A");
      const look = slow.store.tear("list _control/", { after: 1 });
      const takeover = slow.backend.takeover({ version: 1 });
      await look.arrived;
      const successor = await world.open("B");
      for (let version = 2; version <= keptControls + 2; version++)
        await successor.backend.takeover({ version });
      await successor.seal(6, { 0: "six" });
      await successor.backend.pruneBefore(6);
      look.release();
      await assertRefused(takeover, "StaleVersion");
    },
  },
  {
    id: "L06",
    title: "a floor that a backend has seen counts, whatever a later listing leaves out",
    rules: ["highest-control-ever-seen-counts"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(5, { 0: "five" });
      await leader.seal(6, { 0: "six" });
      await leader.backend.pruneBefore(6);
      const reader = await world.open("R", { readOnly: true });
      assert.equal((await reader.backend.describeEpoch(5)).state, "pruned");
      const look = reader.store.tear("list _control/");
      const described = reader.backend.describeEpoch(5);
      await look.arrived;
      await pruneAway(leader, 6);
      look.release();
      assert.equal((await described).state, "pruned");
    },
  },
  {
    id: "L07",
    title: "sealedEpochs has no gap where a prune passes between its looks at the epochs and at control",
    rules: ["control-after-the-second-look"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(5, { 0: "five" });
      await leader.write(6, 0, "six");
      await leader.write(7, 0, "seven");
      const reader = await world.open("R", { readOnly: true });
      const absent = reader.store.holdResponse("get epoch=6/_COMMIT");
      const commit = reader.store.hold("get epoch=7/_COMMIT");
      const sealed = reader.backend.sealedEpochs();
      await Promise.all([absent.arrived, commit.arrived]);
      await leader.seal(6, { 0: "six" });
      await leader.seal(7, { 0: "seven" });
      const again = reader.store.hold("list ");
      absent.release();
      commit.release();
      await again.arrived;
      await leader.backend.pruneBefore(7);
      again.release();
      assert.deepEqual(await sealed, [7]);
    },
  },
  {
    id: "L08",
    verifyObjects: true,
    title:
      "of an epoch that was made void and emptied within its listing, the caller is told that it is void",
    rules: ["void-explains-what-is-missing"],
    async run(world) {
      const operator = await world.open("O");
      await operator.seal(4, { 0: "four" });
      const zombie = await world.open("Z");
      for (const [epoch, late] of [
        [5, undefined],
        [6, "of a zombie"],
      ] as const) {
        const leader = await world.open("A");
        const parts = [await leader.write(epoch, 0, "in time")];
        const listed = leader.store.tear(`list epoch=${epoch}/`);
        const asked = leader.backend.epochComplete({ epoch, parts });
        await listed.arrived;
        await operator.backend.pruneBefore(epoch + 1);
        if (late !== undefined) await zombie.write(epoch, 0, late);
        listed.release();
        await assertRefused(asked, "EpochAborted", "no");
      }
    },
  },
];

import assert from "node:assert/strict";
import type { Sequence } from "../sequence.ts";
import { assertComplete, assertRefused, restored } from "../world.ts";

/** Incremental epochs: seals that name objects of lower epochs. */
export const unchangedSequences: readonly Sequence[] = [
  {
    id: "S26",
    title: "what a retained seal names in a lower epoch survives every prune",
    rules: ["named-objects-are-kept"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(3, { 0: "three", 1: "unchanged" });
      await leader.seal(4, { 0: "four" }, [1]);
      await leader.seal(5, { 0: "five" }, [1]);
      await leader.backend.pruneBefore(5);
      await leader.backend.pruneBefore(5);
      assert.deepEqual(await world.keys("epoch=3/"), ["epoch=3/vnode=1/partial.bin"]);
      assert.equal(await restored(await leader.backend.latest(), 1), "unchanged");

      await leader.seal(6, { 0: "six", 1: "changed" });
      await leader.backend.pruneBefore(6);
      assert.deepEqual(await world.keys("epoch=3/"), []);
    },
  },
  {
    id: "S27",
    verifyObjects: true,
    title: "an epoch in which nothing changed is visible to a takeover",
    rules: ["unchanged-only-epoch-has-an-anchor", "anchor-before-listing"],
    async run(world) {
      const deposed = await world.lead("A", 1);
      await deposed.seal(4, { 0: "four" });
      const create = deposed.store.hold("create epoch=5/_COMMIT");
      const complete = deposed.backend.epochComplete({ epoch: 5, parts: [], unchanged: [0] });
      await create.arrived;
      const successor = await world.open("B");
      const { base, nextEpoch } = await successor.backend.takeover({ version: 2 });
      assert.deepEqual([base?.epoch, nextEpoch], [4, 6]);
      create.release();
      await assertRefused(complete, "EpochAborted", "no");
      assert.equal(await successor.backend.latestCommittedEpoch(), 4);
    },
  },
  {
    id: "S27b",
    verifyObjects: true,
    title: "an epoch whose anchor is not known to be there is not sealed",
    rules: ["anchor-is-known-to-be-there"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(4, { 0: "four" });
      leader.store.lose("create epoch=5/_ANCHOR");
      await assertRefused(
        leader.backend.epochComplete({ epoch: 5, parts: [], unchanged: [0] }),
        "StoreFailed",
      );
      assert.equal(await world.commit(5), "nothing");
      leader.store.loseResponse("create epoch=5/_ANCHOR");
      assertComplete(await leader.backend.epochComplete({ epoch: 5, parts: [], unchanged: [0] }));
    },
  },
  {
    id: "S27c",
    verifyObjects: true,
    title: "an anchor is there before its epoch is listed, so that a takeover in between sees the epoch",
    rules: ["anchor-before-listing"],
    async run(world) {
      const deposed = await world.lead("A", 1);
      await deposed.seal(4, { 0: "four" });
      const listing = deposed.store.hold("list epoch=5/");
      const complete = deposed.backend.epochComplete({ epoch: 5, parts: [], unchanged: [0] });
      await listing.arrived;
      const successor = await world.open("B");
      const { base, nextEpoch } = await successor.backend.takeover({ version: 2 });
      assert.deepEqual([base?.epoch, nextEpoch], [4, 6]);
      listing.release();
      await assertRefused(complete, "EpochAborted", "no");
      assert.equal(await world.commit(5), "void");
    },
  },
  {
    id: "S28",
    verifyObjects: true,
    title: "an unchanged vnode is taken from the newest seal, whatever the call that created it returned",
    rules: ["created-seal-is-newest-at-once"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(3, { 0: "three", 1: "old" });
      const parts = [await leader.write(4, 0, "four"), await leader.write(4, 1, "new")];
      leader.store.lose("list _control/", { after: 1 });
      await assertRefused(leader.backend.epochComplete({ epoch: 4, parts }), "StoreFailed", "yes");
      await leader.backend.pruneBefore(4);
      await leader.seal(5, { 0: "five" }, [1]);
      assert.equal(await restored(await leader.backend.latest(), 1), "new");
    },
  },
  {
    id: "S29",
    title: "without a fence no vnode can be unchanged",
    rules: ["unchanged-needs-a-fence"],
    async run(world) {
      const unfenced = await world.open("A");
      await unfenced.seal(4, { 0: "four", 1: "four" });
      const receipt = await unfenced.write(5, 0, "five");
      const sent = unfenced.store.requests.length;
      const complete = unfenced.backend.epochComplete({ epoch: 5, parts: [receipt], unchanged: [1] });
      await assertRefused(complete, "FenceRequired", "unknown");
      assert.equal(unfenced.store.requests.length, sent);
    },
  },
  {
    id: "S30",
    title: "if an epoch of unknown outcome is found sealed, then an unchanged vnode is taken from it",
    rules: ["unchanged-is-looked-up-once-earlier-epochs-are-settled", "settled-seal-is-newest"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(4, { 0: "four", 1: "old" });
      const parts = [await leader.write(5, 0, "five"), await leader.write(5, 1, "new")];
      const late = leader.store.delay("create epoch=5/_COMMIT");
      await assertRefused(leader.backend.epochComplete({ epoch: 5, parts }), "OutcomeUnknown", "unknown");
      await late.land();
      await leader.seal(6, { 0: "six" }, [1]);
      const newest = await leader.backend.latest();
      assert.equal(newest?.epoch, 6);
      assert.equal(await restored(newest, 1), "new");
    },
  },
  {
    id: "S31",
    title: "the slower of two pruners, whose newest seal the faster has deleted, deletes nothing",
    rules: ["prune-stops-without-its-newest-seal"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(3, { 0: "three", 1: "unchanged" });
      await leader.seal(4, { 0: "four" }, [1]);
      const slow = await world.open("operator");
      const reading = slow.store.hold("get epoch=4/_COMMIT", { after: 1 });
      const slowPrune = slow.backend.pruneBefore(4, { asOperator: true });
      await reading.arrived;
      await leader.seal(5, { 0: "five" }, [1]);
      await leader.backend.pruneBefore(5);
      reading.release();
      assert.equal((await slowPrune).objects, 0);
      assert.equal(await restored(await leader.backend.latest(), 1), "unchanged");
    },
  },
];

import assert from "node:assert/strict";
import type { Sequence } from "../sequence.ts";
import { assertComplete, assertRefused, restored } from "../world.ts";

/** What may become part of a seal, and what a seal is asked about. */
export const partialSequences: readonly Sequence[] = [
  {
    id: "S01",
    title: "a zombie's rewrite of a sealed partial goes beside it, and a restore reads what was sealed",
    rules: ["other-bytes-other-key"],
    async run(world) {
      const leader = await world.open("A");
      await leader.seal(5, { 0: "sealed" });
      const zombie = await world.open("Z");
      const receipt = await zombie.write(5, 0, "zombie");
      assert.equal(await world.text(receipt.key ?? ""), "zombie");
      assert.equal(await restored(await leader.backend.latest(), 0), "sealed");
    },
  },
  {
    id: "S02",
    title: "a write of the old version that lands after the fence has moved satisfies no seal",
    rules: ["receipt-below-the-fence-is-stale", "number-of-another-backend-needs-its-receipt"],
    async run(world) {
      const worker = await world.open("W");
      const late = worker.store.hold("create epoch=5/vnode=0/partial.bin");
      const write = worker.write(5, 0, "stale", 1);
      await late.arrived;
      const leader = await world.lead("B", 2);
      late.release();
      const receipt = await write;
      await assertRefused(leader.backend.epochComplete({ epoch: 5, parts: [receipt] }), "StaleVersion");
      await assertRefused(leader.backend.epochComplete({ epoch: 5, parts: [0] }), "ReceiptRequired", "no");
      assert.equal(await world.commit(5), "nothing");
    },
  },
  {
    id: "S03",
    title: "a restart does not reset the fence",
    rules: ["open-takes-the-highest-fence", "stale-write"],
    async run(world) {
      await world.lead("A", 2);
      const restarted = await world.open("A");
      assert.equal(restarted.backend.authoritativeVersion, 2);
      await assertRefused(restarted.write(5, 0, "old", 1), "StaleVersion");
      assert.deepEqual(await world.keys("epoch=5/"), []);
    },
  },
  {
    id: "S04",
    title: "a replacement under the same id that wrote other bytes is not told that its epoch is complete",
    rules: ["seal-covers-receipts", "number-needs-a-seal-of-this-incarnation"],
    async run(world) {
      const crashed = await world.open("node-0");
      await crashed.seal(5, { 0: "one" });
      const replacement = await world.open("node-0");
      await assertRefused(
        replacement.backend.epochComplete({ epoch: 5, parts: [0] }),
        "ReceiptRequired",
        "yes",
      );
      const receipt = await replacement.write(5, 0, "two");
      await assertRefused(
        replacement.backend.epochComplete({ epoch: 5, parts: [receipt] }),
        "SealMismatch",
        "yes",
      );
      await assertRefused(replacement.backend.epochComplete({ epoch: 5, parts: [0] }), "SealMismatch", "yes");
    },
  },
  {
    id: "S11",
    title: "asking a sealed epoch about a vnode that its seal does not name fails",
    rules: ["unnamed-vnode-is-a-mismatch"],
    async run(world) {
      const leader = await world.open("A");
      await leader.seal(5, { 0: "a", 1: "b" });
      assertComplete(await leader.backend.epochComplete({ epoch: 5, parts: [0, 1] }));
      await assertRefused(
        leader.backend.epochComplete({ epoch: 5, parts: [0, 1, 99] }),
        "SealMismatch",
        "yes",
      );
      const receipt = await leader.write(5, 99, "late");
      await assertRefused(
        leader.backend.epochComplete({ epoch: 5, parts: [receipt] }),
        "SealMismatch",
        "yes",
      );
    },
  },
  {
    id: "S12",
    title: "an empty set of vnodes seals nothing",
    rules: ["empty-epoch-is-an-error"],
    async run(world) {
      const leader = await world.lead("A", 1);
      const sent = leader.store.requests.length;
      await assert.rejects(leader.backend.epochComplete({ epoch: 5, parts: [] }), RangeError);
      await assert.rejects(leader.backend.epochComplete({ epoch: 5, parts: [], unchanged: [] }), RangeError);
      assert.equal(leader.store.requests.length, sent);
      assert.equal(await world.commit(5), "nothing");
    },
  },
  {
    id: "S14",
    title: "a _COMMIT that is not directly in an epoch's folder seals nothing",
    rules: ["commit-read-by-its-whole-key"],
    async run(world) {
      const leader = await world.open("A");
      await leader.seal(5, { 0: "a" });
      await world.put("epoch=9/vnode=0/_COMMIT", "A");
      await world.put("backup/epoch=11/_COMMIT", "A");
      await world.put("epoch=012/_COMMIT", "A");
      assert.equal(await leader.backend.latestCommittedEpoch(), 5);
      assert.deepEqual(await leader.backend.sealedEpochs(), [5]);
    },
  },
  {
    id: "S18",
    title: "epoch 1 is not mistaken for 10 and 19",
    rules: ["epoch-prefix-ends-in-a-slash"],
    async run(world) {
      const leader = await world.open("A");
      for (const epoch of [1, 10, 19]) await leader.seal(epoch, { 0: `state ${epoch}` });
      assert.equal((await leader.backend.describeEpoch(1)).objects, 2);
      const report = await leader.backend.pruneBefore(2);
      assert.deepEqual([report.epochs, report.objects], [1, 2]);
      assert.deepEqual(await leader.backend.sealedEpochs(), [10, 19]);
      assert.equal(await restored(await leader.backend.latest(), 0), "state 19");
    },
  },
  {
    id: "S19",
    title: "a second attempt at an epoch does not mix the first one's partials into its seal",
    rules: ["number-of-another-backend-needs-its-receipt"],
    async run(world) {
      const first = await world.open("node-0");
      await first.write(8, 0, "cut 1");
      const second = await world.open("node-0");
      const receipt = await second.write(8, 1, "cut 2");
      await assertRefused(
        second.backend.epochComplete({ epoch: 8, parts: [0, receipt] }),
        "ReceiptRequired",
        "no",
      );
      assert.equal(await world.commit(8), "nothing");
    },
  },
];

import assert from "node:assert/strict";
import type { Sequence } from "../sequence.ts";
import { assertRefused, damage, leftByLaminarDb, restored, states } from "../world.ts";

/** What is not a decision of anyone must not be taken for one. */
export const damageSequences: readonly Sequence[] = [
  {
    id: "D01",
    title: "a `_COMMIT` of NUL bytes, or of an error page, is no seal",
    rules: ["plain-text-is-an-instance-id"],
    async run(world) {
      await leftByLaminarDb(world);
      const reader = await world.open("R", { readOnly: true });
      await world.put("epoch=4/vnode=0/partial.bin", "four");
      await world.put("epoch=4/_COMMIT", "\0".repeat(512));
      await world.put("epoch=6/vnode=0/partial.bin", "six");
      await world.put("epoch=6/_COMMIT", "<html><body>502 Bad Gateway</body></html>");
      for (const epoch of [4, 6])
        await assertRefused(reader.backend.readPartial({ epoch, vnode: 0 }), "Corrupt", "unknown");
      await assertRefused(reader.backend.latest(), "Corrupt");
    },
  },
  {
    id: "D02",
    title: "plain text above a seal of ours is no seal to restore from, and nothing passes it silently",
    rules: ["plain-text-stands-below-every-seal", "listed-plain-text-stands-below-every-seal"],
    async run(world) {
      await leftByLaminarDb(world);
      const leader = await world.lead("A", 1);
      await leader.seal(4, { 0: "four" });
      await world.put("epoch=5/vnode=0/partial.bin", "of an aborted attempt");
      await world.put("epoch=5/_COMMIT", "Service Unavailable");
      const reader = await world.open("R", { readOnly: true });
      await assertRefused(reader.backend.latest(), "Corrupt");
      await assertRefused(reader.backend.sealedEpochs(), "Corrupt");
      await assertRefused(reader.backend.readPartial({ epoch: 5, vnode: 0 }), "Corrupt");
      const successor = await world.open("B");
      await assertRefused(successor.backend.takeover({ version: 2 }), "Corrupt");
    },
  },
  {
    id: "D03",
    title: "a damaged seal between good ones stops the prune: what only it named stays",
    rules: ["damaged-plain-text-stops-the-prune"],
    async run(world) {
      await leftByLaminarDb(world);
      const leader = await world.lead("A", 1);
      await leader.seal(3, { 0: "three", 1: "only copy" });
      await leader.seal(4, { 0: "four" }, [1]);
      await leader.seal(6, { 0: "six" }, [], [1]);
      await world.put("epoch=5/_COMMIT", "Service Unavailable");
      await assertRefused(leader.backend.pruneBefore(5), "Corrupt");
      assert.equal(await world.text("epoch=3/vnode=1/partial.bin"), "only copy");
    },
  },
  {
    id: "D04",
    title: "a tree of LaminarDB's epochs is taken over, gone on from and read",
    rules: ["plain-text-stands-below-every-seal"],
    async run(world) {
      for (const epoch of [5, 6, 7]) {
        await world.put(`epoch=${epoch}/vnode=0/partial.bin`, `of ${epoch}`);
        await world.put(`epoch=${epoch}/_COMMIT`, "laminar-0");
      }
      const leader = await world.open("A");
      const { base, nextEpoch } = await leader.backend.takeover({ version: 1 });
      assert.equal(await restored(base, 0), "of 7");
      await leader.seal(nextEpoch, { 0: "of 8" });
      const reader = await world.open("R", { readOnly: true });
      assert.deepEqual(await reader.backend.sealedEpochs(), [5, 6, 7, 8]);
      assert.equal((await leader.backend.pruneBefore(7)).floor, 7);
      assert.deepEqual(await reader.backend.sealedEpochs(), [7, 8]);
    },
  },
  {
    id: "D26",
    title: "damage below the floor is pruned like all that lies there, and hides no seal",
    rules: ["damage-below-the-floor-is-pruned"],
    async run(world) {
      const leader = await world.lead("A", 1);
      for (const epoch of [6, 7]) await leader.seal(epoch, { 0: `of ${epoch}` });
      await leader.backend.pruneBefore(7);
      await world.put("epoch=5/_COMMIT", "\0");
      assert.deepEqual(await leader.backend.sealedEpochs(), [7]);
      await assertRefused(leader.backend.sealed(5), "EpochPruned", "unknown");
      await assertRefused(leader.backend.readPartial({ epoch: 5, vnode: 0 }), "EpochPruned", "unknown");
      await leader.backend.pruneBefore(7);
      assert.deepEqual(await world.keys("epoch=5/"), []);
    },
  },
  {
    id: "D27",
    title: "plain text above a seal of ours is shown as unreadable, and LaminarDB's as sealed",
    rules: ["shown-plain-text-stands-below-every-seal"],
    async run(world) {
      for (const epoch of [3, 4]) await world.put(`epoch=${epoch}/_COMMIT`, "laminar-0");
      const leader = await world.lead("A", 1);
      await leader.seal(5, { 0: "five" });
      await world.put("epoch=6/_COMMIT", "Service Unavailable");
      assert.deepEqual(await states(leader), ["3 sealed", "4 sealed", "5 sealed", "6 unreadable"]);
    },
  },
  {
    id: "D29",
    title: "if the only seal turns into plain text, it is damage, not a seal of LaminarDB's",
    rules: ["plain-text-only-where-laminardb-was"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(4, { 0: "four", 1: "only copy" });
      await leader.seal(5, { 0: "five" }, [1]);
      await leader.backend.prune({ keep: 1 });
      await damage(world, "epoch=5/_COMMIT", "Service Unavailable");
      const successor = await world.open("B");
      await assertRefused(successor.backend.takeover({ version: 2 }), "Corrupt");
      await assertRefused(successor.backend.latest(), "Corrupt");
      await assertRefused(successor.backend.pruneBefore(5, { asOperator: true }), "Corrupt");
      assert.equal(await world.text("epoch=4/vnode=1/partial.bin"), "only copy");
    },
  },
];

import assert from "node:assert/strict";
import type { Sequence } from "../sequence.ts";
import { type Actor, assertRefused, type World } from "../world.ts";

/** A's seal of 5 is on its way while B makes 5 void, seals 6 and prunes both: then it lands, where nobody looks. */
async function stray(world: World): Promise<{ readonly zombie: Actor; readonly leader: Actor }> {
  const zombie = await world.lead("A", 1);
  const receipt = await zombie.write(5, 0, "five");
  const late = zombie.store.delay("create epoch=5/_COMMIT");
  await assertRefused(
    zombie.backend.epochComplete({ epoch: 5, parts: [receipt] }),
    "OutcomeUnknown",
    "unknown",
  );
  const leader = await world.lead("B", 2);
  await leader.seal(6, { 0: "six" });
  await leader.backend.pruneBefore(6);
  await late.land();
  assert.equal(await world.commit(5), "seal");
  return { zombie, leader };
}

/** A seal that lands below the floor was never sealed, for anyone. */
export const straySequences: readonly Sequence[] = [
  {
    id: "F01",
    verifyObjects: true,
    title: "a stray seal is no seal for abort, and below the floor nothing is made void",
    rules: ["nothing-is-made-void-below-the-floor"],
    async run(world) {
      const { leader } = await stray(world);
      await assertRefused(leader.backend.abort(5), "EpochPruned", "unknown");
      await assertRefused(leader.backend.abort(4), "EpochPruned", "unknown");
      assert.equal(await world.commit(4), "nothing");
    },
  },
  {
    id: "F02",
    verifyObjects: true,
    title: "a stray seal that abort finds is no seal, if a prune passed meanwhile",
    rules: ["abort-looks-at-the-floor"],
    async run(world) {
      const zombie = await world.lead("A", 1);
      const receipt = await zombie.write(5, 0, "five");
      const late = zombie.store.delay("create epoch=5/_COMMIT");
      await assertRefused(
        zombie.backend.epochComplete({ epoch: 5, parts: [receipt] }),
        "OutcomeUnknown",
        "unknown",
      );
      const operator = await world.open("operator");
      const create = operator.store.hold("create epoch=5/_COMMIT");
      const abort = operator.backend.abort(5);
      await create.arrived;
      const leader = await world.lead("B", 2);
      await leader.seal(6, { 0: "six" });
      await leader.backend.pruneBefore(6);
      await late.land();
      create.release();
      await assertRefused(abort, "EpochPruned", "unknown");
    },
  },
  {
    id: "F03",
    verifyObjects: true,
    title: "a stray seal is no seal for epochComplete, neither another's nor one with other contents",
    rules: ["floor-before-a-seal-is-answered-about"],
    async run(world) {
      const { zombie, leader } = await stray(world);
      const other = await zombie.write(5, 0, "other", 1);
      const { backend } = zombie;
      await assertRefused(backend.epochComplete({ epoch: 5, parts: [other] }), "EpochPruned", "unknown");
      const receipt = await leader.write(5, 1, "five", 2);
      await assertRefused(
        leader.backend.epochComplete({ epoch: 5, parts: [receipt] }),
        "EpochPruned",
        "unknown",
      );
    },
  },
  {
    id: "F04",
    verifyObjects: true,
    title: "a stray seal is no seal for the leader that sent it",
    rules: ["floor-after-seal"],
    async run(world) {
      const { zombie } = await stray(world);
      await assertRefused(zombie.backend.epochComplete({ epoch: 5, parts: [0] }), "EpochPruned", "unknown");
    },
  },
  {
    id: "F05",
    verifyObjects: true,
    title: "a stray seal is not read from",
    rules: ["sealed-read-looks-at-the-floor"],
    async run(world) {
      await stray(world);
      const reader = await world.open("R", { readOnly: true });
      await assertRefused(reader.backend.readPartial({ epoch: 5, vnode: 0 }), "EpochPruned", "unknown");
    },
  },
  {
    id: "F06",
    title: "a void epoch has no bytes, whatever was written in it",
    rules: ["void-has-no-bytes"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.write(5, 0, "five");
      await leader.backend.abort(5);
      const reader = await world.open("R", { readOnly: true });
      for (const { backend } of [leader, reader])
        assert.equal(await backend.readPartial({ epoch: 5, vnode: 0 }), undefined);
    },
  },
];

import assert from "node:assert/strict";
import type { Sequence } from "../sequence.ts";
import { assertComplete, assertRefused, bytesOf, restored } from "../world.ts";

/** What a caller forgets would vanish silently: a seal names only what it is given. */
export const omissionSequences: readonly Sequence[] = [
  {
    id: "O01",
    title: "a vnode that the newest seal names is given, unchanged, or dropped by name",
    rules: ["sealed-vnode-is-given-unchanged-or-dropped"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(5, { 0: "zero", 1: "one", 2: "two" });
      const parts = [await leader.write(6, 0, "six")];
      const before = leader.store.requests.length;
      const ask = { epoch: 6, parts, unchanged: [1] };
      await assertRefused(leader.backend.epochComplete(ask), "VnodeOmitted", "unknown");
      assert.equal(leader.store.requests.length, before, "something was sent");
      assertComplete(await leader.backend.epochComplete({ ...ask, dropped: [2] }));
      const latest = await leader.backend.latest();
      assert.deepEqual(latest?.vnodes, [0, 1]);
      assert.equal(await restored(latest, 1), "one");
    },
  },
  {
    id: "O02",
    title: "a vnode of an epoch that turns out to be sealed is not omitted either",
    rules: ["settled-vnode-is-not-omitted"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(5, { 0: "zero" });
      const six = [await leader.write(6, 0, "six"), await leader.write(6, 1, "six")];
      const late = leader.store.delay("create epoch=6/_COMMIT");
      await assertRefused(
        leader.backend.epochComplete({ epoch: 6, parts: six }),
        "OutcomeUnknown",
        "unknown",
      );
      await late.land();
      const seven = await leader.write(7, 0, "seven");
      await assertRefused(leader.backend.epochComplete({ epoch: 7, parts: [seven] }), "VnodeOmitted", "no");
      assert.equal(await world.commit(7), "nothing");
    },
  },
  {
    id: "O03",
    title: "an attachment that was written for the epoch is passed",
    rules: ["written-attachment-is-passed"],
    async run(world) {
      const leader = await world.lead("A", 1);
      const bytes = bytesOf("42");
      const offsets = await leader.backend.writeAttachment({
        epoch: 5,
        name: "offsets",
        assignmentVersion: 1,
        bytes,
      });
      const parts = [await leader.write(5, 0, "five")];
      const ask = { epoch: 5, parts };
      await assertRefused(leader.backend.epochComplete(ask), "AttachmentOmitted", "unknown");
      assertComplete(await leader.backend.epochComplete({ ...ask, attachments: [offsets] }));
    },
  },
  {
    id: "O04",
    title: "an epoch of attachments alone is an epoch",
    rules: ["empty-epoch-is-an-error"],
    async run(world) {
      const leader = await world.lead("A", 1);
      const bytes = bytesOf("42");
      const offsets = await leader.backend.writeAttachment({
        epoch: 5,
        name: "offsets",
        assignmentVersion: 1,
        bytes,
      });
      assertComplete(await leader.backend.epochComplete({ epoch: 5, parts: [], attachments: [offsets] }));
      const latest = await leader.backend.latest();
      assert.deepEqual(await latest?.readAttachment("offsets"), bytes);
    },
  },
];

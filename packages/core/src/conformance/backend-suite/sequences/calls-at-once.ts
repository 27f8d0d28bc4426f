import assert from "node:assert/strict";
import type { Sequence } from "../sequence.ts";
import { assertComplete, assertRefused, restored } from "../world.ts";

/** Several calls of one backend at once, and calls whose meaning depends on the ones before. */
export const callsAtOnceSequences: readonly Sequence[] = [
  {
    id: "C02",
    title: "what another call learns of an epoch meanwhile does not turn `unknown` into `no`",
    rules: ["no-is-never-said-of-an-unresolved-epoch"],
    async run(world) {
      const leader = await world.lead("A", 1);
      const receipt = await leader.write(5, 0, "five");
      const late = leader.store.delay("create epoch=5/_COMMIT");
      const ask = (): Promise<unknown> => leader.backend.epochComplete({ epoch: 5, parts: [receipt] });
      await assertRefused(ask(), "OutcomeUnknown", "unknown");
      const listed = leader.store.holdResponse("list epoch=5/");
      const again = ask();
      await listed.arrived;
      await late.land();
      await leader.backend.takeover({ version: 2 });
      listed.release();
      await assertRefused(again, "StaleVersion", "yes");
    },
  },
  {
    id: "C02b",
    title:
      "what other calls learn meanwhile does not turn `unknown` into `no`, also if a later epoch is the newest",
    rules: ["unresolved-is-noted-before-the-listing"],
    async run(world) {
      const leader = await world.open("A");
      const receipt = await leader.write(5, 0, "five");
      const late = leader.store.delay("create epoch=5/_COMMIT");
      const ask = (): Promise<unknown> => leader.backend.epochComplete({ epoch: 5, parts: [receipt] });
      await assertRefused(ask(), "OutcomeUnknown", "unknown");
      const other = await world.open("B");
      await other.seal(6, { 0: "six" });
      const listed = leader.store.holdResponse("list epoch=5/");
      const again = ask();
      await listed.arrived;
      await late.land();
      await assertRefused(leader.backend.abort(5), "EpochSealed", "yes");
      await leader.backend.takeover({ version: 1 });
      listed.release();
      await assertRefused(again, "EpochSuperseded", "unknown");
    },
  },
  {
    id: "C03",
    verifyObjects: true,
    title: "a version that is claimed while a call waits for its turn does not speak for the call",
    rules: ["claimed-version-is-that-of-the-call"],
    async run(world) {
      const zombie = await world.lead("A", 1);
      await zombie.seal(5, { 0: "five" });
      const six = await zombie.write(6, 0, "six");
      const slow = zombie.store.hold("list epoch=6/");
      const first = assertRefused(zombie.backend.epochComplete({ epoch: 6, parts: [six] }), "EpochAborted");
      const queued = zombie.backend.epochComplete({ epoch: 9, parts: [], unchanged: [0] });
      const refused = assertRefused(queued, "StaleVersion", "unknown");
      await slow.arrived;
      const other = await world.lead("B", 2);
      await other.seal(8, { 0: "of another leader" });
      await zombie.backend.takeover({ version: 3 });
      slow.release();
      await first;
      await refused;
      assert.equal(await world.commit(9), "nothing");
    },
  },
  {
    id: "C03b",
    title: "a version that is claimed while a call without one is under way does not speak for the call",
    rules: ["fence-after-seal"],
    async run(world) {
      const leader = await world.open("A");
      const five = await leader.write(5, 0, "five");
      const created = leader.store.holdResponse("create epoch=5/_COMMIT");
      const refused = assertRefused(
        leader.backend.epochComplete({ epoch: 5, parts: [five] }),
        "StaleVersion",
        "yes",
      );
      await created.arrived;
      const { base } = await leader.backend.takeover({ version: 1 });
      created.release();
      await refused;
      assert.equal(base?.epoch, 5);
    },
  },
  {
    id: "C03c",
    title: "a version that is claimed while a prune looks does not speak for the prune",
    rules: ["prune-goes-by-the-version-of-its-call", "fence-before-prune"],
    async run(world) {
      const zombie = await world.lead("A", 1);
      await zombie.seal(5, { 0: "five" });
      const look = zombie.store.hold("list ");
      const refused = assertRefused(zombie.backend.pruneBefore(100), "StaleVersion");
      await look.arrived;
      await world.lead("B", 2);
      const { nextEpoch } = await zombie.backend.takeover({ version: 3 });
      const receipt = await zombie.write(nextEpoch, 0, "next");
      look.release();
      await refused;
      assertComplete(await zombie.backend.epochComplete({ epoch: nextEpoch, parts: [receipt] }));
    },
  },
  {
    id: "C04",
    title: "unchanged refers to the epoch before, also if that one is aborted",
    rules: ["unchanged-refers-to-one-base"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(5, { 0: "five", 1: "five" });
      const six = await leader.write(6, 0, "six");
      const seven = await leader.write(7, 1, "seven");
      const operator = await world.open("operator");
      await operator.backend.abort(6);
      const { backend } = leader;
      const first = assertRefused(
        backend.epochComplete({ epoch: 6, parts: [six], unchanged: [1] }),
        "EpochAborted",
        "no",
      );
      const second = backend.epochComplete({ epoch: 7, parts: [seven], unchanged: [0] });
      await Promise.all([first, assertRefused(second, "BaseChanged", "no")]);
      assert.equal(await restored(await backend.latest(), 0), "five");
    },
  },
  {
    id: "C04b",
    title: "unchanged refers to the epoch before, also if that one is not complete",
    rules: ["unchanged-refers-to-one-base"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(5, { 0: "five", 1: "five" });
      const seven = await leader.write(7, 1, "seven");
      const { backend } = leader;
      const first = backend.epochComplete({ epoch: 6, parts: [0], unchanged: [1] });
      const second = backend.epochComplete({ epoch: 7, parts: [seven], unchanged: [0] });
      await assertRefused(second, "BaseChanged", "no");
      assert.deepEqual(await first, { complete: false, missing: [0] });
    },
  },
  {
    id: "C04c",
    title: "unchanged refers to the epoch before, also if that one is made void as its outcome is unknown",
    rules: ["unchanged-refers-to-one-base", "earlier-epochs-are-settled-first"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(5, { 0: "five", 1: "five" });
      const six = await leader.write(6, 0, "six");
      leader.store.lose("create epoch=6/_COMMIT");
      await assertRefused(
        leader.backend.epochComplete({ epoch: 6, parts: [six], unchanged: [1] }),
        "OutcomeUnknown",
        "unknown",
      );
      const seven = await leader.write(7, 1, "seven");
      await assertRefused(
        leader.backend.epochComplete({ epoch: 7, parts: [seven], unchanged: [0] }),
        "BaseChanged",
        "no",
      );
      assert.equal(await world.commit(6), "void");
      // Whoever knows which epoch it is a change of says so.
      const eight = await leader.write(8, 1, "eight");
      assertComplete(
        await leader.backend.epochComplete({ epoch: 8, parts: [eight], unchanged: [0], base: 5 }),
      );
    },
  },
  {
    id: "C04d",
    title: "epochs whose bases are as they were asked for complete in a pipeline",
    rules: ["unchanged-refers-to-one-base"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(5, { 0: "five", 1: "five" });
      const six = await leader.write(6, 0, "six");
      const seven = await leader.write(7, 1, "seven");
      const [first, second] = await Promise.all([
        leader.backend.epochComplete({ epoch: 6, parts: [six], unchanged: [1] }),
        leader.backend.epochComplete({ epoch: 7, parts: [seven], unchanged: [0] }),
      ]);
      assertComplete(first);
      assertComplete(second);
      assert.equal(await restored(await leader.backend.latest(), 0), "six");
    },
  },
  {
    id: "C04e",
    title:
      "an epoch that was sealed as a change of one base is no success when it is asked for as one of another",
    rules: ["sealed-epoch-is-of-the-same-base"],
    async run(world) {
      const leader = await world.lead("A", 1);
      const { backend } = leader;
      await leader.seal(4, { 0: "four", 1: "four" });
      const six = await leader.write(6, 0, "six");
      const late = leader.store.delay("create epoch=6/_COMMIT");
      const ask = (): Promise<unknown> => backend.epochComplete({ epoch: 6, parts: [six], unchanged: [1] });
      await assertRefused(ask(), "OutcomeUnknown");
      await late.land();
      const five = [await leader.write(5, 0, "five"), await leader.write(5, 1, "five")];
      const lower = assertRefused(backend.epochComplete({ epoch: 5, parts: five }), "EpochSuperseded");
      const again = assertRefused(ask(), "SealMismatch", "yes");
      await lower;
      await again;
      assertComplete(await backend.epochComplete({ epoch: 6, parts: [six], unchanged: [1], base: 4 }));
    },
  },
  {
    id: "C04f",
    verifyObjects: true,
    title: "what a takeover did not know of when it returned is not what the calls after it change",
    rules: ["base-is-what-takeover-returned"],
    async run(world) {
      const leader = await world.lead("A", 1);
      const { backend } = leader;
      await leader.seal(4, { 0: "four", 1: "four" });
      const listed = leader.store.holdResponse("list ");
      const again = backend.takeover({ version: 1 });
      await listed.arrived;
      const parts = [await leader.write(5, 0, "five"), await leader.write(5, 1, "five")];
      const create = leader.store.hold("create epoch=5/_COMMIT");
      const five = backend.epochComplete({ epoch: 5, parts });
      await create.arrived;
      listed.release();
      const { base } = await again;
      assert.equal(base?.epoch, 4);
      const six = await leader.write(6, 0, "six");
      const ask = (): Promise<unknown> => backend.epochComplete({ epoch: 6, parts: [six], unchanged: [1] });
      const early = assertRefused(ask(), "BaseChanged");
      create.release();
      assertComplete(await five);
      await early;
      await assertRefused(ask(), "BaseChanged");
      assertComplete(await backend.epochComplete({ epoch: 6, parts: [six], unchanged: [1], base: 5 }));
    },
  },
];

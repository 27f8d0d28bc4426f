import assert from "node:assert/strict";
import type { Sequence } from "../sequence.ts";
import { assertComplete, assertRefused, restored } from "../world.ts";

/** Several processes that believe, or believed, that they lead. */
export const leaderSequences: readonly Sequence[] = [
  {
    id: "S05",
    verifyObjects: true,
    title: "a successor proceeds past what its dead predecessor sealed",
    rules: ["next-epoch-is-above-all-seen"],
    async run(world) {
      const dead = await world.lead("A", 1);
      await dead.seal(5, { 0: "five" });
      const successor = await world.open("B");
      const { base, nextEpoch } = await successor.backend.takeover({ version: 2 });
      assert.equal(await restored(base, 0), "five");
      assert.equal(nextEpoch, 6);
      await successor.seal(nextEpoch, { 0: "six" });
      assert.equal(await successor.backend.latestCommittedEpoch(), 6);
    },
  },
  {
    id: "S13",
    title: "a deposed leader neither seals nor prunes",
    rules: ["fence-before-seal", "fence-after-seal", "fence-before-prune"],
    async run(world) {
      const deposed = await world.lead("A", 1);
      await deposed.seal(4, { 0: "four" });
      await deposed.seal(5, { 0: "five" });
      const successor = await world.lead("B", 2);
      const receipt = await deposed.write(7, 0, "seven", 1);
      const before = await world.keys();
      await assertRefused(
        deposed.backend.epochComplete({ epoch: 7, parts: [receipt] }),
        "StaleVersion",
        "no",
      );
      await assertRefused(deposed.backend.epochComplete({ epoch: 5, parts: [0] }), "StaleVersion", "yes");
      await assertRefused(deposed.backend.pruneBefore(5), "StaleVersion");
      assert.deepEqual(await world.keys(), before);
      await successor.seal(8, { 0: "eight" });
    },
  },
  {
    id: "S20a",
    title: "a seal that landed, and whose response is lost, completes the epoch",
    rules: ["lost-create-is-read-back", "existing-commit-is-compared"],
    async run(world) {
      const leader = await world.open("A");
      const receipt = await leader.write(5, 0, "five");
      leader.store.loseResponse("create epoch=5/_COMMIT");
      assertComplete(await leader.backend.epochComplete({ epoch: 5, parts: [receipt] }));
    },
  },
  {
    id: "S20b",
    title: "a seal that lands after its caller was told `unknown` completes the epoch when asked again",
    rules: ["absent-on-reading-back-is-not-final"],
    async run(world) {
      const leader = await world.open("A");
      const receipt = await leader.write(5, 0, "five");
      const late = leader.store.delay("create epoch=5/_COMMIT");
      await assertRefused(
        leader.backend.epochComplete({ epoch: 5, parts: [receipt] }),
        "OutcomeUnknown",
        "unknown",
      );
      await late.land();
      assertComplete(await leader.backend.epochComplete({ epoch: 5, parts: [receipt] }));
    },
  },
  {
    id: "S20c",
    title: "a seal that never lands is created when asked again",
    rules: ["unresolved-epoch-may-be-asked-again"],
    async run(world) {
      const leader = await world.open("A");
      const receipt = await leader.write(5, 0, "five");
      leader.store.lose("create epoch=5/_COMMIT");
      await assertRefused(
        leader.backend.epochComplete({ epoch: 5, parts: [receipt] }),
        "OutcomeUnknown",
        "unknown",
      );
      assert.equal(await world.commit(5), "nothing");
      assertComplete(await leader.backend.epochComplete({ epoch: 5, parts: [receipt] }));
    },
  },
  {
    id: "S20d",
    title: "abort makes an unknown outcome a `no`, and the late seal has no effect",
    rules: ["void-stays", "void-is-never-complete"],
    async run(world) {
      const leader = await world.open("A");
      const receipt = await leader.write(5, 0, "five");
      const late = leader.store.delay("create epoch=5/_COMMIT");
      await assertRefused(
        leader.backend.epochComplete({ epoch: 5, parts: [receipt] }),
        "OutcomeUnknown",
        "unknown",
      );
      await leader.backend.abort(5);
      assert.equal(await late.land(), "exists");
      await assertRefused(leader.backend.epochComplete({ epoch: 5, parts: [receipt] }), "EpochAborted", "no");
      assert.equal(await leader.backend.latest(), undefined);
    },
  },
  {
    id: "S22",
    verifyObjects: true,
    title:
      "the seal of a leader that was deposed between its checks and its create does not bury its successor's",
    rules: ["takeover-voids", "next-epoch-is-above-all-seen"],
    async run(world) {
      const deposed = await world.lead("A", 1);
      await deposed.seal(4, { 0: "four" });
      const receipt = await deposed.write(7, 0, "seven");
      const create = deposed.store.hold("create epoch=7/_COMMIT");
      const complete = deposed.backend.epochComplete({ epoch: 7, parts: [receipt] });
      await create.arrived;
      const successor = await world.open("B");
      const { base, nextEpoch } = await successor.backend.takeover({ version: 2 });
      assert.deepEqual([base?.epoch, nextEpoch], [4, 8]);
      await successor.seal(8, { 0: "eight" });
      await successor.seal(9, { 0: "nine" });
      create.release();
      await assertRefused(complete, "EpochAborted", "no");
      assert.equal(await restored(await successor.backend.latest(), 0), "nine");
      assert.deepEqual(await successor.backend.sealedEpochs(), [4, 8, 9]);
    },
  },
  {
    id: "S23",
    title: "what one leader rolled back, the next one does not commit",
    rules: ["takeover-voids"],
    async run(world) {
      const deposed = await world.lead("A", 1);
      await deposed.seal(4, { 0: "four" });
      const receipt = await deposed.write(5, 0, "five");
      const late = deposed.store.delay("create epoch=5/_COMMIT");
      await assertRefused(
        deposed.backend.epochComplete({ epoch: 5, parts: [receipt] }),
        "OutcomeUnknown",
        "unknown",
      );
      const second = await world.open("B");
      assert.equal((await second.backend.takeover({ version: 2 })).base?.epoch, 4);
      await late.land();
      const third = await world.open("C");
      assert.equal((await third.backend.takeover({ version: 3 })).base?.epoch, 4);
      assert.deepEqual(await third.backend.sealedEpochs(), [4]);
    },
  },
  {
    id: "S24",
    title: "the outcome of an earlier epoch is found out before a later one is sealed",
    rules: ["earlier-epochs-are-settled-first", "unsettled-epoch-stops-the-seal"],
    async run(world) {
      const leader = await world.open("A");
      const five = await leader.write(5, 0, "five");
      const late = leader.store.delay("create epoch=5/_COMMIT");
      await assertRefused(
        leader.backend.epochComplete({ epoch: 5, parts: [five] }),
        "OutcomeUnknown",
        "unknown",
      );

      const six = await leader.write(6, 0, "six");
      leader.store.lose("create epoch=5/_COMMIT");
      await assertRefused(leader.backend.epochComplete({ epoch: 6, parts: [six] }), "OutcomeUnknown", "no");
      assert.equal(await world.commit(6), "nothing");

      assertComplete(await leader.backend.epochComplete({ epoch: 6, parts: [six] }));
      assert.equal(await late.land(), "exists");
      await assertRefused(leader.backend.epochComplete({ epoch: 5, parts: [five] }), "EpochAborted", "no");
      assert.deepEqual(await leader.backend.sealedEpochs(), [6]);
    },
  },
  {
    id: "S24b",
    title: "an epoch below one that is, or may be, sealed is refused",
    rules: ["lower-epoch-is-superseded"],
    async run(world) {
      const leader = await world.open("A");
      const four = await leader.write(4, 0, "four");
      const five = await leader.write(5, 0, "five");
      leader.store.lose("create epoch=5/_COMMIT");
      await assertRefused(
        leader.backend.epochComplete({ epoch: 5, parts: [five] }),
        "OutcomeUnknown",
        "unknown",
      );
      await assertRefused(leader.backend.epochComplete({ epoch: 4, parts: [four] }), "EpochSuperseded", "no");
      assertComplete(await leader.backend.epochComplete({ epoch: 5, parts: [five] }));
      await assertRefused(leader.backend.epochComplete({ epoch: 4, parts: [four] }), "EpochSuperseded", "no");
      assert.deepEqual(await leader.backend.sealedEpochs(), [5]);
    },
  },
  {
    id: "S25",
    title: "of two incarnations of one id that claim the same version, one leads",
    rules: ["one-incarnation-a-version"],
    async run(world) {
      const one = await world.open("node-0");
      const other = await world.open("node-0");
      await one.backend.takeover({ version: 1 });
      await assertRefused(other.backend.takeover({ version: 1 }), "StaleVersion");
      await one.backend.takeover({ version: 1 });
      const receipt = await other.write(5, 0, "other", 1);
      await assertRefused(other.backend.epochComplete({ epoch: 5, parts: [receipt] }), "StaleVersion", "no");
      await one.seal(6, { 0: "one" });
    },
  },
  {
    id: "S25b",
    title: "the fence is held from the moment takeover returns, not before",
    rules: ["fence-is-held-once-takeover-returns"],
    async run(world) {
      const leader = await world.open("A");
      const last = leader.store.hold("list _control/", { after: 1 });
      const takeover = leader.backend.takeover({ version: 1 });
      await last.arrived;
      const receipt = await leader.write(5, 0, "five", 1);
      await assertRefused(leader.backend.epochComplete({ epoch: 5, parts: [receipt] }), "StaleVersion", "no");
      last.release();
      await takeover;
      assertComplete(await leader.backend.epochComplete({ epoch: 5, parts: [receipt] }));
    },
  },
  {
    id: "S25c",
    title:
      "if a leader is deposed between its create and the response, then it is not told that it may release",
    rules: ["control-after-the-seal-was-created", "fence-after-seal"],
    async run(world) {
      const deposed = await world.lead("A", 1);
      const receipt = await deposed.write(5, 0, "five");
      const create = deposed.store.holdResponse("create epoch=5/_COMMIT");
      const complete = deposed.backend.epochComplete({ epoch: 5, parts: [receipt] });
      await create.arrived;
      const successor = await world.open("B");
      assert.equal((await successor.backend.takeover({ version: 2 })).base?.epoch, 5);
      create.release();
      await assertRefused(complete, "StaleVersion", "yes");
    },
  },
];

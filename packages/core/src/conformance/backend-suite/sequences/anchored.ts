import assert from "node:assert/strict";
import type { Sequence } from "../sequence.ts";
import { assertComplete, assertRefused, restored } from "../world.ts";

/** An epoch whose anchor was there before the last look is sealed without another one. */
export const anchoredSequences: readonly Sequence[] = [
  {
    id: "E01",
    title: "a takeover voids the epoch that its predecessor has anchored, so the predecessor cannot seal it",
    rules: ["takeover-voids", "void-is-never-complete"],
    async run(world) {
      const old = await world.lead("A", 1);
      await old.seal(5, { 0: "five" });
      const part = await old.write(6, 0, "six");
      const { base, nextEpoch } = await (await world.open("B")).backend.takeover({ version: 2 });
      assert.equal(await restored(base, 0), "five");
      assert.equal(nextEpoch, 7);
      await assertRefused(old.backend.epochComplete({ epoch: 6, parts: [part] }), "EpochAborted", "no");
      assert.equal(await world.commit(6), "void");
    },
  },
  {
    id: "E02",
    title: "an epoch whose anchor is not known to be there is looked at before it is sealed",
    rules: ["anchor-ahead-is-known-to-be-there"],
    async run(world) {
      const old = await world.lead("A", 1);
      old.store.delay("create epoch=6/_ANCHOR");
      await old.seal(5, { 0: "five" });
      await world.lead("B", 2);
      const part = await old.write(6, 0, "six");
      await assertRefused(old.backend.epochComplete({ epoch: 6, parts: [part] }), "StaleVersion", "no");
      assert.equal(await world.commit(6), "nothing");
    },
  },
  {
    id: "E03",
    title: "an epoch that a deposed leader anchored is looked at before it is sealed",
    rules: ["epoch-is-anchored-once-control-shows-that-we-lead"],
    async run(world) {
      const old = await world.lead("A", 1);
      const five = await old.write(5, 0, "five");
      const anchor = old.store.hold("create epoch=6/_ANCHOR");
      const sealing = old.backend.epochComplete({ epoch: 5, parts: [five] });
      await anchor.arrived;
      // Its seal has landed: B goes on from it, and does not see the epoch that is anchored next.
      const { nextEpoch } = await (await world.open("B")).backend.takeover({ version: 2 });
      assert.equal(nextEpoch, 6);
      anchor.release();
      await assertRefused(sealing, "StaleVersion", "yes");
      const six = await old.write(6, 0, "six");
      await assertRefused(old.backend.epochComplete({ epoch: 6, parts: [six] }), "StaleVersion", "no");
      assert.equal(await world.commit(6), "nothing");
    },
  },
  {
    id: "E04",
    title: "the first epoch of a leader whose anchor for it is not known to be there is looked at",
    rules: ["anchor-of-a-takeover-is-known-to-be-there"],
    async run(world) {
      const old = await world.open("A");
      old.store.delay("create epoch=0/_ANCHOR");
      await old.backend.takeover({ version: 1 });
      await world.lead("B", 2);
      const part = await old.write(0, 0, "zero");
      await assertRefused(old.backend.epochComplete({ epoch: 0, parts: [part] }), "StaleVersion", "no");
      assert.equal(await world.commit(0), "nothing");
    },
  },
  {
    id: "E05",
    title: "an anchored epoch with vnodes that another backend wrote is listed, and they need their receipts",
    rules: ["number-of-an-anchored-epoch-was-written-here"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(5, { 0: "five" });
      const worker = await world.open("W");
      const parts = [await leader.write(6, 0, "six"), 1];
      assert.deepEqual(await leader.backend.epochComplete({ epoch: 6, parts }), {
        complete: false,
        missing: [1],
      });
      await worker.write(6, 1, "six", 1);
      await assertRefused(leader.backend.epochComplete({ epoch: 6, parts }), "ReceiptRequired", "no");
      assert.equal(await world.commit(6), "nothing");
    },
  },
  {
    id: "E06",
    title: "the leader's own prune leaves the epoch that is anchored",
    rules: ["prune-leaves-the-anchored-epoch"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(5, { 0: "five" });
      await leader.write(9, 0, "nobody seals this");
      await leader.backend.pruneBefore(100);
      assert.deepEqual(
        [await world.commit(6), await world.commit(9), await world.keys("epoch=6/")],
        ["nothing", "void", ["epoch=6/_ANCHOR"]],
      );
      await leader.seal(6, { 0: "six" });
    },
  },
  {
    id: "E07",
    title: "with verifyObjects an object that was deleted by hand is missed before the seal names it",
    rules: ["objects-are-verified-if-asked"],
    async run(world) {
      const leader = await world.lead("A", 1, { verifyObjects: true });
      await leader.seal(5, { 0: "five" });
      const part = await leader.write(6, 0, "six");
      await world.store.delete([part.key ?? ""]);
      await assertRefused(leader.backend.epochComplete({ epoch: 6, parts: [part] }), "PartialLost", "no");
      assert.deepEqual(await world.keys("epoch=6/"), []);
    },
  },
  {
    id: "E08",
    title: "an anchor that fails fails no seal, and the next epoch is looked at",
    rules: ["anchor-ahead-is-known-to-be-there"],
    async run(world) {
      const leader = await world.lead("A", 1);
      leader.store.refuse("create epoch=6/_ANCHOR", "Denied");
      await leader.seal(5, { 0: "five" });
      await leader.seal(6, { 0: "six" });
      await leader.seal(7, { 0: "seven" });
      const looks = leader.store.requests.filter((request) => request.startsWith("list epoch="));
      assert.deepEqual(looks, ["list epoch=5/", "list epoch=6/"]);
    },
  },
  {
    id: "E09",
    title: "until someone takes over, epochs are anchored as well, and the first takeover voids them",
    rules: ["takeover-voids"],
    async run(world) {
      const first = await world.open("A");
      await first.seal(5, { 0: "five" });
      await world.lead("B", 1);
      const part = await first.write(6, 0, "six", 1);
      await assertRefused(first.backend.epochComplete({ epoch: 6, parts: [part] }), "EpochAborted", "no");
    },
  },
  {
    id: "E10",
    title: "the seal of an anchored epoch that lands below the floor is no seal",
    rules: ["floor-after-seal"],
    async run(world) {
      const slow = await world.open("A");
      await slow.seal(5, { 0: "five" });
      const part = await slow.write(6, 0, "six");
      const other = await world.open("B");
      await other.seal(9, { 0: "nine" });
      await other.backend.pruneBefore(9);
      await assertRefused(slow.backend.epochComplete({ epoch: 6, parts: [part] }), "EpochPruned", "unknown");
      assert.equal(await other.backend.latestCommittedEpoch(), 9);
    },
  },
  {
    id: "E10b",
    title: "an anchored epoch is not sealed below one of an earlier life that turned out to be sealed",
    rules: ["anchored-epoch-is-above-the-newest", "lower-epoch-is-superseded"],
    async run(world) {
      const again = await world.open("A");
      await again.seal(5, { 0: "five" });
      const earlier = await world.open("A");
      await earlier.seal(9, { 0: "nine" });
      await assertRefused(again.backend.abort(9), "EpochSealed", "yes");
      const part = await again.write(6, 0, "six");
      const completion = again.backend.epochComplete({ epoch: 6, parts: [part] });
      await assertRefused(completion, "EpochSuperseded", "no");
      assert.equal(await world.commit(6), "nothing");
    },
  },
  {
    id: "E10c",
    title:
      "an anchor that brings no response is asked for once: the seal beside it does not wait for its retries",
    rules: ["anchor-ahead-is-known-to-be-there"],
    async run(world) {
      const leader = await world.lead("A", 1, { retry: { attempts: 4, baseDelayMs: 0 } });
      leader.store.lose("create epoch=6/_ANCHOR");
      await leader.seal(5, { 0: "five" });
      const anchors = leader.store.requests.filter((request) => request === "create epoch=6/_ANCHOR");
      assert.equal(anchors.length, 1);
    },
  },
  {
    id: "E11",
    title: "an epoch whose vnodes are all unchanged is shown by its anchor",
    rules: ["anchor-ahead-is-known-to-be-there"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(5, { 0: "five" });
      assertComplete(await leader.backend.epochComplete({ epoch: 6, parts: [], unchanged: [0] }));
      assert.deepEqual(await world.keys("epoch=6/"), ["epoch=6/_ANCHOR", "epoch=6/_COMMIT"]);
      const { base } = await (await world.open("B")).backend.takeover({ version: 2 });
      assert.equal(base?.epoch, 6);
    },
  },
];

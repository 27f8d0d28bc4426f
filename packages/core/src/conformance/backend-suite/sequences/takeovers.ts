import assert from "node:assert/strict";
import { ObjectStoreBackend } from "../../../backend.ts";
import { ScriptedStore } from "../scripted-store.ts";
import type { Sequence } from "../sequence.ts";
import { assertComplete, assertRefused, bytesOf, restored, vnodeCapacity } from "../world.ts";

/** A seal of one vnode, as an instance that never took over makes it. */
function strayCommit(epoch: number, committer: string): string {
  const partials = [{ vnode: 0, key: `epoch=${epoch}/vnode=0/partial.bin`, size: 3 }];
  const seal = { format: 1, epoch, committer, incarnation: "stray", assignmentVersion: 0, partials };
  return JSON.stringify({ ...seal, attachments: [] });
}

/** What a leader may rely on once it leads, and what it may not before. */
export const takeoverSequences: readonly Sequence[] = [
  {
    id: "T01",
    title: "a takeover that is overtaken by a higher version is refused",
    rules: ["higher-fence-ends-takeover-after-voids"],
    async run(world) {
      const slow = await world.open("A");
      const last = slow.store.hold("list _control/", { after: 1 });
      const takeover = slow.backend.takeover({ version: 1 });
      await last.arrived;
      await world.lead("B", 2);
      last.release();
      await assertRefused(takeover, "StaleVersion");
    },
  },
  {
    id: "T02",
    title: "a takeover whose base is pruned under it starts over, and returns the newer base",
    rules: ["base-is-at-or-above-the-floor"],
    async run(world) {
      const leader = await world.open("A");
      await leader.seal(4, { 0: "four" });
      const successor = await world.open("B");
      const found = successor.store.holdResponse("get epoch=4/_COMMIT");
      const takeover = successor.backend.takeover({ version: 1 });
      await found.arrived;
      // Another process, whose requests were under way when the fence was created, seals and prunes.
      await world.put("epoch=6/vnode=0/partial.bin", "six");
      await world.put("epoch=6/_COMMIT", strayCommit(6, "A"));
      const operator = await world.open("operator");
      await operator.backend.pruneBefore(6, { asOperator: true });
      found.release();
      const { base, nextEpoch } = await takeover;
      assert.equal(await restored(base, 0), "six");
      assert.equal(nextEpoch, 7);
    },
  },
  {
    id: "T03",
    title: "a version below the highest is refused before anything becomes void",
    rules: ["higher-fence-ends-takeover-before-voids"],
    async run(world) {
      await world.lead("A", 2);
      const late = await world.open("B");
      await late.write(5, 0, "five", 2);
      await assertRefused(late.backend.takeover({ version: 1 }), "StaleVersion");
      assert.equal(await world.commit(5), "nothing");
    },
  },
  {
    id: "T04",
    title: "the highest epoch number leaves the lowest free one above the base",
    rules: ["next-epoch-is-above-all-seen", "lowest-free-epoch-if-there-is-none-above"],
    async run(world) {
      const leader = await world.open("A");
      await leader.seal(4, { 0: "four" });
      await leader.write(5, 0, "five");
      await leader.write(Number.MAX_SAFE_INTEGER, 0, "last");
      const { nextEpoch } = await leader.backend.takeover({ version: 1 });
      assert.equal(nextEpoch, 6);
    },
  },
  {
    id: "T05",
    title: "a fence whose response was lost is ours when it is read back",
    rules: ["lost-create-is-read-back"],
    async run(world) {
      const leader = await world.open("A");
      leader.store.loseResponse("create _control/fence=0000000000000001");
      await leader.backend.takeover({ version: 1 });
      await leader.seal(0, { 0: "zero" });
    },
  },
  {
    id: "T06",
    title: "a floor above every seal is Corrupt, never an empty history",
    rules: ["same-floor-twice-is-corrupt"],
    async run(world) {
      const leader = await world.open("A");
      await leader.seal(4, { 0: "four" });
      await world.put("_control/floor=0000000000000009", "");
      await assertRefused(leader.backend.latest(), "Corrupt");
      await assertRefused(leader.backend.latestCommittedEpoch(), "Corrupt");
      await assertRefused(leader.backend.sealedEpochs(), "Corrupt");
      await assertRefused(leader.backend.takeover({ version: 1 }), "Corrupt");
    },
  },
  {
    id: "T07",
    title: "one seal is created at a time, in the order of the calls",
    rules: ["one-seal-at-a-time"],
    async run(world) {
      const leader = await world.lead("A", 1);
      const five = await leader.write(5, 0, "five");
      const six = await leader.write(6, 0, "six");
      const create = leader.store.hold("create epoch=5/_COMMIT");
      const first = leader.backend.epochComplete({ epoch: 5, parts: [five] });
      const second = leader.backend.epochComplete({ epoch: 6, parts: [six] });
      await create.arrived;
      assert.ok(!leader.store.requests.includes("create epoch=6/_COMMIT"));
      create.release();
      assertComplete(await first);
      assertComplete(await second);
    },
  },
  {
    id: "T08",
    title: "a lost partial is an error, not a wait without end",
    rules: ["absent-object-of-a-receipt-is-lost"],
    async run(world) {
      const leader = await world.open("A");
      const receipt = await leader.write(5, 0, "five");
      assert.deepEqual(await leader.backend.epochComplete({ epoch: 5, parts: [receipt, 1] }), {
        complete: false,
        missing: [1],
      });
      await world.store.delete([receipt.key ?? ""]);
      await assertRefused(leader.backend.epochComplete({ epoch: 5, parts: [receipt] }), "PartialLost", "no");
      await assertRefused(leader.backend.epochComplete({ epoch: 5, parts: [0] }), "PartialLost", "no");
    },
  },
  {
    id: "T09",
    title: "asking again for a sealed epoch with unchanged vnodes returns its seal",
    rules: ["sealed-epoch-needs-no-newest-seal", "unchanged-is-of-a-lower-epoch"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(4, { 0: "four", 1: "unchanged" });
      const five = await leader.write(5, 0, "five");
      const ask = { epoch: 5, parts: [five], unchanged: [1] };
      assertComplete(await leader.backend.epochComplete(ask));
      await leader.seal(6, { 0: "six" }, [], [1]);
      assertComplete(await leader.backend.epochComplete(ask));
      const wrong = leader.backend.epochComplete({ epoch: 5, parts: [], unchanged: [0] });
      await assertRefused(wrong, "SealMismatch", "yes");
    },
  },
  {
    id: "T10",
    title: "attachments are sealed with the epoch, compared and restored",
    rules: ["seal-covers-attachments"],
    async run(world) {
      const leader = await world.lead("A", 1);
      const write = (name: string, text: string) =>
        leader.backend.writeAttachment({ epoch: 5, name, assignmentVersion: 1, bytes: bytesOf(text) });
      const offsets = await write("offsets", "42");
      const parts = [await leader.write(5, 0, "five")];
      assertComplete(await leader.backend.epochComplete({ epoch: 5, parts, attachments: [offsets] }));
      const handle = await leader.backend.latest();
      assert.deepEqual(handle?.attachments, ["offsets"]);
      assert.deepEqual(await handle?.readAttachment("offsets"), bytesOf("42"));
      assert.equal(await handle?.readAttachment("sink"), undefined);
      const other = await write("offsets", "43");
      const asked = leader.backend.epochComplete({ epoch: 5, parts, attachments: [other] });
      await assertRefused(asked, "SealMismatch", "yes");
    },
  },
  {
    id: "T11",
    verifyObjects: true,
    title: "a takeover that ends after the same one, asked again, does not set the history back",
    rules: ["takeover-never-goes-back"],
    async run(world) {
      const old = await world.lead("A", 1);
      await old.seal(4, { 0: "four", 1: "old" });
      const leader = await world.open("B");
      const slow = leader.store.holdResponse("list _control/", { after: 1 });
      const first = leader.backend.takeover({ version: 2 });
      await slow.arrived;
      await leader.backend.takeover({ version: 2 });
      await leader.seal(5, { 0: "five", 1: "new" });
      slow.release();
      const { base, nextEpoch } = await first;
      assert.deepEqual([base?.epoch, nextEpoch], [5, 6]);
      await leader.seal(6, { 0: "six" }, [1]);
      assert.equal(await restored(await leader.backend.latest(), 1), "new");
    },
  },
  {
    id: "T12",
    verifyObjects: true,
    title: "a stale write satisfies no seal through its vnode's number either",
    rules: ["numbers-are-checked-like-receipts"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(4, { 0: "four" });
      const create = leader.store.hold("create epoch=5/vnode=0/partial.bin");
      const write = leader.write(5, 0, "stale");
      await create.arrived;
      await leader.backend.takeover({ version: 2 });
      create.release();
      await write;
      await assertRefused(leader.backend.epochComplete({ epoch: 5, parts: [0] }), "StaleVersion");
      assert.equal(await world.commit(5), "nothing");
    },
  },
  {
    id: "T12b",
    verifyObjects: true,
    title: "nor does a stale write that ends while its epoch is being completed",
    rules: ["numbers-are-checked-like-receipts"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(4, { 0: "four" });
      const create = leader.store.hold("create epoch=5/vnode=0/partial.bin");
      const write = leader.write(5, 0, "stale");
      await create.arrived;
      await leader.backend.takeover({ version: 2 });
      const listing = leader.store.hold("list epoch=5/");
      const complete = leader.backend.epochComplete({ epoch: 5, parts: [0] });
      await listing.arrived;
      create.release();
      await write;
      listing.release();
      await assertRefused(complete, "ReceiptRequired", "no");
      assert.equal(await world.commit(5), "nothing");
    },
  },
  {
    id: "T13",
    title: "our own last write is the one that was asked for last, not the one that ended last",
    rules: ["last-write-was-asked-for-last"],
    async run(world) {
      const leader = await world.open("A");
      const create = leader.store.hold("create epoch=5/vnode=0/partial.bin");
      const early = leader.write(5, 0, "early");
      await create.arrived;
      await leader.write(5, 0, "last");
      create.release();
      await early;
      assertComplete(await leader.backend.epochComplete({ epoch: 5, parts: [0] }));
      assert.equal(await restored(await leader.backend.latest(), 0), "last");
    },
  },
  {
    id: "T14",
    title: "a call that waited for another goes by the fence as of its own start",
    rules: ["claimed-version-is-that-of-the-call"],
    async run(world) {
      const leader = await world.lead("A", 1);
      const taken = leader.store.holdResponse("list _control/", { after: 1 });
      const takeover = leader.backend.takeover({ version: 2 });
      await taken.arrived;
      const five = await leader.write(5, 0, "five", 1);
      const six = await leader.write(6, 0, "six", 1);
      const listing = leader.store.hold("list epoch=5/");
      const first = leader.backend.epochComplete({ epoch: 5, parts: [five] });
      await listing.arrived;
      const second = leader.backend.epochComplete({ epoch: 6, parts: [six] });
      taken.release();
      await takeover;
      listing.release();
      await assertRefused(first, "StaleVersion");
      await assertRefused(second, "StaleVersion");
      assert.deepEqual([await world.commit(5), await world.commit(6)], ["nothing", "nothing"]);
    },
  },
  {
    id: "T15",
    title: "what was aborted does not complete, though its late seal lands where the void was pruned",
    rules: ["control-after-the-seal-was-read"],
    async run(world) {
      const leader = await world.lead("A", 1);
      const parts = [await leader.write(5, 0, "five")];
      const late = leader.store.delay("create epoch=5/_COMMIT");
      await assertRefused(leader.backend.epochComplete({ epoch: 5, parts }), "OutcomeUnknown", "unknown");
      const operator = await world.open("operator");
      await operator.backend.abort(5);
      await leader.seal(6, { 0: "six" });
      const read = leader.store.hold("get epoch=5/_COMMIT");
      const again = leader.backend.epochComplete({ epoch: 5, parts });
      await read.arrived;
      await operator.backend.pruneBefore(6, { asOperator: true });
      await late.land();
      read.release();
      await assertRefused(again, "EpochPruned");
    },
  },
  {
    id: "T16",
    title: "what a caller does to a seal or a receipt that it was given changes nothing",
    rules: ["seals-are-frozen", "receipts-are-frozen"],
    async run(world) {
      const leader = await world.lead("A", 1);
      const receipt = await leader.write(5, 0, "five");
      const outcome = await leader.backend.epochComplete({ epoch: 5, parts: [receipt] });
      assert.ok(outcome.complete);
      const handle = await leader.backend.latest();
      for (const given of [
        receipt,
        outcome.seal,
        outcome.seal.partials,
        outcome.seal.partials[0],
        handle?.seal,
      ]) {
        assert.ok(Object.isFrozen(given), JSON.stringify(given));
      }
    },
  },
  {
    id: "T17",
    title: "a write without a response, that is not there, gives no receipt",
    rules: ["failed-write-is-no-receipt"],
    async run(world) {
      const leader = await world.open("A");
      const late = leader.store.delay("create epoch=5/vnode=0/partial.bin");
      await assertRefused(leader.write(5, 0, "five"), "StoreFailed");
      assert.deepEqual(await world.keys("epoch=5/"), []);
      const outcome = await leader.backend.epochComplete({ epoch: 5, parts: [0] });
      assert.deepEqual(outcome, { complete: false, missing: [0] });
      await late.land();
      await assertRefused(leader.backend.epochComplete({ epoch: 5, parts: [0] }), "ReceiptRequired", "no");
    },
  },
  {
    id: "T19",
    title: "a known namespace is opened though its probe is throttled",
    rules: ["throttled-probe-of-a-known-namespace-passes"],
    async run(world) {
      await world.open("A");
      const store = new ScriptedStore(world.store);
      store.refuse("create _control/namespace", "Throttled");
      const backend = await ObjectStoreBackend.open({ store, instanceId: "B", vnodeCapacity });
      assert.equal(backend.instanceId, "B");
      assert.equal(store.requests.filter((request) => request.startsWith("create ")).length, 1);
    },
  },
  {
    id: "T18",
    title: "the authoritative version is never lowered",
    rules: ["authoritative-version-never-lowers"],
    async run(world) {
      const worker = await world.open("W");
      worker.backend.setAuthoritativeVersion(3);
      worker.backend.setAuthoritativeVersion(1);
      assert.equal(worker.backend.authoritativeVersion, 3);
      await assertRefused(worker.write(5, 0, "five", 2), "StaleVersion");
    },
  },
];

import assert from "node:assert/strict";
import { ObjectStoreBackend } from "../../../backend.ts";
import type { GivenUpEpoch, RecoveredNamespace } from "../../../state-backend.ts";
import type { Sequence } from "../sequence.ts";
import { assertRefused, controls, restored, states, vnodeCapacity, type World } from "../world.ts";

/** What control has lost is held against the newest seal, and never invented anew. */
export const lostControlSequences: readonly Sequence[] = [
  {
    id: "D13",
    title:
      "a lost namespace object is not invented anew: an operator writes it, with room for every sealed vnode",
    rules: ["lost-namespace-is-not-invented", "recovered-capacity-covers-the-newest-seal"],
    async run(world) {
      const leader = await world.open("A");
      await leader.seal(4, { 0: "four", 9: "nine" });
      await world.store.delete(["_control/namespace"]);
      const before = await world.keys();
      await assertRefused(world.open("B", { vnodeCapacity: 8 }), "Corrupt");
      await assertRefused(world.open("B"), "Corrupt");
      await assertRefused(world.open("R", { readOnly: true, vnodeCapacity: undefined }), "Corrupt");
      await assertRefused(recover(world, 8), "CapacityMismatch");
      assert.deepEqual(await world.keys(), before, "nothing was written");

      assert.deepEqual(await recover(world, vnodeCapacity), { vnodeCapacity, newest: 4 });
      assert.deepEqual(await recover(world, vnodeCapacity), { vnodeCapacity, newest: 4 });
      await assertRefused(recover(world, 200), "CapacityMismatch");
      const successor = await world.open("B");
      assert.equal(await restored(await successor.backend.latest(), 9), "nine");
    },
  },
  {
    id: "D14",
    title:
      "a fence without a namespace object is a lost one too, and recovered; an empty store has nothing to recover",
    rules: ["lost-namespace-is-not-invented"],
    async run(world) {
      await assertRefused(recover(world, vnodeCapacity), "NamespaceAbsent");
      await world.lead("A", 1);
      await world.store.delete(["_control/namespace"]);
      await assertRefused(world.open("B", { vnodeCapacity: 8 }), "Corrupt");
      assert.deepEqual(await recover(world, vnodeCapacity), { vnodeCapacity, newest: undefined });
      await world.lead("B", 2);
    },
  },
  {
    id: "D15",
    title: "a namespace that came into being while it was opened is not called lost",
    rules: ["namespace-is-read-again-before-it-is-called-lost"],
    async run(world) {
      const scripted = world.scripted("B");
      const listing = scripted.hold("list _control/");
      const opening = ObjectStoreBackend.open({
        store: scripted,
        instanceId: "B",
        vnodeCapacity,
        retry: { attempts: 1 },
      });
      await listing.arrived;
      const leader = await world.lead("A", 1);
      await leader.seal(0, { 0: "zero" });
      listing.release();
      const backend = await opening;
      assert.equal(await backend.latestCommittedEpoch(), 0);
    },
  },
  {
    id: "D16",
    title:
      "a namespace object that was written with too small a capacity is found out by the first seal that is read",
    rules: ["seal-fits-the-capacity"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(4, { 0: "four", 9: "nine" });
      await world.store.delete(["_control/namespace"]);
      await world.put("_control/namespace", JSON.stringify({ format: 1, vnodeCapacity: 8 }));
      const successor = await world.open("B", { vnodeCapacity: 8 });
      await assertRefused(successor.backend.latest(), "CapacityMismatch");
      await assertRefused(successor.backend.takeover({ version: 2 }), "CapacityMismatch");
    },
  },
  {
    id: "D17",
    title: "if every fence is lost, the newest seal still says which versions are too low",
    rules: ["takeover-is-above-the-newest-seal"],
    async run(world) {
      const leader = await world.lead("A", 10);
      await leader.seal(4, { 0: "four" });
      await leader.write(5, 0, "five");
      await world.store.delete(await controls(world, "fence"));
      const stale = await world.open("B");
      await assertRefused(stale.backend.takeover({ version: 1 }), "StaleVersion");
      await assertRefused(stale.backend.takeover({ version: 10 }), "StaleVersion");
      assert.equal(await world.commit(5), "nothing");
      const successor = await world.open("C");
      const { base } = await successor.backend.takeover({ version: 11 });
      assert.equal(base?.epoch, 4);
      await successor.seal(6, { 0: "six" });
      assert.equal((await successor.backend.takeover({ version: 11 })).base?.epoch, 6);
    },
  },
  {
    id: "D18",
    verifyObjects: true,
    title: "one epoch that cannot be read hides no other",
    rules: ["unreadable-epoch-hides-no-other"],
    async run(world) {
      const leader = await world.lead("A", 1);
      for (const epoch of [3, 4, 5]) await leader.seal(epoch, { 0: `of ${epoch}` });
      await world.store.delete(["epoch=4/_COMMIT"]);
      await world.put("epoch=4/_COMMIT", (await world.text("epoch=3/_COMMIT")) ?? "");
      await leader.backend.abort(6);
      await leader.write(7, 0, "seven");
      const reader = await world.open("R", { readOnly: true, vnodeCapacity: undefined });
      const all = ["3 sealed", "4 unreadable", "5 sealed", "6 void", "7 open"];
      assert.deepEqual(await states(reader), all);
      assert.equal((await reader.backend.describeEpoch(4)).state, "unreadable");
      assert.equal(await restored(await reader.backend.sealed(5), 0), "of 5");
      await assertRefused(reader.backend.sealed(4), "Corrupt");
      await assertRefused(reader.backend.sealedEpochs(), "Corrupt");
      assert.deepEqual(await reader.backend.sealedEpochs({ after: 4 }), [5]);
    },
  },
  {
    id: "D19",
    verifyObjects: true,
    title: "a stray seal below the floor is neither given nor shown",
    rules: ["asked-for-seal-is-above-the-floor", "epochs-are-at-or-above-the-floor"],
    async run(world) {
      const leader = await world.open("A");
      const parts = [await leader.write(5, 0, "five")];
      const seal = leader.store.delay("create epoch=5/_COMMIT");
      await assertRefused(leader.backend.epochComplete({ epoch: 5, parts }), "OutcomeUnknown");
      const successor = await world.lead("B", 1);
      await successor.seal(6, { 0: "six" });
      await successor.seal(7, { 0: "seven" });
      await successor.backend.pruneBefore(7);
      await seal.land();
      assert.equal(await world.commit(5), "seal");
      await assertRefused(successor.backend.sealed(5), "EpochPruned", "unknown");
      assert.deepEqual(await states(successor), ["7 sealed"]);
      assert.equal(await successor.backend.sealed(8), undefined);
    },
  },
  {
    id: "D20",
    title: "a reader takes the capacity from the namespace, and can insist that there is one",
    rules: ["missing-namespace-is-refused-if-it-must-exist"],
    async run(world) {
      const anyone = { readOnly: true, vnodeCapacity: undefined } as const;
      await assertRefused(world.open("R", { ...anyone, mustExist: true }), "NamespaceAbsent");
      await assertRefused(world.open("A", { mustExist: true }), "NamespaceAbsent");
      assert.deepEqual(await world.keys(), [], "nothing was written");
      const early = await world.open("R", anyone);
      const nothing = { fence: 0, floor: 0, vnodeCapacity: undefined, givenUp: [], pins: [] };
      assert.deepEqual(await early.backend.control(), nothing);

      await world.lead("A", 3);
      const reader = await world.open("R", { ...anyone, mustExist: true });
      assert.equal(reader.backend.vnodeCapacity, vnodeCapacity);
      assert.deepEqual(await reader.backend.control(), {
        fence: 3,
        floor: 0,
        vnodeCapacity,
        givenUp: [],
        pins: [],
      });
    },
  },
  {
    id: "D28",
    title:
      "a lost namespace object below a damaged newest seal is recovered first, and then the seal is given up",
    rules: ["lost-namespace-is-not-invented", "only-the-bytes-that-were-given-up-are-void"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await leader.seal(4, { 0: "four" });
      await world.put("epoch=5/_COMMIT", "");
      await world.put("epoch=6/_COMMIT", "Service Unavailable");
      await world.store.delete(["_control/namespace"]);
      await assertRefused(giveUp(world, 6, 2), "Corrupt");
      assert.deepEqual(await recover(world, vnodeCapacity), { vnodeCapacity, newest: 4 });
      await giveUp(world, 6, 2);
      await giveUp(world, 5, 3);
      const successor = await world.open("B");
      assert.equal((await successor.backend.takeover({ version: 4 })).base?.epoch, 4);
    },
  },
];

function giveUp(world: World, epoch: number, version: number): Promise<GivenUpEpoch> {
  const { store } = world;
  const retry = { attempts: 1 };
  return ObjectStoreBackend.recover({ store, retry, instanceId: "on call", giveUp: epoch, version });
}

function recover(world: World, capacity: number): Promise<RecoveredNamespace> {
  const { store } = world;
  const retry = { attempts: 1 };
  return ObjectStoreBackend.recover({ store, retry, instanceId: "on call", vnodeCapacity: capacity });
}

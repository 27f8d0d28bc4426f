import assert from "node:assert/strict";
import type { Sequence } from "../sequence.ts";
import {
  type Actor,
  assertComplete,
  assertRefused,
  controls,
  damage,
  leftByLaminarDb,
  restored,
  textOf,
  type World,
} from "../world.ts";

/** A leader that has sealed 4 and 5, where vnode 1 is as it was in 4. */
async function leader(world: World): Promise<Actor> {
  const actor = await world.lead("A", 1);
  await actor.seal(4, { 0: "four", 1: "kept" });
  await actor.seal(5, { 0: "five" }, [1]);
  return actor;
}

/** Seals 6, which needs nothing of 4 and 5, and prunes them. */
async function pruneToSix(actor: Actor): Promise<void> {
  await actor.seal(6, { 0: "six", 1: "new" });
  await actor.backend.pruneBefore(6);
}

/** An epoch that every prune keeps until it is unpinned. */
export const pinSequences: readonly Sequence[] = [
  {
    id: "J01",
    title: "a pinned epoch is read below the floor, with what lower epochs wrote, until it is unpinned",
    rules: [
      "pinned-seal-is-kept",
      "what-a-pinned-seal-names-is-kept",
      "pinned-epoch-is-read-below-the-floor",
    ],
    async run(world) {
      const { backend } = await leader(world);
      const actor = await world.open("operator");
      await actor.backend.pin({ epoch: 5, name: "savepoint" });
      const sealer = await world.lead("B", 2);
      await sealer.seal(8, { 0: "eight", 1: "new" });
      assert.equal((await sealer.backend.pruneBefore(8)).pinned, 1);
      assert.equal((await sealer.backend.pruneBefore(8)).objects, 0);

      const pinned = await actor.backend.openPin("savepoint");
      assert.deepEqual([await restored(pinned, 0), await restored(pinned, 1)], ["five", "kept"]);
      assert.equal(await restored(await backend.sealed(5), 1), "kept");
      assert.equal(textOf(await backend.readPartial({ epoch: 5, vnode: 1 })), "kept");
      const described = await backend.describeEpoch(5);
      assert.deepEqual([described.state, described.missing], ["pinned", []]);
      await assertRefused(backend.sealed(4), "EpochPruned", "unknown");
      assert.equal(await backend.latestCommittedEpoch(), 8);
      await assertRefused(backend.abort(5), "EpochPruned", "unknown");

      await actor.backend.unpin({ name: "savepoint" });
      await sealer.backend.pruneBefore(8);
      await assertRefused(pinned.read(0), "EpochPruned");
      assert.deepEqual(await world.keys("epoch=5/"), []);
      assert.deepEqual(await world.keys("epoch=4/"), []);
    },
  },
  {
    id: "J02",
    title: "a pin that is made while a prune publishes its floor holds",
    rules: ["pins-are-listed-after-the-floor"],
    async run(world) {
      const actor = await leader(world);
      await actor.seal(6, { 0: "six", 1: "new" });
      const floor = actor.store.hold(/^create _control\/floor=/);
      const prune = actor.backend.pruneBefore(6);
      await floor.arrived;
      const operator = await world.open("operator");
      await operator.backend.pin({ epoch: 5, name: "savepoint" });
      floor.release();
      await prune;
      const pinned = await operator.backend.openPin("savepoint");
      assert.deepEqual([await restored(pinned, 0), await restored(pinned, 1)], ["five", "kept"]);
    },
  },
  {
    id: "J03",
    title: "a pin that lands after a prune has looked is refused, and goes with the next prune",
    rules: ["pin-looks-at-the-floor"],
    async run(world) {
      const actor = await leader(world);
      const operator = await world.open("operator");
      const create = operator.store.hold(/^create _control\/pin=/);
      const pin = operator.backend.pin({ epoch: 5, name: "savepoint" });
      await create.arrived;
      await pruneToSix(actor);
      create.release();
      await assertRefused(pin, "EpochPruned", "unknown");
      assert.deepEqual(
        (await operator.backend.pins()).map(({ sealed }) => sealed),
        [false],
      );
      await actor.backend.pruneBefore(6);
      assert.deepEqual(await controls(world, "pin"), []);
    },
  },
  {
    id: "J04",
    title: "a stray seal is not pinned, also if whoever pins it dies before it looks again",
    rules: ["stray-is-not-pinned"],
    async run(world) {
      const zombie = await world.lead("A", 1);
      const part = await zombie.write(5, 0, "five");
      const late = zombie.store.delay("create epoch=5/_COMMIT");
      const completion = zombie.backend.epochComplete({ epoch: 5, parts: [part] });
      await assertRefused(completion, "OutcomeUnknown", "unknown");
      const successor = await world.lead("B", 2);
      await successor.seal(7, { 0: "seven" });
      await successor.backend.pruneBefore(7);
      await late.land();
      const operator = await world.open("operator");
      operator.store.lose("list _control/", { after: 1 });
      await assertRefused(operator.backend.pin({ epoch: 5, name: "savepoint" }), "EpochPruned", "unknown");
      assert.deepEqual(await controls(world, "pin"), []);
    },
  },
  {
    id: "J05",
    title: "only an epoch that is sealed can be pinned",
    rules: ["only-a-sealed-epoch-is-pinned"],
    async run(world) {
      const actor = await leader(world);
      const { backend } = actor;
      await actor.write(8, 0, "open");
      await backend.abort(7);
      await assertRefused(backend.pin({ epoch: 8, name: "open" }), "NotSealed", "unknown");
      await assertRefused(backend.pin({ epoch: 7, name: "void" }), "EpochAborted", "no");
      assert.deepEqual(await controls(world, "pin"), []);
    },
  },
  {
    id: "J06",
    title: "a pin that is not known to be there is no pin, and can be made again",
    rules: ["pin-is-known-to-be-there"],
    async run(world) {
      const actor = await leader(world);
      actor.store.delay(/^create _control\/pin=/);
      const args = { epoch: 5, name: "savepoint" };
      await assertRefused(actor.backend.pin(args), "OutcomeUnknown", "unknown");
      await actor.backend.pin(args);
      await actor.backend.pin(args);
      await pruneToSix(actor);
      assert.equal(await restored(await actor.backend.openPin("savepoint"), 1), "kept");
    },
  },
  {
    id: "J07",
    title: "a pinned seal that cannot be read stops the prune before anything goes",
    rules: ["unreadable-pinned-seal-stops-the-prune"],
    async run(world) {
      const actor = await leader(world);
      await actor.backend.pin({ epoch: 5, name: "savepoint" });
      await pruneToSix(actor);
      const text = (await world.text("epoch=5/_COMMIT")) ?? "";
      await damage(world, "epoch=5/_COMMIT", text.slice(1));
      await actor.seal(7, { 0: "seven", 1: "new" });
      await assertRefused(actor.backend.pruneBefore(7), "Corrupt", "unknown");
      assert.deepEqual(await world.keys("epoch=6/vnode=0/"), ["epoch=6/vnode=0/partial.bin"]);
      assert.deepEqual(await world.keys("epoch=4/"), ["epoch=4/vnode=1/partial.bin"]);
      await actor.backend.unpin({ name: "savepoint" });
      await actor.backend.pruneBefore(7);
      assert.deepEqual(await world.keys("epoch=4/"), []);
    },
  },
  {
    id: "J08",
    title: "what a pin on nothing lacks was pruned, and what a pinned seal lacks is lost",
    rules: ["lost-object-of-a-pinned-seal-looks-at-the-seal", "pin-on-nothing-is-pruned"],
    async run(world) {
      const actor = await leader(world);
      const handle = await actor.backend.latest();
      assert.ok(handle);
      // Its creator dies before it looks again.
      const operator = await world.open("operator");
      const create = operator.store.hold(/^create _control\/pin=/);
      operator.store.lose("list _control/", { after: 1 });
      const pin = operator.backend.pin({ epoch: 5, name: "on-nothing" });
      await create.arrived;
      await pruneToSix(actor);
      await create.finish();
      await assertRefused(pin, "StoreFailed", "unknown");
      assert.deepEqual(
        (await actor.backend.pins()).map(({ epoch, sealed }) => `${epoch} ${sealed}`),
        ["5 false"],
      );
      await assertRefused(handle.read(0), "EpochPruned", "yes");
      await assertRefused(actor.backend.sealed(5), "EpochPruned", "unknown");
      await assertRefused(actor.backend.openPin("on-nothing"), "EpochPruned", "unknown");

      await actor.backend.pin({ epoch: 6, name: "savepoint" });
      await actor.seal(7, { 0: "seven", 1: "newer" });
      await actor.backend.pruneBefore(7);
      await world.store.delete(["epoch=6/vnode=0/partial.bin"]);
      await assertRefused((await actor.backend.openPin("savepoint")).read(0), "PartialLost", "yes");
    },
  },
  {
    id: "J09",
    title: "a pin on nothing goes with the next prune",
    rules: ["pin-on-nothing-goes"],
    async run(world) {
      const actor = await leader(world);
      await pruneToSix(actor);
      await world.put("_control/pin=0000000000000005.dead", "{}");
      await actor.backend.pruneBefore(6);
      assert.deepEqual(await controls(world, "pin"), []);
    },
  },
  {
    id: "J10",
    title: "a name moves by a second pin, and is let go of epoch by epoch or altogether",
    rules: ["pinned-seal-is-kept"],
    async run(world) {
      const actor = await leader(world);
      const { backend } = actor;
      await backend.pin({ epoch: 4, name: "stable" });
      await backend.pin({ epoch: 5, name: "stable" });
      await backend.pin({ epoch: 5, name: "other" });
      assert.equal((await backend.openPin("stable")).epoch, 5);
      await backend.unpin({ name: "stable", epoch: 4 });
      await actor.seal(6, { 0: "six", 1: "new" });
      await backend.pruneBefore(6);
      const shown = (await backend.control()).pins.map(({ epoch, name }) => `${epoch} ${name}`);
      assert.deepEqual(shown, ["5 other", "5 stable"]);
      assert.deepEqual(await world.keys("epoch=4/"), ["epoch=4/vnode=1/partial.bin"]);
      await backend.unpin({ name: "stable" });
      await backend.unpin({ name: "stable" });
      await assertRefused(backend.openPin("stable"), "NotPinned", "unknown");
      assert.equal((await backend.openPin("other")).epoch, 5);
    },
  },
  {
    id: "J11",
    title: "a savepoint outlives prunes and takeovers, and is gone on from as a new epoch",
    rules: ["what-a-pinned-seal-names-is-kept", "takeover-voids"],
    async run(world) {
      const first = await leader(world);
      await first.backend.pin({ epoch: 5, name: "savepoint" });
      let version = 2;
      for (const text of ["six", "seven", "eight"]) {
        const actor = await world.open("B");
        const { backend } = actor;
        const { nextEpoch } = await backend.takeover({ version });
        version += 1;
        const parts = [await actor.write(nextEpoch, 0, text), await actor.write(nextEpoch, 1, text)];
        assertComplete(await backend.epochComplete({ epoch: nextEpoch, parts }));
        const { objects } = await backend.prune({ keep: 1 }, { dryRun: true });
        assert.equal((await backend.prune({ keep: 1 })).objects, objects);
      }
      const actor = await world.open("C");
      const { backend } = actor;
      const pinned = await backend.openPin("savepoint");
      const { nextEpoch } = await backend.takeover({ version });
      const parts = [];
      for (const vnode of pinned.vnodes)
        parts.push(await actor.write(nextEpoch, vnode, (await restored(pinned, vnode)) ?? ""));
      assertComplete(await backend.epochComplete({ epoch: nextEpoch, parts }));
      const newest = await backend.latest();
      assert.deepEqual([await restored(newest, 0), await restored(newest, 1)], ["five", "kept"]);
    },
  },
  {
    id: "J12",
    title: "an epoch of LaminarDB is pinned like any other",
    rules: ["what-a-pinned-seal-names-is-kept"],
    async run(world) {
      await leftByLaminarDb(world);
      await world.put("epoch=1/vnode=0/partial.bin", "laminar");
      const actor = await world.lead("A", 1);
      const { backend } = actor;
      await backend.pin({ epoch: 1, name: "before-the-move" });
      await actor.seal(5, { 0: "five" });
      await backend.pruneBefore(5);
      assert.equal(await restored(await backend.openPin("before-the-move"), 0), "laminar");
    },
  },
  {
    id: "J13",
    title: "a pin that two make under one name holds for the one that was told so, if the other is refused",
    rules: ["pin-looks-at-the-floor"],
    async run(world) {
      const actor = await leader(world);
      const args = { epoch: 5, name: "savepoint" };
      const slow = await world.open("slow");
      const look = slow.store.hold("list _control/", { after: 1 });
      const refused = slow.backend.pin(args);
      await look.arrived;
      const operator = await world.open("operator");
      await operator.backend.pin(args);
      await pruneToSix(actor);
      look.release();
      await assertRefused(refused, "EpochPruned", "unknown");
      await actor.backend.pruneBefore(6);
      assert.equal(await restored(await operator.backend.openPin("savepoint"), 1), "kept");
    },
  },
];

import assert from "node:assert/strict";
import type { Sequence } from "../sequence.ts";
import { assertComplete, assertRefused, bytesOf, damage, restored } from "../world.ts";

const small = (text: string, vnode = 0): { readonly vnode: number; readonly bytes: Uint8Array } => ({
  vnode,
  bytes: bytesOf(text),
});

/** Small state that goes into the seal itself. */
export const givenBytesSequences: readonly Sequence[] = [
  {
    id: "B01",
    title:
      "bytes in the seal are restored from it, copied as unchanged, and outlive the prune of their epoch",
    rules: ["bytes-in-a-seal-are-format-2"],
    async run(world) {
      const leader = await world.lead("A", 1);
      const parts = [small("zero"), await leader.write(0, 1, "an object")];
      assertComplete(await leader.backend.epochComplete({ epoch: 0, parts }));
      const next = { epoch: 1, parts: [await leader.write(1, 1, "another")], unchanged: [0] };
      assertComplete(await leader.backend.epochComplete(next));
      await leader.seal(2, { 0: "an object now", 1: "a third" });
      const formats = [0, 1, 2].map(async (epoch) => (await leader.backend.sealed(epoch))?.seal.format);
      assert.deepEqual(await Promise.all(formats), [2, 2, 1]);
      await leader.backend.pruneBefore(1);
      const one = await leader.backend.sealed(1);
      assert.deepEqual([await restored(one, 0), await restored(one, 1)], ["zero", "another"]);
      assert.deepEqual((await leader.backend.describeEpoch(1)).missing, []);
      const { base } = await (await world.open("B")).backend.takeover({ version: 2 });
      assert.equal(await restored(base, 0), "an object now");
    },
  },
  {
    id: "B02",
    title: "an epoch that is sealed is complete for the same bytes, and for no others",
    rules: ["seal-covers-given-bytes", "unchanged-is-of-a-lower-epoch"],
    async run(world) {
      const { backend } = await world.lead("A", 1);
      const zero = { epoch: 0, parts: [small("zero")] };
      assertComplete(await backend.epochComplete(zero));
      assertComplete(await backend.epochComplete(zero));
      const other = { epoch: 0, parts: [small("ZERO")] };
      await assertRefused(backend.epochComplete(other), "SealMismatch", "yes");
      assertComplete(await backend.epochComplete({ epoch: 1, parts: [], unchanged: [0] }));
      assertComplete(await backend.epochComplete({ epoch: 1, parts: [], unchanged: [0] }));
      await assertRefused(
        backend.epochComplete({ epoch: 0, parts: [], unchanged: [0] }),
        "SealMismatch",
        "yes",
      );
    },
  },
  {
    id: "B03",
    title: "what is given and what is copied stay below the limit of a seal together",
    rules: ["copied-bytes-count-too"],
    async run(world) {
      const leader = await world.lead("A", 1);
      const half = new Uint8Array(32_768).fill(1);
      const both = [0, 1].map((vnode) => ({ vnode, bytes: half }));
      assertComplete(await leader.backend.epochComplete({ epoch: 0, parts: both }));
      const more = { epoch: 1, parts: [small("more", 2)], unchanged: [0, 1] };
      await assertRefused(leader.backend.epochComplete(more), "ReceiptRequired", "no");
      // The way on: what is large is written.
      const parts = [small("more", 2), await leader.write(1, 1, "an object")];
      assertComplete(await leader.backend.epochComplete({ epoch: 1, parts, unchanged: [0] }));
    },
  },
  {
    id: "B04",
    title: "bytes are those of the call, whatever its caller does to them afterwards",
    rules: ["given-bytes-are-copied"],
    async run(world) {
      const { backend } = await world.lead("A", 1);
      const part = small("zero");
      const completion = backend.epochComplete({ epoch: 0, parts: [part] });
      part.bytes.fill(0);
      assertComplete(await completion);
      assert.equal(await restored(await backend.latest(), 0), "zero");
    },
  },
  {
    id: "B05",
    title: "an epoch whose state is in its seal is visible to a takeover before it is sealed",
    rules: ["unchanged-only-epoch-has-an-anchor", "takeover-voids"],
    async run(world) {
      const old = await world.lead("A", 1);
      const seal = old.store.hold("create epoch=5/_COMMIT");
      const completion = old.backend.epochComplete({ epoch: 5, parts: [small("five")] });
      await seal.arrived;
      const { nextEpoch } = await (await world.open("B")).backend.takeover({ version: 2 });
      assert.equal(nextEpoch, 7);
      seal.release();
      await assertRefused(completion, "EpochAborted", "no");
    },
  },
  {
    id: "B06",
    title: "bytes in the seal that are not those that were sealed are never given out",
    rules: ["handle-checks-the-digest"],
    async run(world) {
      const { backend } = await world.lead("A", 1);
      assertComplete(await backend.epochComplete({ epoch: 0, parts: [small("zero")] }));
      const text = (await world.text("epoch=0/_COMMIT")) ?? "";
      await damage(world, "epoch=0/_COMMIT", text.replace(btoa("zero"), btoa("ZERO")));
      const handle = await (await world.open("B")).backend.latest();
      assert.ok(handle);
      await assertRefused(handle.read(0), "Corrupt", "yes");
    },
  },
];

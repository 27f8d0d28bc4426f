import assert from "node:assert/strict";
import type { PartialReceipt } from "../../../receipt.ts";
import type { Sequence } from "../sequence.ts";
import {
  type Actor,
  assertComplete,
  assertRefused,
  restored,
  sealStream,
  textOf,
  type World,
} from "../world.ts";

/** The epochs of the receipt's chunks. */
function epochsOf({ chunks = [] }: PartialReceipt): readonly string[] {
  return chunks.map(({ key }) => key.slice(0, key.indexOf("/")));
}

/** The keys of chunks that are in the store. */
async function chunkKeys(world: World): Promise<readonly string[]> {
  return (await world.keys()).filter((key) => key.includes("/chunk."));
}

/** 3 and 4 name a chunk, 5 does not, and a worker uses it again from 4. */
async function reuseFrom4(world: World, leader: Actor): Promise<PartialReceipt> {
  await sealStream(leader, 3, "x");
  await sealStream(leader, 4, "x", await leader.backend.latest());
  const four = await leader.backend.latest();
  await sealStream(leader, 5, "y");
  const worker = await world.open("W");
  return worker.stream(6, 0, "x", { reuse: four });
}

/** Chunks of lower epochs that are used again. */
export const reusedChunkSequences: readonly Sequence[] = [
  {
    id: "H01",
    title: "a chunk that the newest seal names is used again, and outlives the prune of its epoch",
    rules: ["chunks-are-named-objects", "bytes-in-a-seal-are-format-2"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await sealStream(leader, 3, "x");
      const four = await sealStream(leader, 4, "x", await leader.backend.latest());
      assert.deepEqual(epochsOf(four), ["epoch=3"]);
      const five = await leader.backend.latest();
      await sealStream(leader, 5, "x", five);
      await leader.stream(3, 1, "an orphan");
      await leader.backend.pruneBefore(5);
      assert.deepEqual((await chunkKeys(world)).length, 1);
      const { base } = await (await world.open("B")).backend.takeover({ version: 2 });
      assert.equal(base?.seal.format, 2);
      assert.equal(await restored(base, 0), "x");
      assert.deepEqual((await leader.backend.describeEpoch(5)).missing, []);
    },
  },
  {
    id: "H02",
    title: "a chunk that only an older seal names is not used again: a prune has deleted it",
    rules: ["reused-chunk-is-named-by-the-newest-seal"],
    async run(world) {
      const leader = await world.lead("A", 1);
      const part = await reuseFrom4(world, leader);
      await leader.backend.pruneBefore(5);
      const { keys } = await assertRefused(
        leader.backend.epochComplete({ epoch: 6, parts: [part] }),
        "ReceiptRequired",
        "no",
      );
      assert.deepEqual(
        keys,
        part.chunks?.map(({ key }) => key),
      );
      assert.equal(await world.commit(6), "nothing");
      // The worker's way on is one call.
      const again = await (await world.open("W")).stream(6, 0, "x", { except: keys });
      assertComplete(await leader.backend.epochComplete({ epoch: 6, parts: [again] }));
      assert.equal(await restored(await leader.backend.latest(), 0), "x");
    },
  },
  {
    id: "H03",
    title: "nor if it is still there: a prune may come between the look and the seal",
    rules: ["reused-chunk-is-named-by-the-newest-seal"],
    async run(world) {
      const leader = await world.lead("A", 1);
      const part = await reuseFrom4(world, leader);
      assert.equal((await chunkKeys(world)).includes(part.chunks?.[0]?.key ?? ""), true);
      const complete = leader.backend.epochComplete({ epoch: 6, parts: [part] });
      await assertRefused(complete, "ReceiptRequired", "no");
    },
  },
  {
    id: "H04",
    title: "nor if a pin keeps it: only the newest seal counts",
    rules: ["reused-chunk-is-named-by-the-newest-seal"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await sealStream(leader, 3, "x");
      await leader.backend.pin({ epoch: 3, name: "savepoint" });
      await sealStream(leader, 4, "y");
      await leader.backend.pruneBefore(4);
      const pinned = await leader.backend.openPin("savepoint");
      const part = await leader.stream(5, 0, "x", { reuse: pinned });
      assert.deepEqual(epochsOf(part), ["epoch=3"]);
      const complete = leader.backend.epochComplete({ epoch: 5, parts: [part] });
      const { keys } = await assertRefused(complete, "ReceiptRequired", "no");
      await leader.backend.unpin({ name: "savepoint" });
      const again = await leader.stream(5, 0, "x", { reuse: pinned, except: keys });
      await leader.backend.pruneBefore(4);
      assertComplete(await leader.backend.epochComplete({ epoch: 5, parts: [again] }));
      assert.equal(await restored(await leader.backend.latest(), 0), "x");
    },
  },
  {
    id: "H05",
    title: "a takeover's base is the newest seal: a savepoint is restored from it, most of it without a copy",
    rules: ["reused-chunk-is-named-by-the-newest-seal", "chunks-are-named-objects"],
    async run(world) {
      const old = await world.lead("A", 1);
      await sealStream(old, 3, "x");
      await old.backend.pin({ epoch: 3, name: "savepoint" });
      await sealStream(old, 4, "x", await old.backend.latest());
      await old.backend.pruneBefore(4);
      const leader = await world.open("B");
      const { base, nextEpoch } = await leader.backend.takeover({ version: 2 });
      const pinned = await leader.backend.openPin("savepoint");
      const bytes = pinned.stream(0);
      assert.ok(bytes);
      const target = { epoch: nextEpoch, vnode: 0, assignmentVersion: 2 };
      const part = await leader.backend.writePartial({ ...target, bytes, reuse: base });
      assert.deepEqual(epochsOf(part), ["epoch=3"]);
      assertComplete(await leader.backend.epochComplete({ epoch: nextEpoch, parts: [part] }));
      await leader.backend.unpin({ name: "savepoint" });
      await leader.backend.pruneBefore(nextEpoch);
      assert.equal(await restored(await leader.backend.latest(), 0), "x");
    },
  },
  {
    id: "H06",
    title: "a chunk of another vnode, or said to be of another size, is not used again",
    rules: ["reused-chunk-is-named-by-the-newest-seal"],
    async run(world) {
      const leader = await world.lead("A", 1);
      const parts = [await leader.stream(3, 0, "x"), await leader.stream(3, 1, "x")];
      assertComplete(await leader.backend.epochComplete({ epoch: 3, parts }));
      const three = await leader.backend.latest();
      const part = await leader.stream(4, 0, "x", { reuse: three });
      const [chunk] = part.chunks ?? [];
      assert.ok(chunk);
      const other = await leader.stream(4, 1, "y");
      const longer = { ...part, size: 2, chunks: [{ ...chunk, size: 2 }] };
      const complete = leader.backend.epochComplete({ epoch: 4, parts: [longer as PartialReceipt, other] });
      await assertRefused(complete, "ReceiptRequired", "no");
      const elsewhere = { ...part, vnode: 1 };
      await assertRefused(
        leader.backend.epochComplete({ epoch: 4, parts: [elsewhere], dropped: [0] }),
        "ReceiptInvalid",
      );
    },
  },
  {
    id: "H07",
    title: "without a fence no chunk of a lower epoch can be used again",
    rules: ["reused-chunks-need-a-fence"],
    async run(world) {
      const unfenced = await world.open("A");
      await sealStream(unfenced, 3, "x");
      const part = await unfenced.stream(4, 0, "x", { reuse: await unfenced.backend.latest() });
      const sent = unfenced.store.requests.length;
      const complete = unfenced.backend.epochComplete({ epoch: 4, parts: [part] });
      await assertRefused(complete, "FenceRequired", "unknown");
      assert.equal(unfenced.store.requests.length, sent);
    },
  },
  {
    id: "H08",
    verifyObjects: true,
    title: "an epoch all of whose chunks are of lower ones is visible to a takeover before it is sealed",
    rules: ["reused-only-epoch-has-an-anchor"],
    async run(world) {
      const deposed = await world.lead("A", 1);
      await sealStream(deposed, 4, "x");
      const part = await deposed.stream(5, 0, "x", { reuse: await deposed.backend.latest() });
      const seal = deposed.store.hold("create epoch=5/_COMMIT");
      const complete = deposed.backend.epochComplete({ epoch: 5, parts: [part] });
      await seal.arrived;
      const { base, nextEpoch } = await (await world.open("B")).backend.takeover({ version: 2 });
      assert.deepEqual([base?.epoch, nextEpoch], [4, 6]);
      seal.release();
      await assertRefused(complete, "EpochAborted", "no");
    },
  },
  {
    id: "H09",
    verifyObjects: true,
    title: "the same if this backend wrote it, and the vnode is given by its number",
    rules: ["reused-only-epoch-has-an-anchor"],
    async run(world) {
      const deposed = await world.lead("A", 1);
      await sealStream(deposed, 4, "x");
      await deposed.stream(5, 0, "x", { reuse: await deposed.backend.latest() });
      const seal = deposed.store.hold("create epoch=5/_COMMIT");
      const complete = deposed.backend.epochComplete({ epoch: 5, parts: [0] });
      await seal.arrived;
      const { nextEpoch } = await (await world.open("B")).backend.takeover({ version: 2 });
      assert.equal(nextEpoch, 6);
      seal.release();
      await assertRefused(complete, "EpochAborted", "no");
    },
  },
  {
    id: "H10",
    title: "a seal of unknown outcome is settled before chunks are looked up in the newest one",
    rules: ["chunks-are-looked-up-once-earlier-epochs-are-settled"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await sealStream(leader, 4, "x");
      const four = await leader.backend.latest();
      const five = await leader.stream(5, 0, "y");
      const late = leader.store.delay("create epoch=5/_COMMIT");
      await assertRefused(
        leader.backend.epochComplete({ epoch: 5, parts: [five] }),
        "OutcomeUnknown",
        "unknown",
      );
      await late.land();
      const six = await leader.stream(6, 0, "x", { reuse: four });
      const complete = leader.backend.epochComplete({ epoch: 6, parts: [six] });
      await assertRefused(complete, "ReceiptRequired", "no");
    },
  },
  {
    id: "H16",
    title: "an epoch that is sealed is complete for the same chunks, and for no others",
    rules: ["seal-covers-receipts", "unchanged-is-of-a-lower-epoch"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await sealStream(leader, 4, "x");
      const part = await sealStream(leader, 5, "x", await leader.backend.latest());
      assertComplete(await leader.backend.epochComplete({ epoch: 5, parts: [part] }));
      const other = await leader.stream(5, 0, "y");
      await assertRefused(leader.backend.epochComplete({ epoch: 5, parts: [other] }), "SealMismatch", "yes");
      // It was written, though all its chunks are of 4.
      const unchanged = leader.backend.epochComplete({ epoch: 5, parts: [], unchanged: [0] });
      await assertRefused(unchanged, "SealMismatch", "yes");
      assertComplete(await leader.backend.epochComplete({ epoch: 6, parts: [], unchanged: [0] }));
      assertComplete(await leader.backend.epochComplete({ epoch: 6, parts: [], unchanged: [0] }));
    },
  },
  {
    id: "H17",
    title: "a pinned epoch keeps its chunks, and the prune after its unpin deletes them",
    rules: ["chunks-are-named-objects", "what-a-pinned-seal-names-is-kept"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await sealStream(leader, 3, "x");
      await sealStream(leader, 4, "x", await leader.backend.latest());
      await leader.backend.pin({ epoch: 4, name: "savepoint" });
      await sealStream(leader, 5, "y");
      await leader.backend.pruneBefore(5);
      assert.equal(await restored(await leader.backend.openPin("savepoint"), 0), "x");
      await leader.backend.unpin({ name: "savepoint" });
      await leader.backend.pruneBefore(5);
      assert.equal((await chunkKeys(world)).length, 1);
    },
  },
  {
    id: "H19",
    title:
      "what was written with a chunk that a prune has deleted since is not absent, and is to be written again",
    rules: ["own-last-write-is-read"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await sealStream(leader, 4, "x");
      await leader.stream(6, 0, "x", { reuse: await leader.backend.latest() });
      assert.equal(textOf(await leader.backend.readPartial({ epoch: 6, vnode: 0 })), "x");
      await sealStream(leader, 5, "y");
      await leader.backend.pruneBefore(5);
      const read = (): Promise<Uint8Array | undefined> => leader.backend.readPartial({ epoch: 6, vnode: 0 });
      const { keys } = await assertRefused(read(), "ReceiptRequired", "unknown");
      await leader.stream(6, 0, "x", { except: keys });
      assert.equal(textOf(await read()), "x");
    },
  },
];

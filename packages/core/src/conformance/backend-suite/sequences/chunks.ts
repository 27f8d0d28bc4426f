import assert from "node:assert/strict";
import type { SealedEpoch } from "../../../state-backend.ts";
import type { Sequence } from "../sequence.ts";
import { assertComplete, assertRefused, damage, restored, sealStream, streamOf } from "../world.ts";

/** Large state, which is in chunks. */
export const chunkSequences: readonly Sequence[] = [
  {
    id: "H11",
    title: "a stream that breaks leaves no receipt, and its vnode is missing",
    rules: ["failed-chunk-is-no-receipt"],
    async run(world) {
      const leader = await world.lead("A", 1);
      const bytes = brokenAfter("x".repeat(70_000));
      const write = leader.backend.writePartial({ epoch: 5, vnode: 0, assignmentVersion: 1, bytes });
      await assertRefused(write, "SourceFailed", "unknown");
      leader.store.lose(/^create epoch=5\/vnode=0\/chunk/);
      await assertRefused(leader.stream(5, 0, "x"), "StoreFailed", "unknown");
      assert.deepEqual(await leader.backend.epochComplete({ epoch: 5, parts: [0] }), {
        complete: false,
        missing: [0],
      });
      assert.equal(await world.commit(5), "nothing");
    },
  },
  {
    id: "H12",
    title: "a cut that gives other bytes than it got leaves no receipt",
    rules: ["cut-gives-every-byte"],
    async run(world) {
      const { backend } = await world.lead("A", 1);
      const target = { epoch: 5, vnode: 0, assignmentVersion: 1 };
      await assertRefused(
        backend.writePartial({ ...target, bytes: streamOf("bytes and more"), cut: otherBytes }),
        "SourceFailed",
        "unknown",
      );
    },
  },
  {
    id: "H13",
    verifyObjects: true,
    title: "with verifyObjects a chunk that was deleted by hand is missed before the seal names it",
    rules: ["chunks-of-a-receipt-are-looked-at"],
    async run(world) {
      const leader = await world.lead("A", 1);
      const part = await leader.stream(5, 0, "x");
      await world.store.delete(part.chunks?.map(({ key }) => key) ?? []);
      await assertRefused(leader.backend.epochComplete({ epoch: 5, parts: [part] }), "PartialLost", "no");
      assert.equal(await world.commit(5), "nothing");
    },
  },
  {
    id: "H14",
    title: "nothing of a chunk that is gone, or holds other bytes, is given out",
    rules: ["handle-checks-the-digest", "absent-object-of-a-seal-is-an-error"],
    async run(world) {
      const leader = await world.lead("A", 1);
      const { chunks = [] } = await sealStream(leader, 5, "x");
      const key = chunks[0]?.key ?? "";
      const handle = await leader.backend.latest();
      await damage(world, key, "y");
      await assertRefused(given(handle), "Corrupt", "yes");
      await world.store.delete([key]);
      await assertRefused(given(handle), "PartialLost", "yes");
    },
  },
  {
    id: "H15",
    title: "chunks that do not make up what was sealed are neither sealed nor given out",
    rules: ["receipt-is-of-its-chunks", "chunks-make-up-the-whole"],
    async run(world) {
      const leader = await world.lead("A", 1);
      const [zero, one] = [await leader.stream(5, 0, "x"), await leader.stream(5, 1, "y")];
      const mixed = { ...zero, sha256: one.sha256 };
      await assertRefused(
        leader.backend.epochComplete({ epoch: 5, parts: [mixed] }),
        "ReceiptInvalid",
        "unknown",
      );
      assertComplete(await leader.backend.epochComplete({ epoch: 5, parts: [zero] }));
      const text = (await world.text("epoch=5/_COMMIT")) ?? "";
      await damage(world, "epoch=5/_COMMIT", text.replace(zero.sha256, one.sha256));
      const handle = await (await world.open("B")).backend.latest();
      await assertRefused(given(handle), "Corrupt", "yes");
    },
  },
  {
    id: "H18",
    title: "a zombie's chunk goes beside what was sealed, and a restore reads what was sealed",
    rules: ["chunks-are-named-objects"],
    async run(world) {
      const leader = await world.lead("A", 1);
      await sealStream(leader, 5, "sealed");
      const zombie = await world.open("Z");
      await zombie.stream(5, 0, "zombie");
      await zombie.stream(5, 0, "sealed");
      assert.equal(await restored(await leader.backend.latest(), 0), "sealed");
    },
  },
];

/** Takes all, and gives something else. */
async function* otherBytes(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of bytes) yield piece.subarray(0, 1);
}

async function* brokenAfter(text: string): AsyncGenerator<Uint8Array, void, undefined> {
  yield* streamOf(text);
  throw new Error("the source has failed");
}

/** All that a restore as a stream is given. */
async function given(handle: SealedEpoch | undefined): Promise<readonly Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  for await (const piece of handle?.stream(0) ?? []) pieces.push(piece);
  return pieces;
}

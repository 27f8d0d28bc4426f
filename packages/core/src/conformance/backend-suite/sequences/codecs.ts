import assert from "node:assert/strict";
import type { Codec } from "../../../codec.ts";
import type { Sequence } from "../sequence.ts";
import { type Actor, assertComplete, assertRefused, bytesOf, damage, restored, textOf } from "../world.ts";

/** Reverses the bytes, after a mark of `saltBytes` that is another one each time. */
function reversing(id: string, saltBytes: number): Codec {
  let calls = 0;
  return {
    id,
    encode: async (bytes) => {
      calls += 1;
      return new Uint8Array([...new Uint8Array(saltBytes).fill(calls), ...bytes.toReversed()]);
    },
    decode: async (bytes) => bytes.subarray(saltBytes).toReversed(),
  };
}

/** Bytes that a codec stands before. */
export const codecSequences: readonly Sequence[] = [
  {
    id: "Q01",
    title: "what a codec wrote is read back for ever, whichever codec writes now",
    rules: ["coded-entries-are-format-2"],
    async run(world) {
      const [old, now] = [reversing("old", 0), reversing("new", 1)];
      const first = await world.lead("A", 1, { codecs: [old] });
      const offsets = { epoch: 3, name: "offsets", assignmentVersion: 1, bytes: bytesOf("offsets") };
      const attachments = [await first.backend.writeAttachment(offsets)];
      const parts = [await first.write(3, 0, "zero"), await first.stream(3, 1, "one"), given(2, "two")];
      assertComplete(await first.backend.epochComplete({ epoch: 3, parts, attachments }));
      assert.equal(await world.text("epoch=3/vnode=0/partial.bin"), "orez");
      assert.equal(await world.text("epoch=3/attachment/offsets/data.bin"), "stesffo");

      const second = await world.lead("B", 2, { codecs: [now, old] });
      const { epoch } = (await second.backend.latest()) ?? assert.fail();
      const next = { epoch: epoch + 2, parts: [await second.write(epoch + 2, 0, "ZERO")], unchanged: [1, 2] };
      assertComplete(await second.backend.epochComplete(next));
      await second.backend.pruneBefore(next.epoch);
      const handle = await second.backend.latest();
      const texts = await Promise.all([0, 1, 2].map((vnode) => restored(handle, vnode)));
      assert.deepEqual(texts, ["ZERO", "one", "two"]);
      assert.equal(handle?.seal.format, 2);

      const without = await world.open("C", { codecs: [now] });
      await assertRefused(restored(await without.backend.latest(), 1), "UnknownCodec", "yes");
    },
  },
  {
    id: "Q02",
    title:
      "an epoch that is sealed is complete for the same bytes, though their codec gives others each time",
    rules: ["coded-bytes-are-compared-as-they-were-given"],
    async run(world) {
      const leader = await world.lead("A", 1, { codecs: [reversing("salted", 1)] });
      const write = async (text: string): Promise<void> => {
        const parts = [await leader.write(5, 0, text), await leader.stream(5, 1, text), given(2, text)];
        assertComplete(await leader.backend.epochComplete({ epoch: 5, parts }));
      };
      await write("five");
      await write("five");
      await assertRefused(write("FIVE"), "SealMismatch", "yes");
      const handle = await leader.backend.latest();
      const texts = await Promise.all([0, 1, 2].map((vnode) => restored(handle, vnode)));
      assert.deepEqual(texts, ["five", "five", "five"]);
    },
  },
  {
    id: "Q03",
    title: "what does not decode to the bytes that were given is never given out",
    rules: ["decoded-bytes-are-checked"],
    async run(world) {
      const codec = reversing("codec", 0);
      const leader = await world.lead("A", 1, { codecs: [codec] });
      await leader.seal(5, { 0: "five" });
      const broken = [
        { ...codec, decode: async () => bytesOf("FIVE") },
        { ...codec, decode: async () => bytesOf("more than five") },
        { ...codec, decode: () => Promise.reject(new Error("no such frame")) },
      ];
      for (const wrong of broken) {
        const reader = await world.open("B", { codecs: [wrong] });
        await assertRefused(restored(await reader.backend.latest(), 0), "Corrupt", "yes");
      }
    },
  },
  {
    id: "Q04",
    title: "chunks that a codec wrote are used again, and say the epoch that they were written in",
    rules: ["reused-chunk-is-named-by-the-newest-seal"],
    async run(world) {
      const codec = reversing("salted", 1);
      const seen: unknown[] = [];
      const decode: Codec["decode"] = (bytes, context) => {
        seen.push(context);
        return codec.decode(bytes, context);
      };
      const leader = await world.lead("A", 1, { codecs: [{ ...codec, decode }] });
      const three = await leader.stream(3, 0, "x");
      assertComplete(await leader.backend.epochComplete({ epoch: 3, parts: [three] }));
      const four = await leader.stream(4, 0, "x", { reuse: await leader.backend.latest() });
      assert.deepEqual(four.chunks, three.chunks);
      assertComplete(await leader.backend.epochComplete({ epoch: 4, parts: [four] }));
      assert.equal(await restored(await leader.backend.latest(), 0), "x");
      assert.deepEqual(seen, [{ writtenAt: 3, vnode: 0, size: 1 }]);

      const other = await world.lead("B", 2, { codecs: [reversing("other", 0), codec] });
      const { epoch } = (await other.backend.latest()) ?? assert.fail();
      const part = await other.stream(epoch + 2, 0, "x", { reuse: await other.backend.latest() });
      assert.equal(part.codec, "other");
      assert.notDeepEqual(part.chunks, three.chunks);
      const mixed = { ...four, epoch: epoch + 2, assignmentVersion: 2, codec: "other" };
      const complete = other.backend.epochComplete({ epoch: epoch + 2, parts: [mixed] });
      await assertRefused(complete, "ReceiptRequired", "no");
    },
  },
  {
    id: "Q05",
    title: "before the seal nothing but its receipt says which codec wrote a partial",
    rules: ["unsealed-bytes-of-another-are-not-decoded", "accept-listed-takes-no-coded-bytes"],
    async run(world) {
      const codecs = [reversing("codec", 0)];
      const [writer, other] = [await world.open("A", { codecs }), await world.open("B", { codecs })];
      await writer.write(5, 0, "five");
      assert.equal(await read(writer), "five");
      await assertRefused(read(other), "ReceiptRequired", "unknown");
      const accepting = await world.open("C", { codecs, acceptListed: true });
      const complete = accepting.backend.epochComplete({ epoch: 5, parts: [0] });
      await assertRefused(complete, "ReceiptRequired", "no");
      assertComplete(await writer.backend.epochComplete({ epoch: 5, parts: [0] }));
      assert.equal(await read(other), "five");
    },
  },
  {
    id: "Q06",
    title: "coded bytes in the seal that are not those that were sealed are never given out",
    rules: ["handle-checks-the-digest"],
    async run(world) {
      const codecs = [reversing("codec", 0)];
      const { backend } = await world.lead("A", 1, { codecs });
      assertComplete(await backend.epochComplete({ epoch: 0, parts: [given(0, "zero")] }));
      const text = (await world.text("epoch=0/_COMMIT")) ?? "";
      await damage(world, "epoch=0/_COMMIT", text.replace(btoa("orez"), btoa("OREZ")));
      const handle = await (await world.open("B", { codecs })).backend.latest();
      await assertRefused(restored(handle, 0), "Corrupt", "yes");
    },
  },
];

function given(vnode: number, text: string): { readonly vnode: number; readonly bytes: Uint8Array } {
  return { vnode, bytes: bytesOf(text) };
}

async function read({ backend }: Actor): Promise<string | undefined> {
  return textOf(await backend.readPartial({ epoch: 5, vnode: 0 }));
}

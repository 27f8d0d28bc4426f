import { beforeEach, describe, expect, test } from "vitest";
import { wholeOf } from "../../src/chunking.ts";
import { type Actor, World } from "../../src/conformance/backend-suite/world.ts";
import { chunkKey } from "../../src/layout.ts";
import { mirrored } from "../support/codecs.ts";
import { MapStore } from "../support/map-store.ts";
import { rejectionOf } from "../support/rejection.ts";
import { block, small, streamOf, writeStream } from "../support/streams.ts";

type Fields = Readonly<Record<string, unknown>>;

const a = "a".repeat(64);
const b = "b".repeat(64);
const first = { key: chunkKey(5, 1, a), size: small, sha256: a };
const last = { key: chunkKey(5, 1, b), size: 5, sha256: b };
const plain = { size: 9, sha256: b };
const coded = { ...last, plain };

/** A receipt of epoch 5 with these chunks, whose sizes and digests are right. */
async function receiptOf(chunks: readonly Fields[], codec?: string): Promise<Fields> {
  const whole = await wholeOf(chunks as never, codec);
  return { epoch: 5, vnode: 1, assignmentVersion: 0, ...whole, chunks };
}

let actor: Actor;

beforeEach(async () => {
  actor = await new World(new MapStore(), { chunkBytes: small }).open("A");
});

const noChunks: readonly { what: string; chunks: readonly unknown[] }[] = [
  { what: "null", chunks: [null] },
  { what: "a number", chunks: [5] },
  { what: "a list", chunks: [[first]] },
  { what: "a hole", chunks: Array.from({ length: 1 }) },
  { what: "no key", chunks: [{ size: 5, sha256: b }] },
  { what: "the key of a whole", chunks: [{ ...last, key: "epoch=5/vnode=1/partial.bin" }] },
  { what: "the key of another vnode", chunks: [{ ...last, key: chunkKey(5, 2, b) }] },
  { what: "the key of a higher epoch", chunks: [{ ...last, key: chunkKey(6, 1, b) }] },
  { what: "the key of another digest", chunks: [{ ...last, key: chunkKey(5, 1, a) }] },
  { what: "no digest", chunks: [{ ...last, sha256: undefined }] },
  { what: "an upper-case digest", chunks: [{ ...last, sha256: b.toUpperCase() }] },
  { what: "no bytes", chunks: [{ ...last, size: 0 }] },
  { what: "a small chunk that is not the last", chunks: [last, first] },
  { what: "a negative size", chunks: [{ ...last, size: -5 }] },
  { what: "half a byte", chunks: [{ ...last, size: 0.5 }] },
  { what: "a size that is text", chunks: [{ ...last, size: "5" }] },
  { what: "something encoded without a codec", chunks: [coded] },
];

describe("a receipt with chunks", () => {
  test.for(noChunks)("of which one is $what is refused before anything is sent", async ({ chunks }) => {
    const size = chunks.length === 2 ? small + 5 : 5;
    const receipt = { epoch: 5, vnode: 1, assignmentVersion: 0, size, sha256: a, chunks };
    await expectRefused(receipt, "ReceiptInvalid");
  });

  const wrong: readonly { what: string; change: Fields; error: string }[] = [
    { what: "a key too", change: { key: first.key }, error: "ReceiptInvalid" },
    { what: "another size", change: { size: small + 6 }, error: "ReceiptInvalid" },
    { what: "another digest", change: { sha256: b }, error: "ReceiptInvalid" },
    { what: "no digest", change: { sha256: undefined }, error: "TypeError" },
    { what: "no hex digest", change: { sha256: "a" }, error: "RangeError" },
    { what: "no size", change: { size: undefined }, error: "TypeError" },
    { what: "a negative size", change: { size: -1 }, error: "RangeError" },
    { what: "another epoch", change: { epoch: 6 }, error: "ReceiptInvalid" },
    { what: "another vnode", change: { vnode: 2 }, error: "ReceiptInvalid" },
    { what: "a vnode beyond all", change: { vnode: 128 }, error: "RangeError" },
    { what: "no version", change: { assignmentVersion: undefined }, error: "TypeError" },
    { what: "chunks that are null", change: { chunks: null }, error: "TypeError" },
    { what: "chunks that are an object", change: { chunks: { 0: first } }, error: "TypeError" },
    { what: "a chunk fewer", change: { chunks: [first] }, error: "ReceiptInvalid" },
    { what: "a codec and nothing encoded", change: { codec: "mirrored" }, error: "TypeError" },
    { what: "something encoded and no codec", change: { plain }, error: "TypeError" },
    { what: "a codec, and chunks without", change: { codec: "c", plain }, error: "ReceiptInvalid" },
    {
      what: "too many chunks",
      change: { size: 65_537 * small, chunks: Array.from({ length: 65_537 }, () => first) },
      error: "ReceiptInvalid",
    },
  ];

  test.for(wrong)("that has $what is refused before anything is sent", async ({ change, error }) => {
    await expectRefused({ ...(await receiptOf([first, last])), ...change }, error);
  });

  const wrongCoded: readonly { what: string; change: Fields; error: string }[] = [
    { what: "no codec", change: { codec: undefined }, error: "TypeError" },
    { what: "a codec without a name", change: { codec: "" }, error: "RangeError" },
    { what: "a codec of two words", change: { codec: "two words" }, error: "RangeError" },
    { what: "nothing encoded", change: { plain: undefined }, error: "TypeError" },
    { what: "null encoded", change: { plain: null }, error: "TypeError" },
    { what: "another size encoded", change: { plain: { ...plain, size: 8 } }, error: "ReceiptInvalid" },
    { what: "another digest encoded", change: { plain: { size: 9, sha256: a } }, error: "ReceiptInvalid" },
    { what: "a chunk that is not coded", change: { chunks: [last] }, error: "ReceiptInvalid" },
    { what: "a chunk of null", change: { chunks: [{ ...last, plain: null }] }, error: "ReceiptInvalid" },
    {
      what: "a chunk of nothing",
      change: { plain: { size: 0, sha256: a }, chunks: [{ ...last, plain: { size: 0, sha256: a } }] },
      error: "ReceiptInvalid",
    },
  ];

  test.for(wrongCoded)("that is coded and has $what is refused", async ({ change, error }) => {
    await expectRefused({ ...(await receiptOf([coded], "c")), ...change }, error);
  });

  test("is good if nothing is wrong with it", async () => {
    for (const receipt of [
      await receiptOf([first, last]),
      await receiptOf([coded], "c"),
      await receiptOf([]),
    ]) {
      const call = actor.backend.epochComplete({ epoch: 5, parts: [receipt as never] });
      const isEmpty = receipt["size"] === 0;
      if (isEmpty) expect(await call).toMatchObject({ complete: true, seal: { format: 2 } });
      else expect(await rejectionOf(call)).toMatchObject({ code: "PartialLost", sealed: "no" });
    }
  });

  test("cannot be changed, nor can the seal that names it", async () => {
    const { backend } = await new World(new MapStore(), { chunkBytes: small, codecs: [mirrored] }).open("A");
    const receipt = await backend.writePartial({
      epoch: 5,
      vnode: 1,
      assignmentVersion: 0,
      bytes: streamOf(block(1)),
    });
    const whole = await backend.writePartial({ epoch: 5, vnode: 2, assignmentVersion: 0, bytes: block(2) });
    expect(unfrozen([receipt, whole], "receipts")).toEqual(["receipts"]);
    const sent = JSON.parse(JSON.stringify([receipt, whole])) as (typeof receipt)[];
    const inline = { vnode: 3, bytes: block(3, 3) };
    const outcome = await backend.epochComplete({ epoch: 5, parts: [...sent, inline] });
    expect(unfrozen(outcome.complete ? outcome.seal : expect.fail("not complete"), "seal")).toEqual([]);
    expect(unfrozen((await backend.latest())?.seal, "latest")).toEqual([]);
  });
});

/** Where something can be changed. */
function unfrozen(value: unknown, path: string): string[] {
  if (typeof value !== "object" || value === null) return [];
  const inside = Object.entries(value).flatMap(([name, each]) => unfrozen(each, `${path}.${name}`));
  return Object.isFrozen(value) ? inside : [path, ...inside];
}

async function expectRefused(receipt: unknown, error: string): Promise<void> {
  const sent = actor.store.requests.length;
  const call = actor.backend.epochComplete({ epoch: 5, parts: [receipt as never] });
  const reason = await rejectionOf(call);
  expect(reason).toMatchObject(error === "ReceiptInvalid" ? { code: error } : { name: error });
  expect(actor.store.requests.slice(sent)).toEqual([]);
}

test("what a backend wrote is not sent again by it, and is by another", async () => {
  const receipt = await writeStream(actor, 5, streamOf(block(1)));
  expect(await writeStream(actor, 5, streamOf(block(1)))).toEqual(receipt);
  expect(actor.store.requests.filter((request) => request.includes("chunk"))).toHaveLength(1);
});

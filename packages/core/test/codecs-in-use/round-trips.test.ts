import { beforeEach, describe, expect, test } from "vitest";
import { type Actor, assertComplete, World } from "../../src/conformance/backend-suite/world.ts";
import type { Codec, CodecContext, DecodeContext, OpenOptions, PartialReceipt } from "../../src/index.ts";
import { mirrored, salted } from "../support/codecs.ts";
import { MapStore } from "../support/map-store.ts";
import { rejectionOf } from "../support/rejection.ts";
import {
  all,
  block,
  chunked,
  chunkRequests,
  shown,
  small,
  streamOf,
  writeStream,
} from "../support/streams.ts";

async function through(
  bytes: Uint8Array<ArrayBuffer>,
  transform: CompressionStream | DecompressionStream,
): Promise<Uint8Array> {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(transform)).arrayBuffer());
}

const gzip: Codec = {
  id: "gzip",
  encode: (bytes) => through(bytes, new CompressionStream("gzip")),
  decode: (bytes) => through(bytes, new DecompressionStream("gzip")),
};

let world: World;

beforeEach(() => {
  world = new World(new MapStore(), { chunkBytes: small });
});

interface Written {
  readonly actor: Actor;
  readonly parts: readonly PartialReceipt[];
}

const inline = { vnode: 3, bytes: block(7, 9) };

/** Vnode 1 in chunks, 2 in an object, 3 in the seal, and an attachment. */
async function sealAll(options: Partial<OpenOptions>, epoch = 5): Promise<Written> {
  const actor = await world.open("A", options);
  const { backend } = actor;
  const parts = [
    await writeStream(actor, epoch, streamOf(block(1), block(2, 5))),
    await actor.write(epoch, 2, "two"),
  ];
  const offsets = { epoch, name: "offsets", assignmentVersion: 0, bytes: block(8, 8) };
  const attachments = [await backend.writeAttachment(offsets)];
  assertComplete(await backend.epochComplete({ epoch, parts: [...parts, inline], attachments }));
  return { actor, parts };
}

async function readAll({ backend }: Actor, epoch = 5): Promise<readonly string[]> {
  const handle = await backend.sealed(epoch);
  const two = await handle?.read(2);
  return [
    ...shown(await all(handle?.stream(1))),
    ...shown([(await handle?.read(1)) ?? block(0)]),
    new TextDecoder().decode(two),
    ...shown([(await handle?.read(3)) ?? block(0), (await handle?.readAttachment("offsets")) ?? block(0)]),
  ];
}

const everything = ["1 x 65536", "2 x 5", `mixed ${small + 5}`, "two", "7 x 9", "8 x 8"];

describe("a codec", () => {
  test.for([mirrored, salted, gzip])("$id writes and reads all", async (codec) => {
    const { actor } = await sealAll({ codecs: [codec] });
    expect(await readAll(actor)).toEqual(everything);
    const seal = (await actor.backend.sealed(5))?.seal;
    expect(seal?.format).toBe(2);
    for (const entry of [...(seal?.partials ?? []), ...(seal?.attachments ?? [])])
      expect(entry).toMatchObject({ codec: codec.id, plain: { size: expect.any(Number) } });
    expect(seal?.partials[0]?.plain?.size).toBe(small + 5);
    // What is stored is what was encoded.
    for (const { key, size } of seal?.partials[0]?.chunks ?? [])
      expect((await world.store.get(key))?.length).toBe(size);
    const later = await world.open("B", { codecs: [gzip, salted, mirrored] });
    expect(await readAll(later)).toEqual(everything);
  });

  test("that is not there makes the same entries of format 1", async () => {
    const coded = await world.open("A", { codecs: [mirrored] });
    await coded.seal(5, { 2: "two" });
    const plain = await world.open("A");
    await plain.seal(6, { 2: "two" });
    const [five, six] = await Promise.all([world.text("epoch=5/_COMMIT"), world.text("epoch=6/_COMMIT")]);
    expect(five).toContain('{"format":2,');
    expect(six).toMatch(
      /^\{"format":1,"epoch":6,"committer":"A","incarnation":"[^"]+","assignmentVersion":0,"at":\d+,"partials":\[\{"vnode":2,"key":"epoch=6\/vnode=2\/partial.bin","size":3,"sha256":"[0-9a-f]{64}"\}\],"attachments":\[\]\}$/,
    );
  });

  test("that was changed reads what it wrote before, and what was copied from there", async () => {
    await sealAll({ codecs: [mirrored] });
    const leader = await world.lead("A", 1, { codecs: [salted, mirrored] });
    const epoch = (await leader.backend.sealed(5))?.seal.epoch ?? 0;
    await leader.seal(epoch + 2, { 4: "four" }, [1, 2, 3]);
    const handle = await leader.backend.sealed(epoch + 2);
    expect(handle?.seal.partials.map(({ codec }) => codec)).toEqual([
      "mirrored",
      "mirrored",
      "mirrored",
      "salted",
    ]);
    expect(shown([(await handle?.read(3)) ?? block(0)])).toEqual(["7 x 9"]);
    expect(shown(await all(handle?.stream(1)))).toEqual(["1 x 65536", "2 x 5"]);
    expect(await readAll(leader)).toEqual(everything);
  });

  test("that the reader does not have is an UnknownCodec, by its key", async () => {
    await sealAll({ codecs: [mirrored] });
    const { backend } = await world.open("B", { codecs: [salted] });
    const handle = await backend.sealed(5);
    for (const vnode of [1, 2, 3]) {
      const error = await rejectionOf(handle?.read(vnode) ?? Promise.resolve());
      expect(error).toMatchObject({ code: "UnknownCodec", vnode, sealed: "yes", key: expect.any(String) });
    }
    expect(await rejectionOf(handle?.readAttachment("offsets") ?? Promise.resolve())).toMatchObject({
      code: "UnknownCodec",
    });
  });

  test("gets the context that it had, also for chunks of lower epochs", async () => {
    const encoded: [number, CodecContext][] = [];
    const decoded: DecodeContext[] = [];
    const codec: Codec = {
      id: "noted",
      encode: async (bytes, context) => {
        encoded.push([bytes.length, context]);
        return bytes.slice();
      },
      decode: async (bytes, context) => {
        decoded.push(context);
        return bytes;
      },
    };
    await sealAll({ codecs: [codec] });
    const written = [
      { writtenAt: 5, vnode: 1, size: small },
      { writtenAt: 5, vnode: 1, size: 5 },
      { writtenAt: 5, vnode: 2, size: 3 },
      { writtenAt: 5, vnode: 3, size: 9 },
      { writtenAt: 5, attachment: "offsets", size: 8 },
    ];
    expect(encoded.map(([size, context]) => ({ ...context, size })).toSorted(byText)).toEqual(
      written.toSorted(byText),
    );

    const leader = await world.lead("A", 1, { codecs: [codec] });
    const reuse = await leader.backend.latest();
    const again = await writeStream(leader, 8, streamOf(block(1), block(3, 5)), { reuse });
    assertComplete(await leader.backend.epochComplete({ epoch: 8, parts: [again], unchanged: [2, 3] }));
    decoded.length = 0;
    const handle = await leader.backend.sealed(8);
    for (const vnode of [1, 2, 3]) await handle?.read(vnode);
    await reuse?.readAttachment("offsets");
    const [first, second, ...others] = written;
    expect(decoded.toSorted(byText)).toEqual(
      [first, { ...second, writtenAt: 8 }, ...others].toSorted(byText),
    );
  });
});

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

describe("a codec that gives other bytes each time", () => {
  test("makes replays a success, and other bytes a SealMismatch", async () => {
    const { actor, parts } = await sealAll({ codecs: [salted] });
    const { backend } = actor;
    const again = [
      await writeStream(actor, 5, streamOf(block(1), block(2, 5))),
      await actor.write(5, 2, "two"),
    ];
    expect(again[0]).toEqual(parts[0]);
    expect(again[1]?.key).not.toBe(parts[1]?.key);
    const offsets = { epoch: 5, name: "offsets", assignmentVersion: 0, bytes: block(8, 8) };
    const attachments = [await backend.writeAttachment(offsets)];
    assertComplete(await backend.epochComplete({ epoch: 5, parts: [...again, inline], attachments }));
    const other = { vnode: 3, bytes: block(6, 9) };
    const calls = [
      [...again, other],
      [await writeStream(actor, 5, streamOf(block(1), block(3, 5))), ...again.slice(1)],
      [await actor.write(5, 2, "owt")],
    ];
    for (const wrong of calls)
      expect(await rejectionOf(backend.epochComplete({ epoch: 5, parts: wrong, attachments }))).toMatchObject(
        {
          code: "SealMismatch",
          sealed: "yes",
        },
      );
  });

  test("sends the chunks of its last write once", async () => {
    const actor = await world.open("A", { codecs: [salted] });
    const first = await writeStream(actor, 5, streamOf(block(1), block(1), block(2)));
    expect(chunkRequests(actor, "create")).toHaveLength(2);
    expect(first.chunks[0]).toEqual(first.chunks[1]);
    expect(await writeStream(actor, 5, streamOf(block(1), block(1), block(2)))).toEqual(first);
    expect(chunkRequests(actor, "create")).toHaveLength(2);
  });
});

describe("readPartial of what is not sealed", () => {
  test("decodes what this backend wrote, and nothing else", async () => {
    const actor = await world.open("A", { codecs: [salted] });
    await writeStream(actor, 6, streamOf(block(1), block(1, 5)));
    await actor.write(6, 2, "two");
    expect(shown([(await actor.backend.readPartial({ epoch: 6, vnode: 1 })) ?? block(0)])).toEqual([
      "1 x 65541",
    ]);
    expect(new TextDecoder().decode(await actor.backend.readPartial({ epoch: 6, vnode: 2 }))).toBe("two");
    const { backend } = await world.open("B", { codecs: [salted] });
    expect(await rejectionOf(backend.readPartial({ epoch: 6, vnode: 2 }))).toMatchObject({
      code: "ReceiptRequired",
    });
    expect(await backend.readPartial({ epoch: 6, vnode: 9 })).toBeUndefined();
  });
});

test("a number that stands for what is listed cannot say which codec wrote it", async () => {
  await (await world.open("A", { codecs: [mirrored] })).write(5, 2, "two");
  const { backend } = await world.open("B", { codecs: [mirrored], acceptListed: true });
  expect(await rejectionOf(backend.epochComplete({ epoch: 5, parts: [2] }))).toMatchObject({
    code: "ReceiptRequired",
    sealed: "no",
    vnode: 2,
  });
  expect(await world.commit(5)).toBe("nothing");
});

test("a receipt of a chunked write survives JSON", async () => {
  const actor = await world.open("A", { codecs: [salted] });
  const receipt = await writeStream(actor, 5, streamOf(block(1), block(2)));
  const sent = chunked(JSON.parse(JSON.stringify(receipt)) as PartialReceipt);
  expect(sent).toStrictEqual(receipt);
  const leader = await world.open("L", { codecs: [salted] });
  assertComplete(await leader.backend.epochComplete({ epoch: 5, parts: [sent] }));
  expect(shown(await all((await leader.backend.sealed(5))?.stream(1)))).toEqual(["1 x 65536", "2 x 65536"]);
});

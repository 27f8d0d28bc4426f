import { beforeEach, describe, expect, test } from "vitest";
import { type Actor, assertComplete, World } from "../../src/conformance/backend-suite/world.ts";
import type { Codec } from "../../src/index.ts";
import { mirrored } from "../support/codecs.ts";
import { MapStore } from "../support/map-store.ts";
import { rejectionOf } from "../support/rejection.ts";
import { block, small, streamOf, untilFailure, writeStream } from "../support/streams.ts";

const cause = new Error("no such key");
let world: World;

beforeEach(() => {
  world = new World(new MapStore(), { chunkBytes: small });
});

function never(): never {
  throw cause;
}

const noBytes: readonly { what: string; give: () => never; message: string }[] = [
  { what: "rejects", give: never, message: cause.message },
  { what: "gives a string", give: () => "bytes" as never, message: "must give a Uint8Array" },
  { what: "gives nothing", give: () => undefined as never, message: "must give a Uint8Array" },
  {
    what: "gives an ArrayBuffer",
    give: () => new ArrayBuffer(4) as never,
    message: "must give a Uint8Array",
  },
  {
    what: "gives a DataView",
    give: () => new DataView(new ArrayBuffer(4)) as never,
    message: "must give a Uint8Array",
  },
  { what: "gives a Uint16Array", give: () => new Uint16Array(4) as never, message: "must give a Uint8Array" },
];

const writes: readonly { how: string; write: (actor: Actor) => Promise<unknown> }[] = [
  { how: "a vnode", write: (actor) => actor.write(5, 1, "state") },
  { how: "a stream", write: (actor) => writeStream(actor, 5, streamOf(block(1, 5))) },
  {
    how: "an attachment",
    write: ({ backend }) =>
      backend.writeAttachment({ epoch: 5, name: "offsets", assignmentVersion: 0, bytes: block(1, 5) }),
  },
  {
    how: "bytes in the seal",
    write: ({ backend }) => backend.epochComplete({ epoch: 5, parts: [{ vnode: 1, bytes: block(1, 5) }] }),
  },
];

describe.for(noBytes)("encode that $what", ({ give, message }) => {
  test.for(writes)("fails the write of $how, and nothing is sent", async ({ write }) => {
    const codec: Codec = { ...mirrored, encode: async () => give() };
    const actor = await world.open("A", { codecs: [codec] });
    const sent = actor.store.requests.length;
    const error = await rejectionOf(write(actor));
    expect(error).toMatchObject({ code: "SourceFailed", sealed: "unknown", epoch: 5 });
    expect(error).toHaveProperty(
      "message",
      expect.stringContaining("codec mirrored could not encode 5 bytes"),
    );
    expect(error).toHaveProperty("cause.message", expect.stringContaining(message));
    expect(actor.store.requests.slice(sent)).toEqual([]);
  });
});

/** Vnode 1 in chunks, 2 in an object, 3 in the seal; read with a codec that decodes so. */
async function readerOf(decode: Codec["decode"]): Promise<Actor> {
  const actor = await world.open("A", { codecs: [mirrored] });
  const parts = [await writeStream(actor, 5, streamOf(block(1))), await actor.write(5, 2, "two")];
  const inline = { vnode: 3, bytes: block(3, 3) };
  assertComplete(await actor.backend.epochComplete({ epoch: 5, parts: [...parts, inline] }));
  return world.open("B", { codecs: [{ ...mirrored, decode }] });
}

describe("decode", () => {
  test.for(noBytes)("that $what is Corrupt with its cause", async ({ give, message }) => {
    const { backend } = await readerOf(async () => give());
    const handle = await backend.sealed(5);
    for (const vnode of [1, 2, 3]) {
      const { pieces, error } = await untilFailure(handle?.stream(vnode));
      expect(pieces).toEqual([]);
      expect(error).toMatchObject({
        code: "Corrupt",
        sealed: "yes",
        epoch: 5,
        vnode,
        key: expect.any(String),
      });
      expect(error).toHaveProperty("cause.message", expect.stringContaining(message));
    }
  });

  test.for<{ what: string; decode: Codec["decode"] }>([
    { what: "too much", decode: async (bytes) => new Uint8Array([...bytes.toReversed(), 1]) },
    { what: "too little", decode: async (bytes) => bytes.toReversed().subarray(1) },
    { what: "other bytes", decode: async (bytes) => new Uint8Array(bytes.length) },
  ])("that gives $what is Corrupt", async ({ decode }) => {
    const { backend } = await readerOf(decode);
    const handle = await backend.sealed(5);
    for (const vnode of [1, 2, 3]) {
      const { pieces, error } = await untilFailure(handle?.stream(vnode));
      expect(pieces).toEqual([]);
      expect(error).toMatchObject({ code: "Corrupt", vnode });
      expect(error).toHaveProperty("message", expect.stringContaining("that were encoded"));
    }
  });
});

test("a chunk that cannot be encoded is no receipt, though others were sent", async () => {
  const codec: Codec = {
    ...mirrored,
    encode: async (bytes) => (bytes.length === small ? bytes.toReversed() : never()),
  };
  const actor = await world.open("A", { codecs: [codec] });
  const error = await rejectionOf(writeStream(actor, 5, streamOf(block(1), block(2, 5))));
  expect(error).toMatchObject({ code: "SourceFailed", vnode: 1, cause });
  expect(await actor.backend.epochComplete({ epoch: 5, parts: [1] })).toMatchObject({ complete: false });
});

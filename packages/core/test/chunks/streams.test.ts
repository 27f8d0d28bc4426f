import { Readable } from "node:stream";
import { beforeEach, describe, expect, test } from "vitest";
import { type Actor, assertComplete, World } from "../../src/conformance/backend-suite/world.ts";
import { StoreError } from "../../src/errors.ts";
import { bytesInFlight } from "../../src/limits.ts";
import { MapStore } from "../support/map-store.ts";
import { rejectionOf } from "../support/rejection.ts";
import {
  all,
  block,
  chunkRequests,
  joined,
  piecesOf,
  shown,
  small,
  Source,
  streamOf,
  varied,
  writeStream,
} from "../support/streams.ts";
import { nextIteration } from "../../src/conformance/store-suite/operations.ts";

let world: World;
let actor: Actor;

beforeEach(async () => {
  world = new World(new MapStore(), { chunkBytes: small });
  actor = await world.open("A");
});

/** No receipt is remembered of vnode 1 of epoch 5. */
async function expectUnwritten(): Promise<void> {
  const outcome = await actor.backend.epochComplete({ epoch: 5, parts: [1] });
  expect(outcome).toEqual({ complete: false, missing: [1] });
}

/** Seals vnode 1 of epoch 5, and reads it in both ways. */
async function sealedAndRead(): Promise<{ whole: Uint8Array | undefined; pieces: Uint8Array[] }> {
  assertComplete(await actor.backend.epochComplete({ epoch: 5, parts: [1] }));
  const handle = await actor.backend.sealed(5);
  return { whole: await handle?.read(1), pieces: await all(handle?.stream(1)) };
}

describe("a stream is written and read back", () => {
  test.for([
    { size: 0, chunks: [] },
    { size: 1, chunks: [1] },
    { size: small - 1, chunks: [small - 1] },
    { size: small, chunks: [small] },
    { size: small + 1, chunks: [small, 1] },
    { size: 3 * small, chunks: [small, small, small] },
    { size: 9 * small + 7, chunks: [...Array.from({ length: 9 }, () => small), 7] },
  ])("of $size bytes", async ({ size, chunks }) => {
    const bytes = varied(size);
    const receipt = await writeStream(actor, 5, streamOf(...piecesOf(bytes, 1, 70_001, 300)));
    expect(receipt.chunks.map((chunk) => chunk.size)).toEqual(chunks);
    expect(receipt).toMatchObject({ epoch: 5, vnode: 1, size });
    const { whole, pieces } = await sealedAndRead();
    expect(pieces.map(({ length }) => length)).toEqual(chunks);
    expect([Buffer.compare(joined(pieces), bytes), Buffer.compare(whole ?? block(9), bytes)]).toEqual([0, 0]);
  });

  const bytes = varied(2 * small + 5);
  const sources = {
    "a Node stream": () => Readable.from(piecesOf(bytes, 4096)),
    "a web stream": () => Readable.toWeb(Readable.from(piecesOf(bytes, 4096))) as AsyncIterable<Uint8Array>,
    "a generator": () => streamOf(...piecesOf(bytes, 4096)),
    "one large piece": () => streamOf(bytes),
    "empty pieces too": () => streamOf(block(1, 0), bytes, block(1, 0)),
    "an iterator of its own": () => new Source([...piecesOf(bytes, small - 1)]),
    Buffers: () => streamOf(...[...piecesOf(bytes, 999)].map((piece) => Buffer.from(piece))),
  };

  test.for(Object.entries(sources))("from %s", async ([, source]) => {
    const receipt = await writeStream(actor, 5, source());
    expect(receipt).toEqual(await writeStream(actor, 6, streamOf(bytes)).then(asEpoch5));
    expect(Buffer.compare((await sealedAndRead()).whole ?? block(9), bytes)).toBe(0);
  });

  test("whose source uses one buffer for every piece", async () => {
    async function* reused(): AsyncGenerator<Uint8Array> {
      const buffer = new Uint8Array(1000);
      for (const piece of piecesOf(bytes, 1000)) {
        buffer.set(piece);
        yield buffer.subarray(0, piece.length);
      }
      buffer.fill(0);
    }
    await writeStream(actor, 5, reused());
    expect(Buffer.compare((await sealedAndRead()).whole ?? block(9), bytes)).toBe(0);
  });

  test("bytes with a cut are a stream, and may be changed once the call was made", async () => {
    const given = new Uint8Array(bytes);
    const call = writeStream(actor, 5, given, { cut: (pieces) => pieces });
    given.fill(0);
    expect((await call).chunks).toHaveLength(1);
    expect(Buffer.compare((await sealedAndRead()).whole ?? block(9), bytes)).toBe(0);
  });
});

function asEpoch5(receipt: { chunks: readonly { key: string }[] }): object {
  const chunks = receipt.chunks.map((chunk) => ({ ...chunk, key: chunk.key.replace("epoch=6", "epoch=5") }));
  return { ...receipt, epoch: 5, chunks };
}

describe("a source that fails gives no receipt", () => {
  const cause = new Error("the disk is gone");

  test.for([
    { when: "at the start", pieces: [], after: 0 },
    { when: "in the middle of a chunk", pieces: [block(1), block(2, 5)], after: small + 5 },
    { when: "at the end", pieces: [block(1), block(2)], after: 2 * small },
  ])("if it throws $when", async ({ pieces, after }) => {
    const error = await rejectionOf(writeStream(actor, 5, new Source(pieces, cause)));
    expect(error).toMatchObject({ code: "SourceFailed", sealed: "unknown", epoch: 5, vnode: 1, cause });
    expect(error).toHaveProperty("message", expect.stringContaining(`failed after ${after} bytes`));
    await expectUnwritten();
  });

  test.for([
    ["a string", "piece"],
    ["null", null],
    ["nothing", undefined],
    ["an array", [1, 2]],
    ["an ArrayBuffer", new ArrayBuffer(4)],
    ["a Uint16Array", new Uint16Array(4)],
    ["a DataView", new DataView(new ArrayBuffer(4))],
  ])("if it yields %s, and is closed", async ([, piece]) => {
    const source = new Source([block(1, 3), piece, block(1, 3)]);
    const error = await rejectionOf(writeStream(actor, 5, source));
    expect(error).toMatchObject({ code: "SourceFailed", cause: expect.any(TypeError) });
    expect(error).toHaveProperty("message", expect.stringContaining("piece 1 of bytes must be a Uint8Array"));
    expect([source.returns, chunkRequests(actor, "create")]).toEqual([1, []]);
  });
});

describe("the caller's abort", () => {
  test("does not wait for a source that hangs", async () => {
    const source = new Source([block(1)], "hangs");
    const controller = new AbortController();
    const call = rejectionOf(writeStream(actor, 5, source, { signal: controller.signal }));
    await source.hangs;
    controller.abort("enough");
    expect(await call).toBe("enough");
  });

  test("does not wait for the closing of a source", async () => {
    const closing = Promise.withResolvers<never>();
    let returns = 0;
    const source = {
      [Symbol.asyncIterator]: () => source,
      next: async () => ({ done: false as const, value: block(1) }),
      return: () => {
        returns += 1;
        return closing.promise;
      },
    };
    const controller = new AbortController();
    const { store } = actor;
    const held = store.hold(/chunk/);
    const call = rejectionOf(writeStream(actor, 5, source, { signal: controller.signal }));
    await held.arrived;
    controller.abort("enough");
    expect(await call).toBe("enough");
    expect(returns).toBe(1);
    held.release();
  });

  test("before the call asks the source for nothing", async () => {
    const source = new Source([block(1)]);
    const signal = AbortSignal.abort("before");
    expect(await rejectionOf(writeStream(actor, 5, source, { signal }))).toBe("before");
    expect([source.given, chunkRequests(actor, "create")]).toEqual([0, []]);
  });
});

describe("a chunk that cannot be written", () => {
  test("is no receipt: the source is closed, and nothing more is begun", async () => {
    const source = new Source(Array.from({ length: 50 }, (_, value) => block(value)));
    const held = actor.store.hold(/create .*chunk/);
    // The last of those that are under way at once.
    actor.store.refuse(/create .*chunk/, "Denied", { after: 6 });
    let isOver = false;
    const call = rejectionOf(writeStream(actor, 5, source)).finally(() => {
      isOver = true;
    });
    await held.arrived;
    while (chunkRequests(actor, "create").length < 8) await nextIteration();
    await nextIteration();
    expect(isOver).toBe(false);
    held.release();
    const error = await call;
    expect(error).toMatchObject({ code: "StoreFailed", sealed: "unknown", epoch: 5, vnode: 1 });
    expect(error).toHaveProperty(
      "key",
      expect.stringMatching(/^epoch=5\/vnode=1\/chunk\.[0-9a-f]{64}\.bin$/),
    );
    expect([source.returns, source.given]).toEqual([1, 8]);
    expect(chunkRequests(actor, "create")).toHaveLength(8);
    await expectUnwritten();
  });

  test("is read back if its outcome is unknown, and counts if it is there", async () => {
    actor.store.loseResponse(/create .*chunk/);
    const receipt = await writeStream(actor, 5, streamOf(block(1), block(2)));
    expect(chunkRequests(actor, "get")).toEqual([`get ${receipt.chunks[0]?.key}`]);
    expect(shown((await sealedAndRead()).pieces)).toEqual(["1 x 65536", "2 x 65536"]);
  });

  test("is read back if its outcome is unknown, and fails if it is not there", async () => {
    actor.store.lose(/create .*chunk/);
    const error = await rejectionOf(writeStream(actor, 5, streamOf(block(1))));
    expect(error).toMatchObject({ code: "StoreFailed", retryable: true, sealed: "unknown" });
    expect(chunkRequests(actor, "get")).toHaveLength(1);
    // What was written before is known only of a write that had a receipt.
    await writeStream(actor, 5, streamOf(block(1)));
    expect(shown((await sealedAndRead()).pieces)).toEqual(["1 x 65536"]);
  });
});

test("a stream that is written has never more than 8 MiB and a chunk under way", async () => {
  const size = 1024 * 1024;
  const writer = await world.open("B", { chunkBytes: size, concurrency: 1024 });
  const source = new Source(Array.from({ length: 60 }, (_, value) => block(value, size)));
  const held = Promise.withResolvers<void>();
  const sent: string[] = [];
  world.store.create = async (key) => {
    sent.push(key);
    await held.promise;
    return "created";
  };
  const call = writeStream(writer, 6, source);
  while (sent.length < bytesInFlight / size) await nextIteration();
  await nextIteration();
  expect([sent.length, source.given]).toEqual([8, 8]);
  held.resolve();
  expect((await call).chunks).toHaveLength(60);
});

describe("the array of a chunk", () => {
  const size = 1024 * 1024;

  test("is used again once the store has created it", async () => {
    const writer = await world.open("B", { chunkBytes: size });
    const arrays = seenArrays();
    const source = Array.from({ length: 60 }, (_, value) => block(value, size));
    const { chunks } = await writeStream(writer, 6, new Source(source));
    expect(arrays).toHaveLength(60);
    expect(new Set(arrays).size).toBeLessThanOrEqual(bytesInFlight / size + 1);
    assertComplete(await writer.backend.epochComplete({ epoch: 6, parts: [1] }));
    const read: (number | undefined)[] = [];
    for await (const piece of (await writer.backend.sealed(6))?.stream(1) ?? []) read.push(piece[0]);
    expect(read).toEqual(source.map(([value]) => value));
    expect(chunks).toHaveLength(60);
  });

  test("is not, if an attempt may still be at work on it", async () => {
    const writer = await world.open("B", { chunkBytes: size, retry: { attempts: 3, baseDelayMs: 0 } });
    const create = world.store.create.bind(world.store);
    const lost = new Map<ArrayBufferLike, string>();
    const again: string[] = [];
    const seen: string[] = [];
    world.store.create = async (key, body, options) => {
      if ((lost.get(body.buffer) ?? key) !== key) again.push(key);
      const number = seen.includes(key) ? 0 : seen.push(key);
      // Of every other chunk the first attempt fails, before it has created it or after, in turns.
      const created = number % 4 === 1 ? "created" : await create(key, body, options);
      if (number % 2 === 0) return created;
      lost.set(body.buffer, key);
      throw new StoreError("Unavailable", "no response");
    };
    await writeStream(writer, 6, new Source(Array.from({ length: 40 }, (_, value) => block(value, size))));
    expect(lost.size).toBeGreaterThan(10);
    expect(again).toEqual([]);
  });
});

/** What the store is given, in order. */
function seenArrays(): ArrayBufferLike[] {
  const arrays: ArrayBufferLike[] = [];
  const create = world.store.create.bind(world.store);
  world.store.create = (key, body, options) => {
    arrays.push(body.buffer);
    return create(key, body, options);
  };
  return arrays;
}

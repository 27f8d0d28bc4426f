import { beforeEach, describe, expect, test } from "vitest";
import { type Actor, assertComplete, damage, World } from "../../src/conformance/backend-suite/world.ts";
import { nextIteration } from "../../src/conformance/store-suite/operations.ts";
import type { ChunkedReceipt, SealedEpoch } from "../../src/index.ts";
import { wholeOf } from "../../src/chunking.ts";
import { chunkKey } from "../../src/layout.ts";
import { decodeCommit, encodeSeal, type Seal } from "../../src/seal.ts";
import { bytesInFlight } from "../../src/limits.ts";
import { MapStore } from "../support/map-store.ts";
import { rejectionOf } from "../support/rejection.ts";
import {
  all,
  block,
  chunkRequests,
  keysOf,
  shown,
  small,
  streamOf,
  untilFailure,
  writeStream,
} from "../support/streams.ts";

let world: World;
let actor: Actor;
let receipt: ChunkedReceipt;

beforeEach(async () => {
  world = new World(new MapStore(), { chunkBytes: small });
  actor = await world.open("A");
  receipt = await writeStream(actor, 5, streamOf(...[1, 2, 3, 4].map((value) => block(value))));
  const whole = await actor.write(5, 2, "whole");
  const inline = { vnode: 3, bytes: block(7, 9) };
  assertComplete(await actor.backend.epochComplete({ epoch: 5, parts: [receipt, whole, inline] }));
});

async function handle(reader: Actor = actor): Promise<SealedEpoch> {
  return (await reader.backend.sealed(5)) ?? expect.fail("epoch 5 is not sealed");
}

function keyOf(index: number): string {
  return keysOf(receipt.chunks)[index] ?? "";
}

/** Puts another seal in the place of that of epoch 5. */
async function reseal(change: (seal: Seal) => unknown): Promise<void> {
  const text = (await world.text("epoch=5/_COMMIT")) ?? "";
  await damage(world, "epoch=5/_COMMIT", JSON.stringify(change(JSON.parse(text) as Seal)));
}

describe("stream", () => {
  const chunks = ["1 x 65536", "2 x 65536", "3 x 65536", "4 x 65536"];

  test("gives a vnode in chunks, in an object, and in the seal; and undefined for no vnode", async () => {
    const epoch = await handle();
    expect(shown(await all(epoch.stream(1)))).toEqual(chunks);
    expect(await all(epoch.stream(2))).toEqual([new TextEncoder().encode("whole")]);
    expect(await all(epoch.stream(3))).toEqual([block(7, 9)]);
    expect(epoch.stream(4)).toBeUndefined();
    expect(() => epoch.stream(128)).toThrow(RangeError);
    expect(() => epoch.stream(1, 5 as never)).toThrow(TypeError);
  });

  test("can be iterated twice at once", async () => {
    const epoch = await handle();
    const [first, second] = await Promise.all([all(epoch.stream(1)), all(epoch.stream(1))]);
    expect([shown(first), shown(second)]).toEqual([chunks, chunks]);
  });

  test.for<{ what: string; harm: () => Promise<unknown>; code: string }>([
    { what: "is changed", harm: () => damage(world, keyOf(2), "other bytes"), code: "Corrupt" },
    {
      what: "is cut short",
      harm: async () => {
        await world.store.delete([keyOf(2)]);
        await world.store.create(keyOf(2), block(3, small - 1));
      },
      code: "Corrupt",
    },
    {
      what: "has the bytes of another",
      harm: async () => {
        await world.store.delete([keyOf(2)]);
        await world.store.create(keyOf(2), block(2));
      },
      code: "Corrupt",
    },
    { what: "is gone", harm: () => world.store.delete([keyOf(2)]), code: "PartialLost" },
  ])("of which a chunk $what gives those before it, and none after", async ({ harm, code }) => {
    const epoch = await handle();
    await harm();
    const { pieces, error } = await untilFailure(epoch.stream(1));
    expect(shown(pieces)).toEqual(chunks.slice(0, 2));
    const details = { code, key: keyOf(2), sealed: "yes", epoch: 5, vnode: 1, committer: "A" };
    expect(error).toMatchObject(details);
    expect(await rejectionOf(epoch.read(1))).toMatchObject(details);
    expect(await rejectionOf(actor.backend.readPartial({ epoch: 5, vnode: 1 }))).toMatchObject(details);
  });

  test.for<{ what: string; change: (seal: Seal) => unknown }>([
    { what: "in another order", change: (seal) => withChunks(seal, [1, 0, 2, 3]) },
    { what: "of other bytes", change: (seal) => withChunks(seal, [0, 0, 2, 3]) },
  ])("of a seal that names chunks $what is Corrupt before anything is sent", async ({ change }) => {
    await reseal(change);
    const reader = await world.open("B");
    const epoch = await handle(reader);
    const { pieces, error } = await untilFailure(epoch.stream(1));
    expect([pieces, chunkRequests(reader, "get")]).toEqual([[], []]);
    expect(error).toMatchObject({ code: "Corrupt", key: "epoch=5/_COMMIT", vnode: 1 });
    expect(await rejectionOf(epoch.read(1))).toMatchObject({ code: "Corrupt" });
  });

  test("that is left early begins nothing more", async () => {
    const reader = await world.open("B", { concurrency: 2 });
    const epoch = await handle(reader);
    for await (const piece of epoch.stream(1) ?? []) {
      expect(shown([piece])).toEqual(["1 x 65536"]);
      break;
    }
    await nextIteration();
    expect(chunkRequests(reader, "get")).toHaveLength(2);
  });

  test("whose backend is closed in the middle ends as Closed", async () => {
    const stream = (await handle()).stream(1);
    await stream?.next();
    await actor.backend.close();
    expect(await rejectionOf(nextLength(stream))).toMatchObject({ code: "Closed" });
  });

  test("that was aborted in the middle gives nothing more", async () => {
    const controller = new AbortController();
    const stream = (await handle()).stream(1, { signal: controller.signal });
    await stream?.next();
    controller.abort("enough");
    expect(await rejectionOf(nextLength(stream))).toBe("enough");
  });

  test.for([1, 2, 3])("that was aborted before gives nothing of vnode %i", async (vnode) => {
    const sent = actor.store.requests.length;
    const epoch = await handle();
    const stream = epoch.stream(vnode, { signal: AbortSignal.abort("before") });
    expect(await untilFailure(stream)).toEqual({ pieces: [], error: "before" });
    expect(actor.store.requests.slice(sent)).toEqual(["get epoch=5/_COMMIT", "list _control/"]);
  });

  test("of an epoch that is pruned in the middle ends as EpochPruned", async () => {
    const leader = await world.lead("L", 1, { concurrency: 1 });
    const epoch = await handle(leader);
    const stream = epoch.stream(1);
    expect(await stream?.next()).toMatchObject({ done: false });
    const { nextEpoch } = await actor.backend.takeover({ version: 2 });
    await actor.seal(nextEpoch, { 1: "six" }, [], [2, 3]);
    await actor.backend.pruneBefore(nextEpoch);
    expect(await rejectionOf(nextLength(stream))).toMatchObject({
      code: "EpochPruned",
      epoch: 5,
    });
  });
});

/** The next piece's, so that a failed test shows no bytes. */
async function nextLength(stream: AsyncIterator<Uint8Array> | undefined): Promise<number | undefined> {
  return ((await stream?.next())?.value as Uint8Array | undefined)?.length;
}

function withChunks(seal: Seal, order: readonly number[]): unknown {
  const [first, ...others] = seal.partials;
  const chunks = order.map((index) => first?.chunks?.[index]);
  return { ...seal, partials: [{ ...first, chunks }, ...others] };
}

test("a stream has never more than 8 MiB and a chunk under way", async () => {
  const size = 1024 * 1024;
  const backend = await world.open("B", { chunkBytes: size, concurrency: 1024 });
  await writeStream(backend, 6, streamOf(block(1, 20 * size)));
  assertComplete(await backend.backend.epochComplete({ epoch: 6, parts: [1] }));
  const epoch = await backend.backend.sealed(6);
  const release = Promise.withResolvers<void>();
  const { store } = world;
  const get = store.get.bind(store);
  const sent: string[] = [];
  store.get = async (key, options) => {
    sent.push(key);
    await release.promise;
    return get(key, options);
  };
  const pieces = all(epoch?.stream(1));
  while (sent.length < bytesInFlight / size) await nextIteration();
  await nextIteration();
  expect(sent).toHaveLength(8);
  release.resolve();
  expect(await pieces).toHaveLength(20);
});

test.for([
  { how: "read", send: async (reader: Actor) => (await handle(reader)).read(1) },
  { how: "readPartial", send: (reader: Actor) => reader.backend.readPartial({ epoch: 5, vnode: 1 }) },
])("$how of 2^31 bytes and more is a RangeError, and no chunk is sent for", async ({ send }) => {
  const size = 2 ** 28;
  const [sha256 = ""] = receipt.chunks.map((chunk) => chunk.sha256);
  const chunk = { key: chunkKey(5, 1, sha256), size, sha256 };
  const chunks = Array.from({ length: 8 }, () => chunk);
  const entry = { vnode: 1, ...(await wholeOf(chunks, undefined)), writtenAt: 5, chunks };
  await reseal((seal) => ({ ...seal, partials: [entry] }));
  const reader = await world.open("B");
  expect(await rejectionOf(send(reader))).toMatchObject({
    name: "RangeError",
    message: expect.stringContaining("vnode 1 has 2147483648 bytes, 2^31 or more: read it with stream"),
  });
  expect(chunkRequests(reader, "get")).toEqual([]);
});

test("a seal with chunks is written as it was read, byte for byte", async () => {
  const text = (await world.text("epoch=5/_COMMIT")) ?? "";
  const commit = decodeCommit(new TextEncoder().encode(text), 5);
  expect(commit.kind === "seal" && new TextDecoder().decode(encodeSeal(commit.seal))).toBe(text);
});

describe("readPartial of what is not sealed", () => {
  test("gives what this backend wrote in chunks", async () => {
    await writeStream(actor, 6, streamOf(block(1), block(2, 5)));
    const bytes = await actor.backend.readPartial({ epoch: 6, vnode: 1 });
    expect(bytes).toHaveLength(small + 5);
    const [, last] = (await writeStream(actor, 6, streamOf(block(1), block(2, 5)))).chunks;
    await damage(world, last?.key ?? "", "other");
    expect(await rejectionOf(actor.backend.readPartial({ epoch: 6, vnode: 1 }))).toMatchObject({
      code: "Corrupt",
      key: last?.key,
    });
    await world.store.delete([last?.key ?? ""]);
    expect(await actor.backend.readPartial({ epoch: 6, vnode: 1 })).toBeUndefined();
  });
});

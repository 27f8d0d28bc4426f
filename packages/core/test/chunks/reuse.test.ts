import { beforeEach, describe, expect, test } from "vitest";
import { type Actor, assertComplete, World } from "../../src/conformance/backend-suite/world.ts";
import type { ChunkedReceipt, SealedEpoch } from "../../src/index.ts";
import { wholeOf } from "../../src/chunking.ts";
import { chunkKey } from "../../src/layout.ts";
import { mirrored } from "../support/codecs.ts";
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
  writeStream,
} from "../support/streams.ts";

let world: World;
let leader: Actor;
let base: SealedEpoch;

beforeEach(async () => {
  world = new World(new MapStore(), { chunkBytes: small });
  leader = await world.lead("L", 1);
  await sealBlocks(5, 1, 2, 3);
  base = await handleOf(5);
});

function blocks(...values: readonly number[]): AsyncIterable<Uint8Array> {
  return streamOf(...values.map((value) => block(value)));
}

async function handleOf(epoch: number): Promise<SealedEpoch> {
  return (await leader.backend.sealed(epoch)) ?? expect.fail(`epoch ${epoch} is not sealed`);
}

async function sealBlocks(epoch: number, ...values: readonly number[]): Promise<ChunkedReceipt> {
  const receipt = await writeStream(leader, epoch, blocks(...values));
  assertComplete(await leader.backend.epochComplete({ epoch, parts: [receipt] }));
  return receipt;
}

async function complete(epoch: number, receipt: ChunkedReceipt): Promise<void> {
  assertComplete(await leader.backend.epochComplete({ epoch, parts: [receipt] }));
}

async function contentOf(epoch: number): Promise<string[]> {
  return shown(await all((await handleOf(epoch)).stream(1))).map((piece) => piece.replace(` x ${small}`, ""));
}

/** Writes vnode 1 of epoch 6, with the chunks of epoch 5. @returns how many were sent, and the epochs of all */
async function reused(
  values: readonly number[],
  options: Parameters<typeof writeStream>[3] = {},
  actor: Actor = leader,
): Promise<{ receipt: ChunkedReceipt; sent: number; epochs: string[] }> {
  const since = actor.store.requests.length;
  const receipt = await writeStream(actor, 6, blocks(...values), { reuse: base, ...options });
  const epochs = keysOf(receipt.chunks).map((key) => key.slice("epoch=".length, key.indexOf("/")));
  return { receipt, sent: chunkRequests(actor, "create", since).length, epochs };
}

describe("chunks that are used again", () => {
  test.for([
    { what: "the changed ones alone are sent", values: [1, 9, 3], sent: 1, epochs: ["5", "6", "5"] },
    { what: "in another order", values: [3, 1, 2], sent: 0, epochs: ["5", "5", "5"] },
    { what: "several times", values: [2, 2, 2, 2], sent: 0, epochs: ["5", "5", "5", "5"] },
    { what: "and new ones several times", values: [8, 1, 8], sent: 1, epochs: ["6", "5", "6"] },
    { what: "of none", values: [], sent: 0, epochs: [] },
  ])("$what", async ({ values, sent, epochs }) => {
    const { receipt, ...counted } = await reused(values);
    expect(counted).toEqual({ sent, epochs });
    await complete(6, receipt);
    expect(await contentOf(6)).toEqual(values.map(String));
    // A takeover sees the epoch, though it may have no object of its own.
    expect(await world.keys("epoch=6/")).toContain("epoch=6/_COMMIT");
  });

  test("are those of a handle, of a seal, and of a seal that went through JSON", async () => {
    const seals = [base, base.seal, JSON.parse(JSON.stringify(base.seal)) as SealedEpoch["seal"]];
    for (const reuse of seals) expect((await reused([1, 2, 3], { reuse })).sent).toBe(0);
  });

  test("are for bytes too", async () => {
    const since = leader.store.requests.length;
    const bytes = Buffer.concat([block(1), block(2), block(3)]);
    const receipt = await writeStream(leader, 6, bytes, { reuse: base });
    expect(chunkRequests(leader, "create", since)).toEqual([]);
    await complete(6, receipt);
  });

  test("are none of another vnode, of another codec, or in except", async () => {
    expect(await reused([1, 2], { vnode: 2 })).toMatchObject({ sent: 2, epochs: ["6", "6"] });
    const except = [chunkKey(5, 1, base.seal.partials[0]?.chunks?.[1]?.sha256 ?? "")];
    expect(await reused([1, 2, 3], { except })).toMatchObject({ sent: 1, epochs: ["5", "6", "5"] });
    const coded = await world.open("W", { codecs: [mirrored] });
    expect(await reused([1, 2], {}, coded)).toMatchObject({ sent: 2, epochs: ["6", "6"] });
  });

  test.for([5, 4])("are of a lower epoch: epoch %i cannot use those of epoch 5", async (epoch) => {
    const sent = leader.store.requests.length;
    const error = await rejectionOf(writeStream(leader, epoch, blocks(1), { reuse: base }));
    expect(error).toBeInstanceOf(RangeError);
    expect(leader.store.requests).toHaveLength(sent);
  });

  test.for([
    ["reuse", null],
    ["reuse", "seal"],
    ["reuse", {}],
    ["reuse", { seal: null }],
    ["reuse", { epoch: "5", partials: [] }],
    ["except", "key"],
    ["except", [5]],
    ["cut", "cut"],
  ])("%s cannot be %j", async ([name, value]) => {
    const error = await rejectionOf(writeStream(leader, 6, blocks(1), { [name as string]: value }));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toHaveProperty("message", expect.stringContaining(name as string));
  });
});

describe("chunks that the newest seal does not name", () => {
  test("are a ReceiptRequired with their keys; a write without these is the way on", async () => {
    await complete(6, (await reused([1, 7])).receipt);
    const first = await writeStream(leader, 7, blocks(1, 2, 3, 2), { reuse: base });
    const error = await rejectionOf(leader.backend.epochComplete({ epoch: 7, parts: [first] }));
    const keys = [first.chunks[1]?.key, first.chunks[2]?.key];
    expect(error).toMatchObject({ code: "ReceiptRequired", sealed: "no", epoch: 7, vnode: 1, keys });
    expect(await world.commit(7)).toBe("nothing");

    const except = (error as { keys: string[] }).keys;
    const since = leader.store.requests.length;
    const second = await writeStream(leader, 7, blocks(1, 2, 3, 2), { reuse: base, except });
    expect(chunkRequests(leader, "create", since)).toHaveLength(2);
    await complete(7, second);
    expect(await contentOf(7)).toEqual(["1", "2", "3", "2"]);
  });

  test.for<{ what: string; change: (receipt: ChunkedReceipt) => unknown }>([
    { what: "with another size", change: ({ chunks: [chunk] }) => ({ ...chunk, size: small + 1 }) },
    {
      what: "with another digest",
      change: () => ({ key: chunkKey(5, 1, "a".repeat(64)), size: small, sha256: "a".repeat(64) }),
    },
  ])("may be named $what", async ({ change }) => {
    const { receipt } = await reused([1]);
    const chunk = change(receipt) as ChunkedReceipt["chunks"][number];
    const lying = { ...receipt, ...(await wholeOf([chunk], undefined)), chunks: [chunk] };
    const error = await rejectionOf(leader.backend.epochComplete({ epoch: 6, parts: [lying] }));
    expect(error).toMatchObject({ code: "ReceiptRequired", sealed: "no", keys: [chunk.key] });
    expect(await world.commit(6)).toBe("nothing");
  });

  test("of a vnode that was dropped meanwhile are none to go on with", async () => {
    await leader.seal(6, { 2: "two" }, [], [1]);
    const receipt = await writeStream(leader, 7, blocks(1), { reuse: base });
    const call = leader.backend.epochComplete({ epoch: 7, parts: [receipt], unchanged: [2] });
    expect(await rejectionOf(call)).toMatchObject({ code: "ReceiptRequired", vnode: 1 });
  });

  test("need a fence", async () => {
    const other = new World(new MapStore(), { chunkBytes: small });
    const actor = await other.open("A");
    const first = await writeStream(actor, 5, blocks(1));
    const outcome = await actor.backend.epochComplete({ epoch: 5, parts: [first] });
    const reuse = outcome.complete ? outcome.seal : expect.fail("not complete");
    const receipt = await writeStream(actor, 6, blocks(1), { reuse });
    for (const part of [receipt, 1])
      expect(await rejectionOf(actor.backend.epochComplete({ epoch: 6, parts: [part] }))).toMatchObject({
        code: "FenceRequired",
        epoch: 6,
      });
    expect(await other.commit(6)).toBe("nothing");
  });
});

test("an epoch whose chunks are all of lower ones has an anchor before it is listed", async () => {
  const receipt = await writeStream(leader, 8, blocks(1, 2), { reuse: base });
  const since = leader.store.requests.length;
  await complete(8, receipt);
  const sent = leader.store.requests.slice(since);
  expect(sent[0]).toBe("create epoch=8/_ANCHOR");
  expect(sent).toContain("list epoch=8/");
});

test("chunks that another codec wrote are refused, though all else is the same", async () => {
  const actor = await world.lead("L", 2, { codecs: [mirrored] });
  const first = await writeStream(actor, 8, blocks(1));
  assertComplete(await actor.backend.epochComplete({ epoch: 8, parts: [first] }));
  const lying = { ...first, epoch: 9, codec: "other" };
  const call = actor.backend.epochComplete({ epoch: 9, parts: [lying] });
  expect(await rejectionOf(call)).toMatchObject({ code: "ReceiptRequired", keys: keysOf(first.chunks) });
  assertComplete(
    await actor.backend.epochComplete({ epoch: 10, parts: [{ ...first, epoch: 10, assignmentVersion: 2 }] }),
  );
});

test("a seal whose response was lost is a success when it is asked for again", async () => {
  const { receipt } = await reused([1, 9]);
  leader.store.loseResponse("create epoch=6/_COMMIT");
  await complete(6, receipt);
  await complete(6, receipt);
  const other = await writeStream(leader, 6, blocks(1, 8), { reuse: base });
  expect(await rejectionOf(complete(6, other))).toMatchObject({ code: "SealMismatch", sealed: "yes" });
});

test("an unchanged vnode keeps its chunks, and when it was written", async () => {
  await leader.seal(6, { 2: "two" }, [1]);
  const seal = (await handleOf(6)).seal;
  expect(seal.partials[0]).toEqual(base.seal.partials[0]);
  expect(seal.partials[0]).toMatchObject({ writtenAt: 5 });
  expect(seal).toMatchObject({ format: 2, base: 5 });
  expect(await contentOf(6)).toEqual(["1", "2", "3"]);
});

describe("prune", () => {
  test("keeps the chunks that seals name, and no others", async () => {
    // An orphan: a write of epoch 5 that no seal names.
    await world.put(chunkKey(5, 1, "f".repeat(64)), "orphan");
    await leader.backend.pin({ epoch: 5, name: "savepoint" });
    await complete(6, (await reused([1, 9])).receipt);
    const newest = await writeStream(leader, 7, blocks(1, 8), { reuse: await handleOf(6) });
    await complete(7, newest);

    const dry = await leader.backend.pruneBefore(7, { dryRun: true });
    expect(await leader.backend.pruneBefore(7)).toEqual(dry);
    const left = (await world.keys()).filter((key) => key.includes("chunk.")).toSorted();
    const pinned = keysOf(base.seal.partials[0]?.chunks ?? []);
    expect(left).toEqual([...new Set([...pinned, ...keysOf(newest.chunks)])].toSorted());
    expect([await contentOf(5), await contentOf(7)]).toEqual([
      ["1", "2", "3"],
      ["1", "8"],
    ]);

    await leader.backend.unpin({ name: "savepoint" });
    await leader.backend.pruneBefore(7);
    const kept = (await world.keys()).filter((key) => key.includes("chunk.")).toSorted();
    expect(kept).toEqual(keysOf(newest.chunks).toSorted());
    expect((await leader.backend.describeEpoch(7)).missing).toEqual([]);
  });
});

test("describeEpoch names the chunks that are gone", async () => {
  await complete(6, (await reused([1, 9])).receipt);
  const keys = keysOf((await handleOf(6)).seal.partials[0]?.chunks ?? []);
  await world.store.delete(keys);
  expect((await leader.backend.describeEpoch(6)).missing.toSorted()).toEqual(keys.toSorted());
});

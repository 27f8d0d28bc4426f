import { beforeEach, describe, expect, test } from "vitest";
import { restored, textOf, World } from "../src/conformance/backend-suite/world.ts";
import { showScheduleOnFailure } from "./support/failed-schedule.ts";
import { MapStore } from "./support/map-store.ts";

/** A tree as LaminarDB leaves it: no `_control/`, a `_COMMIT` that holds nothing but the committer's id. */
const tree = {
  "epoch=3/_COMMIT": "node-0",
  "epoch=3/vnode=0/partial.bin": "three",
  "epoch=7/_COMMIT": "node-1",
  "epoch=7/vnode=0/partial.bin": "seven, 0",
  "epoch=7/vnode=2/partial.bin": "seven, 2",
  "epoch=9/vnode=0/partial.bin": "unsealed",
};

let world: World;

beforeEach(async () => {
  world = new World(new MapStore());
  showScheduleOnFailure(() => world.schedule);
  for (const [key, text] of Object.entries(tree)) await world.put(key, text);
});

describe("a tree in LaminarDB's layout", () => {
  test("is restored from its newest seal, whose inventory is what the listing shows", async () => {
    const { backend } = await world.open("node-1", { readOnly: true });
    const handle = await backend.latest();
    expect(handle?.seal).toEqual({
      format: 0,
      epoch: 7,
      committer: "node-1",
      partials: [
        { vnode: 0, key: "epoch=7/vnode=0/partial.bin", size: 8 },
        { vnode: 2, key: "epoch=7/vnode=2/partial.bin", size: 8 },
      ],
      attachments: [],
    });
    expect(await restored(handle, 2)).toBe("seven, 2");
    expect(await handle?.read(1)).toBeUndefined();
    expect(textOf(await backend.readPartial({ epoch: 3, vnode: 0 }))).toBe("three");
    expect(await backend.sealedEpochs()).toEqual([3, 7]);
    expect(await backend.describeEpoch(7)).toMatchObject({ state: "sealed", objects: 3, missing: [] });
    expect(await backend.describeEpoch(9)).toMatchObject({ state: "open", objects: 1 });
  });

  test("is taken over, gone on from and pruned", async () => {
    const leader = await world.open("node-2");
    const { backend } = leader;
    const { base, nextEpoch } = await backend.takeover({ version: 1 });
    expect([base?.epoch, nextEpoch]).toEqual([7, 10]);
    expect(await world.commit(9)).toBe("void");
    await leader.seal(10, { 0: "ten", 2: "ten" });
    expect(await backend.pruneBefore(10)).toMatchObject({ floor: 10, epochs: 3, objects: 7 });
    expect((await world.keys()).filter((key) => key.startsWith("epoch="))).toEqual([
      "epoch=10/_ANCHOR",
      "epoch=10/_COMMIT",
      "epoch=10/vnode=0/partial.bin",
      "epoch=10/vnode=2/partial.bin",
      "epoch=11/_ANCHOR",
    ]);
  });

  test("has no digests, so none of its vnodes can be unchanged", async () => {
    const leader = await world.lead("node-2", 1);
    const parts = [await leader.write(10, 0, "ten")];
    await expect(leader.backend.epochComplete({ epoch: 10, parts, unchanged: [2] })).rejects.toMatchObject({
      code: "ReceiptRequired",
      sealed: "no",
      vnode: 2,
    });
  });

  test("is never read half pruned: an entry without a digest is followed by a look at the floor", async () => {
    const reader = await world.open("reader", { readOnly: true });
    const handle = await reader.backend.latest();
    const leader = await world.lead("node-2", 1);
    await leader.seal(10, { 0: "ten" }, [], [2]);
    await leader.backend.pruneBefore(10);
    // A zombie writes the partial of the pruned epoch once more.
    await world.put("epoch=7/vnode=0/partial.bin", "zombie's");
    await expect(handle?.read(0)).rejects.toMatchObject({ code: "EpochPruned" });
  });

  test("whose listing a prune empties under a reader is pruned, not empty", async () => {
    const reader = await world.open("reader", { readOnly: true });
    const listing = reader.store.hold("list epoch=7/");
    const read = reader.backend.readPartial({ epoch: 7, vnode: 0 });
    await listing.arrived;
    const leader = await world.lead("node-2", 1);
    await leader.seal(10, { 0: "ten" }, [], [2]);
    await leader.backend.pruneBefore(10);
    listing.release();
    await expect(read).rejects.toMatchObject({ code: "EpochPruned", sealed: "unknown" });
  });
});

describe("acceptListed", () => {
  test("takes the only partial that the listing shows, whoever wrote it, without a digest", async () => {
    const { backend } = await world.open("node-0", { acceptListed: true });
    const outcome = await backend.epochComplete({ epoch: 9, parts: [0] });
    expect(outcome).toMatchObject({
      complete: true,
      seal: { partials: [{ vnode: 0, key: "epoch=9/vnode=0/partial.bin", size: 8 }] },
    });
    expect(await backend.epochComplete({ epoch: 9, parts: [0] })).toEqual(outcome);
  });

  test("is content with what its own incarnation sealed, whatever comes beside it", async () => {
    const { backend } = await world.open("node-0", { acceptListed: true });
    await backend.epochComplete({ epoch: 9, parts: [0] });
    await (await world.open("other")).write(9, 0, "late");
    expect(await backend.epochComplete({ epoch: 9, parts: [0] })).toMatchObject({ complete: true });
  });

  test("waits for a partial that is not there", async () => {
    const { backend } = await world.open("node-0", { acceptListed: true });
    expect(await backend.epochComplete({ epoch: 9, parts: [0, 1, 5] })).toEqual({
      complete: false,
      missing: [1, 5],
    });
  });

  test("does not choose between several partials of a vnode", async () => {
    await (await world.open("other")).write(9, 0, "another attempt");
    const { backend } = await world.open("node-0", { acceptListed: true });
    await expect(backend.epochComplete({ epoch: 9, parts: [0] })).rejects.toMatchObject({
      code: "AmbiguousPartial",
      sealed: "no",
      vnode: 0,
    });
  });

  test("lists the epoch first and control after it", async () => {
    const { backend, store } = await world.open("node-0", { acceptListed: true });
    const from = store.requests.length;
    await backend.epochComplete({ epoch: 9, parts: [0] });
    expect(store.requests.slice(from)).toEqual([
      "list epoch=9/",
      "list _control/",
      "create epoch=9/_COMMIT",
      "create epoch=10/_ANCHOR",
      "list _control/",
    ]);
  });

  test("reads another incarnation's seal by what the listing shows", async () => {
    const { backend } = await world.open("node-1", { acceptListed: true });
    expect(await backend.epochComplete({ epoch: 7, parts: [0, 2] })).toMatchObject({ complete: true });
    await (await world.open("other")).write(7, 2, "late");
    await expect(backend.epochComplete({ epoch: 7, parts: [0, 2] })).rejects.toMatchObject({
      code: "SealMismatch",
    });
    const other = await world.open("node-0", { acceptListed: true });
    await expect(other.backend.epochComplete({ epoch: 7, parts: [0] })).rejects.toMatchObject({
      code: "SplitBrainCommit",
      committer: "node-1",
      sealed: "yes",
    });
  });
});

describe("a _COMMIT that is none of the known forms", () => {
  const seal = {
    format: 1,
    epoch: 20,
    committer: "a",
    incarnation: "i",
    assignmentVersion: 0,
    partials: [],
    attachments: [],
  };
  const aVoid = { format: 1, epoch: 20, void: true, by: "a", incarnation: "i" };
  const partial = { vnode: 0, key: "epoch=20/vnode=0/partial.bin", size: 1 };
  const inline = { vnode: 0, size: 1, sha256: "a".repeat(64), inline: "eA==", writtenAt: 20 };

  test.each([
    ["is empty", ""],
    ["is cut short", '{"format":1,"epo'],
    ["is neither a seal nor a void", '{"format":1,"epoch":20}'],
    ["is a seal and a void", JSON.stringify({ ...seal, ...aVoid })],
    ["has a void that is not true", JSON.stringify({ ...aVoid, void: false })],
    ["belongs to another epoch", JSON.stringify({ ...seal, epoch: 21 })],
    ["has no format", JSON.stringify({ ...seal, format: undefined })],
    ["has no inventory", JSON.stringify({ ...seal, partials: undefined })],
    [
      "names an object of a later epoch",
      JSON.stringify({ ...seal, partials: [{ ...partial, key: "epoch=21/vnode=0/partial.bin" }] }),
    ],
    ["names another vnode's object", JSON.stringify({ ...seal, partials: [{ ...partial, vnode: 1 }] })],
    ["names a vnode twice", JSON.stringify({ ...seal, partials: [partial, partial] })],
    ["has a size that is none", JSON.stringify({ ...seal, partials: [{ ...partial, size: -1 }] })],
    ["has a digest that is none", JSON.stringify({ ...seal, partials: [{ ...partial, sha256: "abc" }] })],
    ["has bytes in it, and format 1", JSON.stringify({ ...seal, partials: [inline] })],
    ...Object.entries({
      "no base64": { ...inline, inline: "eA" },
      "other base64 than is written": { ...inline, inline: "eB==" },
      "bytes of another size": { ...inline, size: 2 },
      "bytes without a digest": { ...inline, sha256: undefined },
      "bytes that are given later": { ...inline, writtenAt: 21 },
      "bytes that were given at no epoch": { ...inline, writtenAt: undefined },
      "bytes and a key": { ...inline, key: partial.key },
      "bytes of no vnode": { ...inline, vnode: -1 },
    }).map(([what, entry]) => [
      `has ${what} in format 2`,
      JSON.stringify({ ...seal, format: 2, partials: [entry] }),
    ]),
    ["has bytes of a vnode twice", JSON.stringify({ ...seal, format: 2, partials: [inline, inline] })],
  ])("and %s is Corrupt, never a guess", async (_, text) => {
    const { backend } = await world.open("a", { readOnly: true });
    await world.put("epoch=20/_COMMIT", text);
    await expect(backend.latest()).rejects.toMatchObject({
      code: "Corrupt",
      key: "epoch=20/_COMMIT",
      epoch: 20,
    });
    const { state, error } = await backend.describeEpoch(20);
    expect([state, error?.code]).toEqual(["unreadable", "Corrupt"]);
  });

  test("and is not UTF-8 is Corrupt", async () => {
    const { backend } = await world.open("a", { readOnly: true });
    await world.store.create("epoch=20/_COMMIT", new Uint8Array([0x6e, 0xff, 0x30]));
    await expect(backend.latest()).rejects.toMatchObject({ code: "Corrupt" });
  });

  test("and has a later format is UnknownFormat", async () => {
    const { backend } = await world.open("a", { readOnly: true });
    await world.put("epoch=20/_COMMIT", JSON.stringify({ ...seal, format: 3 }));
    await expect(backend.latest()).rejects.toMatchObject({ code: "UnknownFormat", sealed: "unknown" });
  });

  test("and has bytes in it is read in format 2", async () => {
    const { backend } = await world.open("a", { readOnly: true });
    const text = JSON.stringify({ ...seal, format: 2, partials: [inline] });
    await world.put("epoch=20/_COMMIT", text);
    expect((await backend.latest())?.seal.partials).toEqual([inline]);
  });

  test("and has unknown fields of format 1 is read", async () => {
    const { backend } = await world.open("a", { readOnly: true });
    await world.put("epoch=20/_COMMIT", JSON.stringify({ ...seal, note: "later" }));
    expect((await backend.latest())?.seal).toEqual(seal);
  });

  test("below the newest seal stands in nobody's way", async () => {
    await world.put("epoch=6/_COMMIT", "{");
    const { backend } = await world.open("a", { readOnly: true });
    expect(await backend.latestCommittedEpoch()).toBe(7);
  });

  test("an epoch beyond 2^53-1 is UnknownFormat, not a rounding", async () => {
    const { backend } = await world.open("a", { readOnly: true });
    await world.put("epoch=9007199254740993/vnode=0/partial.bin", "later");
    await expect(backend.latest()).rejects.toMatchObject({ code: "UnknownFormat" });
  });
});

describe("the namespace", () => {
  test("is refused with another capacity, or an unknown format, before anything is written", async () => {
    await world.open("a");
    const keys = await world.keys();
    await expect(world.open("a", { vnodeCapacity: 64 })).rejects.toMatchObject({ code: "CapacityMismatch" });
    await expect(world.open("a", { vnodeCapacity: 64, readOnly: true })).rejects.toMatchObject({
      code: "CapacityMismatch",
    });
    expect(await world.keys()).toEqual(keys);
    await world.store.delete(["_control/namespace"]);
    await world.put("_control/namespace", '{"format":2,"vnodeCapacity":128}');
    await expect(world.open("a")).rejects.toMatchObject({ code: "UnknownFormat" });
  });

  test("of two processes that create it with different capacities, one is refused", async () => {
    const slow = new World(world.store);
    const first = world.open("a");
    const second = slow.open("b", { vnodeCapacity: 64 });
    const outcomes = await Promise.allSettled([first, second]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  });

  test("is not created in a store that overwrites", async () => {
    const careless = new MapStore();
    careless.create = async () => "created";
    await expect(new World(careless).open("a")).rejects.toMatchObject({ code: "ConditionIgnored" });
  });

  test("is opened once the responses to its creates are no longer lost", async () => {
    const fresh = new MapStore();
    const lost: string[] = [];
    const create = fresh.create.bind(fresh);
    fresh.create = async (key, body) => {
      const response = await create(key, body);
      if (lost.length < 2) {
        lost.push(key);
        throw new Error("connection reset");
      }
      return response;
    };
    await expect(new World(fresh).open("a")).rejects.toMatchObject({ code: "StoreFailed" });
    await new World(fresh).open("a");
    expect(textOf(await fresh.get("_control/namespace"))).toBe('{"format":1,"vnodeCapacity":128}');
  });
});

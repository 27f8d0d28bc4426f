import { beforeEach, describe, expect, test } from "vitest";
import { ObjectStoreBackend } from "../src/backend.ts";
import { keptControls } from "../src/control.ts";
import type { OpenOptions } from "../src/open-options.ts";
import { ScriptedStore } from "../src/conformance/backend-suite/scripted-store.ts";
import { bytesOf } from "../src/conformance/backend-suite/world.ts";
import type { PartialReceipt } from "../src/receipt.ts";
import type { SealedEpoch } from "../src/state-backend.ts";
import { CountingStore } from "./support/counting-store.ts";
import { showScheduleOnFailure } from "./support/failed-schedule.ts";
import { MapStore } from "./support/map-store.ts";

/** If a change adds a request, or makes one wait for another, then a test here fails. */
let store: CountingStore;

beforeEach(() => {
  store = new CountingStore(new MapStore());
  showScheduleOnFailure(() => store.schedule);
});

function open(instanceId: string, options: Partial<OpenOptions> = {}): Promise<ObjectStoreBackend> {
  return ObjectStoreBackend.open({
    store,
    instanceId,
    vnodeCapacity: 16,
    retry: { attempts: 1 },
    ...options,
  });
}

/** Anchors nothing: what is there is what was sealed. */
const verifying = { verifyObjects: true };

async function lead(
  instanceId: string,
  version: number,
  options: Partial<OpenOptions> = {},
): Promise<ObjectStoreBackend> {
  const backend = await open(instanceId, options);
  await backend.takeover({ version });
  return backend;
}

function write(
  backend: ObjectStoreBackend,
  epoch: number,
  vnode = 0,
  text = "state",
): Promise<PartialReceipt> {
  return backend.writePartial({
    epoch,
    vnode,
    assignmentVersion: backend.authoritativeVersion,
    bytes: bytesOf(text),
  });
}

async function seal(backend: ObjectStoreBackend, ...epochs: readonly number[]): Promise<void> {
  for (const epoch of epochs) await backend.epochComplete({ epoch, parts: [await write(backend, epoch)] });
}

/** What a call that is refused costs. */
function refused(call: () => Promise<unknown>): () => Promise<unknown> {
  return () => expect(call()).rejects.toHaveProperty("name", "StateError");
}

describe("open", () => {
  test("costs 4 (5) the first time", async () => {
    expect(await store.cost(() => open("a"))).toEqual({ depth: 4, requests: 5 });
  });

  test("costs 2 (3) from then on", async () => {
    await open("a");
    expect(await store.cost(() => open("b"))).toEqual({ depth: 2, requests: 3 });
  });

  test("costs 1 (2) read-only", async () => {
    await open("a");
    expect(await store.cost(() => open("a", { readOnly: true }))).toEqual({ depth: 1, requests: 2 });
  });
});

describe("writePartial", () => {
  test("costs 1 for a new partial", async () => {
    const backend = await open("a");
    expect(await store.cost(() => write(backend, 5))).toEqual({ depth: 1, requests: 1 });
  });

  test("costs 2 for the same bytes again", async () => {
    const backend = await open("a");
    await write(backend, 5);
    expect(await store.cost(() => write(backend, 5))).toEqual({ depth: 2, requests: 2 });
  });

  test("costs 3 where other bytes came first", async () => {
    const backend = await open("a");
    await write(backend, 5);
    expect(await store.cost(() => write(backend, 5, 0, "other"))).toEqual({ depth: 3, requests: 3 });
  });

  test("sends c-r requests for a stream of c chunks, of which r are used again", async () => {
    const backend = await lead("a", 1, { chunkBytes: 65_536 });
    store.responseMs = 100;
    const stream = (epoch: number, changed: number, reuse?: SealedEpoch): Promise<PartialReceipt> =>
      backend.writePartial({
        epoch,
        vnode: 0,
        assignmentVersion: 1,
        bytes: chunks(20, changed),
        reuse,
      });
    expect((await store.cost(() => stream(0, 0))).requests).toBe(20);
    const part = await stream(0, 0);
    expect(await store.cost(() => backend.epochComplete({ epoch: 0, parts: [part] }))).toEqual({
      depth: 2,
      requests: 3,
    });
    const base = await backend.latest();
    expect((await store.cost(() => stream(1, 9, base))).requests).toBe(9);
    const next = await stream(1, 9, base);
    expect(await store.cost(() => backend.epochComplete({ epoch: 1, parts: [next] }))).toEqual({
      depth: 2,
      requests: 3,
    });
  });
});

/** The first of the chunks are others than those of a stream where none is changed. */
async function* chunks(count: number, changed: number): AsyncGenerator<Uint8Array> {
  for (let number = 0; number < count; number++) {
    const chunk = new Uint8Array(65_536).fill(number);
    if (number < changed) chunk[1] = 255;
    yield chunk;
  }
}

describe("epochComplete", () => {
  test("costs 2 (3) for an epoch that is anchored, however its vnodes are given", async () => {
    const backend = await lead("a", 1);
    await backend.epochComplete({ epoch: 0, parts: [await write(backend, 0), await write(backend, 0, 1)] });
    const receipts = { epoch: 1, parts: [await write(backend, 1)], unchanged: [1] };
    expect(await store.cost(() => backend.epochComplete(receipts))).toEqual({ depth: 2, requests: 3 });
    await write(backend, 2);
    const numbers = { epoch: 2, parts: [0], unchanged: [1] };
    expect(await store.cost(() => backend.epochComplete(numbers))).toEqual({ depth: 2, requests: 3 });
    const unchanged = { epoch: 3, parts: [], unchanged: [0, 1] };
    expect(await store.cost(() => backend.epochComplete(unchanged))).toEqual({ depth: 2, requests: 3 });
  });

  test("costs 2 (3) for the first epoch of a leader", async () => {
    const backend = await open("a");
    const { nextEpoch } = await backend.takeover({ version: 1 });
    const parts = [await write(backend, nextEpoch)];
    const complete = (): Promise<unknown> => backend.epochComplete({ epoch: nextEpoch, parts });
    expect(await store.cost(complete)).toEqual({ depth: 2, requests: 3 });
  });

  test("costs 2 (3) for the epoch that `next` has named, and 2 (2) if it anchors none", async () => {
    const backend = await open("a");
    await backend.epochComplete({ epoch: 5, parts: [await write(backend, 5)], next: 10 });
    const parts = [await write(backend, 10)];
    const complete = (): Promise<unknown> => backend.epochComplete({ epoch: 10, parts, next: false });
    expect(await store.cost(complete)).toEqual({ depth: 2, requests: 2 });
    const later = [await write(backend, 11)];
    const looked = (): Promise<unknown> => backend.epochComplete({ epoch: 11, parts: later });
    expect(await store.cost(looked)).toEqual({ depth: 3, requests: 5 });
  });

  test("costs 2 (3) with bytes that go into the seal, and 4 (6) if the epoch is not anchored", async () => {
    const backend = await lead("a", 1);
    const complete = (epoch: number) => (): Promise<unknown> =>
      backend.epochComplete({ epoch, parts: [{ vnode: 0, bytes: bytesOf("state") }] });
    expect(await store.cost(complete(0))).toEqual({ depth: 2, requests: 3 });
    expect(await store.cost(complete(5))).toEqual({ depth: 4, requests: 6 });
    expect(await store.cost(complete(6))).toEqual({ depth: 2, requests: 3 });
    const handle = await backend.latest();
    expect(await store.cost(async () => handle?.read(0))).toEqual({ depth: 0, requests: 0 });
  });

  test("costs 3 (5) for an epoch that is not anchored", async () => {
    const backend = await open("a");
    const parts = [await write(backend, 5), await write(backend, 5, 1)];
    expect(await store.cost(() => backend.epochComplete({ epoch: 5, parts }))).toEqual({
      depth: 3,
      requests: 5,
    });
  });

  test("costs 3 (4) with verifyObjects, every time", async () => {
    const backend = await lead("a", 1, verifying);
    for (const epoch of [0, 1]) {
      const parts = [await write(backend, epoch)];
      const complete = (): Promise<unknown> => backend.epochComplete({ epoch, parts });
      expect(await store.cost(complete)).toEqual({ depth: 3, requests: 4 });
    }
  });

  test("costs 3 (4) for an epoch that is sealed already", async () => {
    const backend = await open("a");
    await seal(backend, 5);
    const again = (): Promise<unknown> => backend.epochComplete({ epoch: 5, parts: [0] });
    expect(await store.cost(again)).toEqual({ depth: 3, requests: 4 });
  });

  test("costs 1 (2) for an epoch that is incomplete", async () => {
    const backend = await open("a");
    const incomplete = (): Promise<unknown> => backend.epochComplete({ epoch: 5, parts: [0] });
    expect(await store.cost(incomplete)).toEqual({ depth: 1, requests: 2 });
  });

  test("costs 4 (6) for a race that is lost", async () => {
    const inner = new MapStore();
    const scripted = new ScriptedStore(inner);
    store = new CountingStore(scripted);
    const loser = await open("a");
    const parts = [await write(loser, 5)];
    // The listing of the epoch is made before someone else seals it.
    const listed = scripted.holdResponse("list epoch=5/");
    const complete = store.cost(refused(() => loser.epochComplete({ epoch: 5, parts })));
    await listed.arrived;
    const winner = await ObjectStoreBackend.open({ store: inner, instanceId: "b", vnodeCapacity: 16 });
    await winner.epochComplete({ epoch: 5, parts });
    listed.release();
    expect(await complete).toEqual({ depth: 4, requests: 6 });
  });

  test("costs 3 (4) for a race that is lost for an anchored epoch", async () => {
    const loser = await open("a");
    await seal(loser, 5);
    const parts = [await write(loser, 6)];
    await (await open("b")).epochComplete({ epoch: 6, parts });
    const complete = refused(() => loser.epochComplete({ epoch: 6, parts }));
    expect(await store.cost(complete)).toEqual({ depth: 3, requests: 4 });
  });

  test("costs 2 (3) for a leader that was deposed", async () => {
    const deposed = await lead("a", 1);
    await lead("b", 2);
    const parts = [await write(deposed, 5)];
    const complete = refused(() => deposed.epochComplete({ epoch: 5, parts }));
    expect(await store.cost(complete)).toEqual({ depth: 2, requests: 3 });
  });

  test("costs 3 (4) for a leader that was deposed after it had anchored the epoch", async () => {
    const deposed = await lead("a", 1);
    await lead("b", 2);
    const parts = [await write(deposed, 0)];
    const complete = refused(() => deposed.epochComplete({ epoch: 0, parts }));
    expect(await store.cost(complete)).toEqual({ depth: 3, requests: 4 });
  });

  test("costs 4 (6) for a seal that landed twice, and 3 (4) for that of an anchored epoch", async () => {
    const scripted = new ScriptedStore(new MapStore());
    store = new CountingStore(scripted);
    const backend = await open("a");
    for (const [epoch, cost] of [
      [5, { depth: 4, requests: 6 }],
      [6, { depth: 3, requests: 4 }],
    ] as const) {
      const parts = [await write(backend, epoch)];
      scripted.repeat(`create epoch=${epoch}/_COMMIT`);
      expect(await store.cost(() => backend.epochComplete({ epoch, parts }))).toEqual(cost);
    }
  });

  test("costs 3 (4) for a void", async () => {
    const backend = await open("a");
    const parts = [await write(backend, 5)];
    await backend.abort(5);
    const complete = refused(() => backend.epochComplete({ epoch: 5, parts }));
    expect(await store.cost(complete)).toEqual({ depth: 3, requests: 4 });
  });

  test("costs 4 (5) for a new epoch with acceptListed", async () => {
    const backend = await open("a", { acceptListed: true });
    await write(await open("b"), 5);
    const complete = (): Promise<unknown> => backend.epochComplete({ epoch: 5, parts: [0] });
    expect(await store.cost(complete)).toEqual({ depth: 4, requests: 5 });
  });

  test("costs 4 (6) when every vnode is unchanged, and the epoch is not anchored", async () => {
    const backend = await lead("a", 1);
    await seal(backend, 5);
    const complete = (): Promise<unknown> => backend.epochComplete({ epoch: 7, parts: [], unchanged: [0] });
    expect(await store.cost(complete)).toEqual({ depth: 4, requests: 6 });
  });
});

describe("abort", () => {
  test("costs 3 where nothing is there", async () => {
    const backend = await open("a");
    expect(await store.cost(() => backend.abort(5))).toEqual({ depth: 3, requests: 3 });
  });

  test("costs 4 where a void is there", async () => {
    const backend = await open("a");
    await backend.abort(5);
    expect(await store.cost(() => backend.abort(5))).toEqual({ depth: 4, requests: 4 });
  });

  test("costs 4 where a seal is there", async () => {
    const backend = await open("a");
    await seal(backend, 5);
    const cost = await store.cost(refused(() => backend.abort(5)));
    expect(cost).toEqual({ depth: 4, requests: 4 });
  });
});

describe("reading", () => {
  test("latest costs 3 (2 and a read for each epoch of the batch)", async () => {
    const backend = await open("a");
    await seal(backend, 5);
    for (const epoch of [6, 7]) await write(backend, epoch);
    expect(await store.cost(() => backend.latest())).toEqual({ depth: 3, requests: 5 });
    await seal(backend, 8, 9, 10, 11, 12, 13, 14, 15);
    expect(await store.cost(() => backend.latestCommittedEpoch())).toEqual({ depth: 3, requests: 10 });
  });

  test("latest of an empty namespace costs 3", async () => {
    const backend = await open("a");
    expect(await store.cost(() => backend.latest())).toEqual({ depth: 3, requests: 3 });
  });

  test("sealedEpochs costs 4 (n + 3)", async () => {
    const backend = await open("a", { concurrency: 16, ...verifying });
    await seal(backend, 1, 2, 3, 4, 5);
    expect(await store.cost(() => backend.sealedEpochs())).toEqual({ depth: 4, requests: 8 });
  });

  test("sealed costs 2, control 1, epochs 3 (n + 2)", async () => {
    const backend = await open("a", verifying);
    await seal(backend, 4, 5);
    const all = async (): Promise<void> => {
      for await (const { state } of backend.epochs()) expect(state).toBe("sealed");
    };
    expect(await store.cost(all)).toEqual({ depth: 3, requests: 4 });
    expect(await store.cost(() => backend.sealed(5))).toEqual({ depth: 2, requests: 2 });
    expect(await store.cost(() => backend.control())).toEqual({ depth: 1, requests: 1 });
  });

  test("a _COMMIT that cannot be read costs 1 more", async () => {
    const backend = await open("a");
    await store.create("epoch=5/_COMMIT", bytesOf("{"));
    const sealed = refused(() => backend.sealed(5));
    expect(await store.cost(sealed)).toEqual({ depth: 2, requests: 2 });
  });

  test("readPartial of a sealed epoch costs 2 (3), then 1", async () => {
    const backend = await open("a");
    await seal(backend, 5);
    expect(await store.cost(() => backend.readPartial({ epoch: 5, vnode: 0 }))).toEqual({
      depth: 2,
      requests: 3,
    });
    expect(await store.cost(() => backend.readPartial({ epoch: 5, vnode: 0 }))).toEqual({
      depth: 1,
      requests: 1,
    });
  });

  test("readPartial of an unsealed epoch costs 3", async () => {
    const backend = await open("a");
    await write(backend, 5);
    expect(await store.cost(() => backend.readPartial({ epoch: 5, vnode: 0 }))).toEqual({
      depth: 3,
      requests: 3,
    });
  });

  test("a handle reads a vnode with 1", async () => {
    const backend = await open("a");
    await seal(backend, 5);
    const handle = await backend.latest();
    expect(await store.cost(async () => handle?.read(0))).toEqual({ depth: 1, requests: 1 });
  });
});

describe("takeover", () => {
  test("costs 4 (5) in an empty namespace", async () => {
    const backend = await open("a");
    expect(await store.cost(() => backend.takeover({ version: 1 }))).toEqual({ depth: 4, requests: 5 });
  });

  test("costs 5 (5 and a read for each epoch of the batch), the restore point included", async () => {
    const first = await open("a", verifying);
    await seal(first, 3, 4, 5);
    const second = await open("b");
    expect(await store.cost(() => second.takeover({ version: 1 }))).toEqual({ depth: 5, requests: 8 });
  });

  test("costs 1 more, and a void for each, where there are unsealed epochs on top", async () => {
    const first = await open("a", verifying);
    await seal(first, 3, 4, 5);
    for (const epoch of [6, 7]) await write(first, epoch);
    const second = await open("b");
    expect(await store.cost(() => second.takeover({ version: 2 }))).toEqual({ depth: 6, requests: 12 });
  });

  test("reads down in batches of 8, also after a job has died 40 times before its seal", async () => {
    const first = await open("a", verifying);
    await seal(first, 1);
    for (let epoch = 2; epoch <= 41; epoch++) await write(first, epoch);
    const second = await open("b");
    expect(await store.cost(() => second.takeover({ version: 2 }))).toEqual({ depth: 15, requests: 86 });
  });
});

describe("prune", () => {
  // Root, the newest 8 and control find the newest; the floor; root beside control; the retained; the rest; 2 deletes for each 32, beside which the next are listed.
  test.each([
    { seals: 2, before: 2, depth: 9, requests: 11 },
    { seals: 6, before: 6, depth: 9, requests: 19 },
    { seals: 29, before: 29, depth: 12, requests: 44 },
    { seals: 29, before: 20, depth: 12, requests: 44 },
    { seals: 33, before: 33, depth: 12, requests: 48 },
    { seals: 34, before: 34, depth: 14, requests: 51 },
    { seals: 65, before: 65, depth: 17, requests: 82 },
  ])(
    "before $before of $seals epochs costs $depth ($requests)",
    async ({ seals, before, depth, requests }) => {
      const backend = await lead("a", 1, verifying);
      await seal(backend, ...Array.from({ length: seals }, (_, index) => index + 1));
      expect(await store.cost(() => backend.pruneBefore(before))).toEqual({ depth, requests });
    },
  );

  test.each([
    { seals: 6, keep: 1, depth: 9, requests: 19 },
    { seals: 15, keep: 10, depth: 12, requests: 39 },
    { seals: 3, keep: 2, depth: 10, requests: 14 },
  ])(
    "that keeps $keep of $seals seals costs $depth ($requests)",
    async ({ seals, keep, depth, requests }) => {
      const backend = await lead("a", 1, verifying);
      await seal(backend, ...Array.from({ length: seals }, (_, index) => index + 1));
      expect(await store.cost(() => backend.prune({ keep }))).toEqual({ depth, requests });
    },
  );

  test("costs 2 more where the next epoch is anchored: it is read with the newest and with those that stay", async () => {
    const backend = await lead("a", 1);
    await seal(backend, 0, 1, 2, 3, 4, 5);
    expect(await store.cost(() => backend.pruneBefore(5))).toEqual({ depth: 9, requests: 21 });
  });

  test("costs a read more for each pinned epoch", async () => {
    const backend = await lead("a", 1, verifying);
    await seal(backend, 1, 2, 3, 4, 5, 6);
    await backend.pin({ epoch: 2, name: "a" });
    await backend.pin({ epoch: 3, name: "b" });
    await backend.pin({ epoch: 3, name: "c" });
    expect(await store.cost(() => backend.pruneBefore(6))).toEqual({ depth: 10, requests: 21 });
  });

  test("costs the looks alone if there are no more seals than are kept", async () => {
    const backend = await lead("a", 1, verifying);
    await seal(backend, 1, 2, 3);
    expect(await store.cost(() => backend.prune({ keep: 10 }))).toEqual({ depth: 4, requests: 7 });
  });

  test("costs one delete more where floors and fences have become surplus", async () => {
    await seal(await lead("a", 1, verifying), 1, 2, 3);
    const backend = await open("b", verifying);
    for (let version = 2; version <= keptControls + 2; version++) await backend.takeover({ version });
    await backend.pruneBefore(2);
    await backend.takeover({ version: keptControls + 3 });
    const cost = await store.cost(() => backend.pruneBefore(3));
    expect(cost).toEqual({ depth: 10, requests: 12 });
  });

  test("costs the same when `before` is above the newest seal", async () => {
    const backend = await lead("a", 1, verifying);
    await seal(backend, 1, 2, 3);
    expect(await store.cost(() => backend.pruneBefore(100))).toEqual({ depth: 9, requests: 13 });
  });
});

describe("pins", () => {
  test("pin costs 4, unpin 2 or 1, openPin 2, pins 3 (1 and 2 for each)", async () => {
    const backend = await lead("a", 1);
    await seal(backend, 1, 2);
    expect(await store.cost(() => backend.pin({ epoch: 1, name: "a" }))).toEqual({ depth: 4, requests: 4 });
    await backend.pin({ epoch: 2, name: "a" });
    expect(await store.cost(() => backend.openPin("a"))).toEqual({ depth: 2, requests: 2 });
    expect(await store.cost(() => backend.pins())).toEqual({ depth: 3, requests: 5 });
    const one = { epoch: 1, name: "a" };
    expect(await store.cost(() => backend.unpin(one))).toEqual({ depth: 1, requests: 1 });
    expect(await store.cost(() => backend.unpin({ name: "a" }))).toEqual({ depth: 2, requests: 2 });
  });
});

import { describe, expect, test } from "vitest";
import { bytesOf, textOf, vnodeCapacity, World } from "../src/conformance/backend-suite/world.ts";
import {
  type AttachmentReceipt,
  isStateError,
  ObjectStoreBackend,
  type PartialReceipt,
} from "../src/index.ts";
import { MapStore } from "./support/map-store.ts";
import { nextIteration } from "../src/conformance/store-suite/operations.ts";

const bytes = bytesOf("state");

interface Call {
  readonly call: string;
  readonly send: (backend: ObjectStoreBackend) => Promise<unknown>;
}

const writingCalls: readonly Call[] = [
  {
    call: "writePartial",
    send: (backend) => backend.writePartial({ epoch: 7, vnode: 1, assignmentVersion: 0, bytes }),
  },
  {
    call: "writeAttachment",
    send: (backend) => backend.writeAttachment({ epoch: 7, name: "offsets", assignmentVersion: 0, bytes }),
  },
  { call: "epochComplete", send: (backend) => backend.epochComplete({ epoch: 7, parts: [1] }) },
  {
    call: "epochComplete with unchanged vnodes",
    send: (backend) => backend.epochComplete({ epoch: 7, parts: [], unchanged: [1] }),
  },
  { call: "abort", send: (backend) => backend.abort(7) },
  { call: "takeover", send: (backend) => backend.takeover({ version: 1 }) },
  { call: "pruneBefore", send: (backend) => backend.pruneBefore(7) },
  { call: "pruneBefore as operator", send: (backend) => backend.pruneBefore(7, { asOperator: true }) },
];

const readingCalls: readonly Call[] = [
  { call: "latest", send: (backend) => backend.latest() },
  { call: "latestCommittedEpoch", send: (backend) => backend.latestCommittedEpoch() },
  { call: "readPartial", send: (backend) => backend.readPartial({ vnode: 1, epoch: 5 }) },
  { call: "sealedEpochs", send: (backend) => backend.sealedEpochs() },
  { call: "describeEpoch", send: (backend) => backend.describeEpoch(5) },
];

describe("a backend that was closed", () => {
  test.each([...writingCalls, ...readingCalls])("refuses $call with Closed, unsent", async ({ send }) => {
    const { backend, store } = await new World(new MapStore()).open("A");
    await backend.close();
    const sent = store.requests.length;

    const reason = await refused(send(backend));

    expect(isStateError(reason)).toBe(true);
    expect(reason).toMatchObject({ code: "Closed", sealed: "unknown" });
    expect(store.requests.slice(sent)).toEqual([]);
  });

  test.each([
    { what: "a vnode that the seal names", read: 1 },
    { what: "a vnode that the seal does not name", read: 2 },
  ])("refuses with Closed to read $what through a handle", async ({ read }) => {
    const actor = await new World(new MapStore()).open("A");
    const { backend, store } = actor;
    await actor.seal(5, { 1: "state" });
    const handle = await backend.latest();
    await backend.close();
    const sent = store.requests.length;

    const reason = await refused(Promise.resolve(handle?.read(read)));

    expect(reason).toMatchObject({ code: "Closed", epoch: 5 });
    expect(store.requests.slice(sent)).toEqual([]);
  });

  test.each(["offsets", "of-nobody"])(
    "refuses with Closed to read the attachment %s through a handle",
    async (name) => {
      const actor = await new World(new MapStore()).open("A");
      const { backend, store } = actor;
      const offsets = await backend.writeAttachment({
        epoch: 5,
        name: "offsets",
        assignmentVersion: 0,
        bytes,
      });
      await backend.epochComplete({
        epoch: 5,
        parts: [await actor.write(5, 1, "state")],
        attachments: [offsets],
      });
      const handle = await backend.latest();
      await backend.close();
      const sent = store.requests.length;

      const reason = await refused(Promise.resolve(handle?.readAttachment(name)));

      expect(reason).toMatchObject({ code: "Closed", epoch: 5 });
      expect(store.requests.slice(sent)).toEqual([]);
    },
  );

  test("still refuses a bad argument as such", async () => {
    const { backend } = await new World(new MapStore()).open("A");
    await backend.close();

    expect(await refused(backend.abort(-1))).toBeInstanceOf(RangeError);
  });

  test("may be closed again", async () => {
    const { backend } = await new World(new MapStore()).open("A");

    await backend.close();

    await expect(backend.close()).resolves.toBeUndefined();
  });

  test("leaves the store, which is not its own, open", async () => {
    let closed = 0;
    class Closable extends MapStore {
      async close(): Promise<void> {
        closed += 1;
      }
    }
    const store = new Closable();
    const backend = await ObjectStoreBackend.open({ store, instanceId: "A", vnodeCapacity });

    await backend.close();

    expect(closed).toBe(0);
    expect(await store.get("_control/namespace")).toBeDefined();
  });
});

describe("close", () => {
  test("waits for the calls in flight, and they end as if it had not been called", async () => {
    const { backend, store } = await new World(new MapStore()).open("A");
    const held = store.hold("create epoch=5/vnode=1/partial.bin");
    const order: string[] = [];
    const write = backend
      .writePartial({ epoch: 5, vnode: 1, assignmentVersion: 0, bytes })
      .then((receipt) => {
        order.push("written");
        return receipt;
      });
    await held.arrived;

    const closing = backend.close().then(() => order.push("closed"));
    await nextIteration();
    expect(order).toEqual([]);
    held.release();
    await closing;

    expect(order).toEqual(["written", "closed"]);
    expect(await write).toMatchObject({ epoch: 5, vnode: 1 });
  });

  test("refuses at once what is called while it waits", async () => {
    const { backend, store } = await new World(new MapStore()).open("A");
    const held = store.hold("list ");
    const reading = backend.latest();
    await held.arrived;
    const closing = backend.close();

    const reason = await refused(backend.sealedEpochs());

    expect(reason).toMatchObject({ code: "Closed" });
    held.release();
    await closing;
    expect(await reading).toBeUndefined();
  });

  test("waits for a call that fails, and does not fail itself", async () => {
    const { backend, store } = await new World(new MapStore()).open("A");
    const held = store.hold("list ");
    store.refuse("list _control/", "Denied");
    const reading = refused(backend.latest());
    await held.arrived;

    const closing = backend.close();
    held.release();

    await expect(closing).resolves.toBeUndefined();
    expect(await reading).toMatchObject({ code: "StoreFailed" });
  });

  test("waits for an epochComplete that waits for another one", async () => {
    const actor = await new World(new MapStore()).open("A");
    const { backend, store } = actor;
    const parts = [await actor.write(5, 1, "five"), await actor.write(6, 1, "six")];
    const held = store.hold("create epoch=5/_COMMIT");
    const first = backend.epochComplete({ epoch: 5, parts: parts.slice(0, 1) });
    const second = backend.epochComplete({ epoch: 6, parts: parts.slice(1) });
    await held.arrived;

    const closing = backend.close();
    held.release();
    await closing;

    expect([await first, await second]).toMatchObject([{ complete: true }, { complete: true }]);
  });

  test("waits for a handle's read", async () => {
    const actor = await new World(new MapStore()).open("A");
    const { backend, store } = actor;
    await actor.seal(5, { 1: "state" });
    const handle = await backend.latest();
    const held = store.hold("get epoch=5/vnode=1/partial.bin");
    const reading = handle?.read(1);
    await held.arrived;
    const order: string[] = [];

    const closing = backend.close().then(() => order.push("closed"));
    await nextIteration();
    expect(order).toEqual([]);
    held.release();
    await closing;

    expect(textOf(await reading)).toBe("state");
  });

  test("is what `await using` calls at the end of a block", async () => {
    const { backend } = await new World(new MapStore()).open("A");
    {
      await using closing = backend;
      expect(await closing.latest()).toBeUndefined();
    }
    expect(await refused(backend.latest())).toMatchObject({ code: "Closed" });
  });
});

describe("a backend that was opened read-only", () => {
  test("creates nothing, in a namespace that is not there yet", async () => {
    const inner = new MapStore();
    const { backend, store } = await new World(inner).open("A", { readOnly: true });

    expect(await backend.latest()).toBeUndefined();
    expect(await backend.sealedEpochs()).toEqual([]);
    expect(store.requests.filter((request) => !/^(?:get|list) /.test(request))).toEqual([]);
    expect(inner.entries().size).toBe(0);
  });

  test("creates nothing, in a namespace that is there", async () => {
    const inner = new MapStore();
    const world = new World(inner);
    await world.open("A");
    const { store } = await world.open("B", { readOnly: true });

    expect(store.requests.toSorted()).toEqual(["get _control/namespace", "list _control/"]);
    expect([...inner.entries().keys()]).toEqual(["_control/namespace"]);
  });

  test("checks the namespace all the same", async () => {
    const world = new World(new MapStore());
    await world.open("A");

    const reason = await refused(world.open("B", { readOnly: true, vnodeCapacity: 64 }));

    expect(reason).toMatchObject({ code: "CapacityMismatch" });
  });

  test.each(writingCalls)("refuses $call with ReadOnly, unsent", async ({ send }) => {
    const inner = new MapStore();
    const world = new World(inner);
    await (await world.open("A")).seal(5, { 1: "state" });
    const { backend, store } = await world.open("B", { readOnly: true });
    const sent = store.requests.length;
    const before = [...inner.entries().keys()];

    const reason = await refused(send(backend));

    expect(isStateError(reason)).toBe(true);
    expect(reason).toMatchObject({ code: "ReadOnly", sealed: "unknown" });
    expect(store.requests.slice(sent)).toEqual([]);
    expect([...inner.entries().keys()]).toEqual(before);
  });

  test.each(readingCalls)("does not refuse $call", async ({ send }) => {
    const world = new World(new MapStore());
    await (await world.open("A")).seal(5, { 1: "state" });
    const { backend } = await world.open("B", { readOnly: true });

    await expect(send(backend)).resolves.toBeDefined();
  });
});

describe("the caller's buffer", () => {
  test("may be changed as soon as writePartial was called: what was there then is what is written", async () => {
    const { backend } = await new World(new MapStore()).open("A");
    const buffer = bytesOf("state");

    const write = backend.writePartial({ epoch: 5, vnode: 1, assignmentVersion: 0, bytes: buffer });
    buffer.fill(0);
    const receipt = await write;
    await backend.epochComplete({ epoch: 5, parts: [receipt] });

    const handle = await backend.latest();
    expect(textOf(await handle?.read(1))).toBe("state");
  });

  test("may be changed between the attempts of a write", async () => {
    const inner = new MapStore();
    const { backend, store } = await new World(inner).open("A", {
      retry: { attempts: 2, baseDelayMs: 0 },
    });
    const buffer = bytesOf("state");
    const held = store.hold("create epoch=5/vnode=1/partial.bin");

    const write = backend.writePartial({ epoch: 5, vnode: 1, assignmentVersion: 0, bytes: buffer });
    await held.arrived;
    buffer.fill(0);
    held.release();
    const receipt = await write;

    expect(textOf(await inner.get(receipt.key))).toBe("state");
  });

  test("may be changed, or given away, as soon as writeAttachment was called", async () => {
    const actor = await new World(new MapStore()).open("A");
    const { backend } = actor;
    const buffer = new Uint8Array(bytesOf("offsets"));

    const writing = backend.writeAttachment({
      epoch: 5,
      name: "offsets",
      assignmentVersion: 0,
      bytes: buffer,
    });
    structuredClone(buffer, { transfer: [buffer.buffer] });
    const attachments = [await writing];
    await backend.epochComplete({ epoch: 5, parts: [await actor.write(5, 1, "state")], attachments });

    const handle = await backend.latest();
    expect(textOf(await handle?.readAttachment("offsets"))).toBe("offsets");
  });

  test("of a part of a larger one is written as that part", async () => {
    const { backend } = await new World(new MapStore()).open("A");

    const receipt = await backend.writePartial({
      epoch: 5,
      vnode: 1,
      assignmentVersion: 0,
      bytes: bytesOf("before state after").subarray(7, 12),
    });

    expect(receipt.size).toBe(5);
    expect(textOf(await backend.readPartial({ vnode: 1, epoch: 5 }))).toBe("state");
  });
});

describe("a receipt", () => {
  test("survives JSON, and seals the epoch at another backend", async () => {
    const world = new World(new MapStore());
    const worker = await world.open("worker");
    const part = await worker.write(5, 1, "state");
    const offsets = await worker.backend.writeAttachment({
      epoch: 5,
      name: "offsets",
      assignmentVersion: 0,
      bytes,
    });
    const leader = await world.open("leader");

    const sentPart = JSON.parse(JSON.stringify(part)) as PartialReceipt;
    const sentOffsets = JSON.parse(JSON.stringify(offsets)) as AttachmentReceipt;
    const outcome = await leader.backend.epochComplete({
      epoch: 5,
      parts: [sentPart],
      attachments: [sentOffsets],
    });

    expect([sentPart, sentOffsets]).toEqual([part, offsets]);
    expect(outcome).toMatchObject({ complete: true });
    const handle = await leader.backend.latest();
    expect(textOf(await handle?.read(1))).toBe("state");
  });

  test("is plain: nothing but what JSON holds", async () => {
    const actor = await new World(new MapStore()).open("A");

    const receipt = await actor.write(5, 1, "state");

    expect(Object.getPrototypeOf(receipt)).toBe(Object.prototype);
    expect(receipt).toStrictEqual({
      epoch: 5,
      vnode: 1,
      assignmentVersion: 0,
      key: "epoch=5/vnode=1/partial.bin",
      size: 5,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });
});

/** What the promise rejects with. */
async function refused(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => expect.fail(`nothing was refused, the result was ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
}

import { describe, expect, test } from "vitest";
import { bytesOf, textOf, vnodeCapacity, World } from "../src/conformance/backend-suite/world.ts";
import { nextIteration } from "../src/conformance/store-suite/operations.ts";
import { isStateError, ObjectStoreBackend } from "../src/index.ts";
import { readingCalls, writingCalls } from "./support/every-call.ts";
import { MapStore } from "./support/map-store.ts";
import { rejectionOf } from "./support/rejection.ts";

const bytes = bytesOf("state");

describe("a backend that was closed", () => {
  test.each([...writingCalls, ...readingCalls])("refuses $call with Closed, unsent", async ({ send }) => {
    const { backend, store } = await new World(new MapStore()).open("A");
    await backend.close();
    const sent = store.requests.length;

    const reason = await rejectionOf(send(backend));

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

    const reason = await rejectionOf(Promise.resolve(handle?.read(read)));

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

      const reason = await rejectionOf(Promise.resolve(handle?.readAttachment(name)));

      expect(reason).toMatchObject({ code: "Closed", epoch: 5 });
      expect(store.requests.slice(sent)).toEqual([]);
    },
  );

  test("still refuses a bad argument as such", async () => {
    const { backend } = await new World(new MapStore()).open("A");
    await backend.close();

    expect(await rejectionOf(backend.abort(-1))).toBeInstanceOf(RangeError);
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

    const reason = await rejectionOf(backend.sealedEpochs());

    expect(reason).toMatchObject({ code: "Closed" });
    held.release();
    await closing;
    expect(await reading).toBeUndefined();
  });

  test("waits for a call that fails, and does not fail itself", async () => {
    const { backend, store } = await new World(new MapStore()).open("A");
    const held = store.hold("list ");
    store.refuse("list _control/", "Denied");
    const reading = rejectionOf(backend.latest());
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
    expect(await rejectionOf(backend.latest())).toMatchObject({ code: "Closed" });
  });
});

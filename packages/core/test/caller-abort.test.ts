import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { bytesOf, World } from "../src/conformance/backend-suite/world.ts";
import { nextIteration } from "../src/conformance/store-suite/operations.ts";
import { StoreError } from "../src/index.ts";
import { opened, over, write } from "./support/clocked-backend.ts";
import { always, FailingStore, LandingStore, SilentStore } from "./support/failing-stores.ts";
import type { OperationOptions } from "../src/store.ts";
import { MapStore } from "./support/map-store.ts";
import { rejectionOf } from "./support/rejection.ts";

describe("the caller's abort", () => {
  const reasons = [
    { what: "an Error", reason: new Error("shutting down") },
    { what: "a string", reason: "shutting down" },
    { what: "null", reason: null },
    { what: "a StoreError that would be tried again", reason: new StoreError("Unavailable", "mine") },
    { what: "a StoreError that would not", reason: new StoreError("Denied", "mine") },
  ];

  test.each(reasons)("ends an attempt at once with its reason, $what, by identity", async ({ reason }) => {
    const { client, clock } = over(new SilentStore());
    const controller = new AbortController();

    const call = rejectionOf(client.get("key", client.operation(controller.signal)));
    await nextIteration();
    controller.abort(reason);

    expect(await call).toBe(reason);
    expect([clock.now(), clock.sleepers]).toEqual([0, 0]);
    expect(listenersOf(controller.signal)).toBe(0);
  });

  test.each(reasons)("ends a wait at once with its reason, $what, by identity", async ({ reason }) => {
    const store = always("Unavailable");
    const { client, clock } = over(store, { random: () => 0.5 });
    const controller = new AbortController();

    const call = rejectionOf(client.get("key", client.operation(controller.signal)));
    await nextIteration();
    controller.abort(reason);

    expect(await call).toBe(reason);
    expect([store.gets, clock.now(), clock.sleepers]).toEqual([1, 0, 0]);
    expect(listenersOf(controller.signal)).toBe(0);
  });

  test.each(reasons)("before the call sends nothing, for $what", async ({ reason }) => {
    const store = always("Unavailable");
    const { client } = over(store);

    const call = rejectionOf(client.get("key", client.operation(AbortSignal.abort(reason))));

    expect(await call).toBe(reason);
    expect(store.gets).toBe(0);
  });

  test.each(reasons)("reaches the store's own signal with its reason, $what", async ({ reason }) => {
    const seen: unknown[] = [];
    class Watched extends MapStore {
      override get(_key: string, options?: OperationOptions): Promise<undefined> {
        return new Promise((_, reject) => {
          options?.signal?.addEventListener("abort", () => {
            seen.push(options.signal?.reason);
            reject(new Error("the service's own words for an abort"));
          });
        });
      }
    }
    const { client } = over(new Watched());
    const controller = new AbortController();

    const call = rejectionOf(client.get("key", client.operation(controller.signal)));
    await nextIteration();
    controller.abort(reason);

    expect(await call).toBe(reason);
    expect(seen).toEqual([reason]);
  });

  test("while a create was sent is not read back, and rejects a backend's call with the reason", async () => {
    const { backend, requests } = await opened(new LandingStore());
    const controller = new AbortController();
    const reason = new StoreError("Throttled", "mine");

    const call = rejectionOf(write(backend, controller.signal));
    // A request listens to the call's signal while it is under way; before it is sent the body is digested.
    await until(() => listenersOf(controller.signal) > 0);
    controller.abort(reason);

    expect(await call).toBe(reason);
    expect(requests.map(({ operation }) => operation)).toEqual(["create"]);
    expect(listenersOf(controller.signal)).toBe(0);
  });

  test("ends an epochComplete that waits for another one, and not that one", async () => {
    const actor = await new World(new MapStore()).open("A");
    const { backend, store } = actor;
    const parts = [await actor.write(5, 1, "five"), await actor.write(6, 1, "six")];
    const held = store.hold("create epoch=5/_COMMIT");
    const controller = new AbortController();
    const first = backend.epochComplete({ epoch: 5, parts: parts.slice(0, 1) });
    await held.arrived;

    const second = rejectionOf(
      backend.epochComplete({ epoch: 6, parts: parts.slice(1) }, { signal: controller.signal }),
    );
    controller.abort("no longer needed");

    expect(await second).toBe("no longer needed");
    expect(listenersOf(controller.signal)).toBe(0);
    held.release();
    expect(await first).toMatchObject({ complete: true });
  });

  test("ends a listing on a page that hangs", async () => {
    const { backend, store } = await new World(new MapStore()).open("A");
    store.hold("list ");
    const controller = new AbortController();

    const call = rejectionOf(backend.latest({ signal: controller.signal }));
    await nextIteration();
    controller.abort(null);

    expect(await call).toBeNull();
    expect(listenersOf(controller.signal)).toBe(0);
  });

  test.each([
    { outcome: "succeeded", errors: [] },
    { outcome: "succeeded on a retry", errors: ["Unavailable", "Corrupt"] as const },
    { outcome: "failed", errors: ["Denied"] as const },
  ])("finds no listener left by a call that $outcome", async ({ errors }) => {
    const store = new FailingStore((get) => {
      const code = errors[get - 1];
      return code === undefined ? undefined : new StoreError(code, code);
    });
    const { client, clock } = over(store, { random: () => 0.5 });
    const { signal } = new AbortController();

    await clock.run(client.get("key", client.operation(signal)).catch(() => undefined));

    expect(listenersOf(signal)).toBe(0);
  });

  test("finds no listener left by any call of a backend", async () => {
    const { backend } = await new World(new MapStore()).open("A");
    const { signal } = new AbortController();
    const bytes = bytesOf("state");

    await backend.takeover({ version: 1 }, { signal });
    const part = await backend.writePartial({ epoch: 5, vnode: 1, assignmentVersion: 1, bytes }, { signal });
    const offsets = await backend.writeAttachment(
      { epoch: 5, name: "offsets", assignmentVersion: 1, bytes },
      { signal },
    );
    await backend.epochComplete({ epoch: 5, parts: [part], attachments: [offsets] }, { signal });
    const handle = await backend.latest({ signal });
    await handle?.read(1, { signal });
    await handle?.readAttachment("offsets", { signal });
    await backend.readPartial({ vnode: 1, epoch: 5 }, { signal });
    await backend.sealedEpochs({}, { signal });
    await backend.describeEpoch(5, { signal });
    await backend.latestCommittedEpoch({ signal });
    await backend.abort(6, { signal });
    await backend.pruneBefore(7, { signal });

    expect(listenersOf(signal)).toBe(0);
  });
});

function listenersOf(signal: AbortSignal): number {
  return getEventListeners(signal, "abort").length;
}

/** Iterations of the event loop until it is so. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await nextIteration();
}

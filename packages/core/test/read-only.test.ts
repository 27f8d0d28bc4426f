import { describe, expect, test } from "vitest";
import { World } from "../src/conformance/backend-suite/world.ts";
import { isStateError } from "../src/index.ts";
import { readingCalls, writingCalls } from "./support/every-call.ts";
import { MapStore } from "./support/map-store.ts";
import { rejectionOf } from "./support/rejection.ts";

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

    const reason = await rejectionOf(world.open("B", { readOnly: true, vnodeCapacity: 64 }));

    expect(reason).toMatchObject({ code: "CapacityMismatch" });
  });

  test.each(writingCalls)("refuses $call with ReadOnly, unsent", async ({ send }) => {
    const inner = new MapStore();
    const world = new World(inner);
    await (await world.open("A")).seal(5, { 1: "state" });
    const { backend, store } = await world.open("B", { readOnly: true });
    const sent = store.requests.length;
    const before = [...inner.entries().keys()];

    const reason = await rejectionOf(send(backend));

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

import { describe, expect, test } from "vitest";
import { beginCall } from "../src/call.ts";
import { Codecs } from "../src/codec.ts";
import { World } from "../src/conformance/backend-suite/world.ts";
import type { BackendEvent, CallEvent, RequestEvent } from "../src/index.ts";
import { fenceKey } from "../src/layout.ts";
import { Namespace } from "../src/namespace.ts";
import { retryPolicy } from "../src/retry.ts";
import { StoreClient } from "../src/store-client.ts";
import { MapStore } from "./support/map-store.ts";

describe("a call is told", () => {
  test("at its start, before it has returned its promise, and at its end, with its epoch and outcome", async () => {
    const { backend, events } = await watched();

    const call = backend.abort(5);
    const atOnce = calls(events);
    await call;
    const atTheEnd = calls(events);

    expect(atOnce).toEqual([
      { type: "call", id: expect.any(Number), call: "abort", epoch: 5, phase: "start" },
    ]);
    expect(atTheEnd.slice(1)).toEqual([
      { ...atOnce[0], phase: "end", durationMs: expect.any(Number), outcome: "ok" },
    ]);
  });

  test("before whoever called goes on", async () => {
    const { backend, events } = await watched();

    await backend.latest();

    expect(ends(events)).toEqual(["latest ok"]);
  });

  test("with the code that it was refused by, after the decision", async () => {
    const { actor, backend, events } = await watched();
    await backend.abort(5);
    const part = await actor.write(5, 0, "too late");
    events.length = 0;

    await backend.epochComplete({ epoch: 5, parts: [part] }).catch(() => undefined);

    expect(ends(events)).toEqual(["epochComplete EpochAborted"]);
    expect(events.at(-2)).toMatchObject({ type: "decision", decision: "void", callId: idOf(events) });
  });

  test("as aborted if its signal aborted it, whatever the reason", async () => {
    const { actor, backend, events } = await watched();
    const held = actor.store.hold("list _control/");
    const controller = new AbortController();

    const call = backend.control({ signal: controller.signal }).catch(() => undefined);
    await held.arrived;
    controller.abort(null);
    await call;

    expect(ends(events)).toEqual(["control aborted"]);
  });

  test("with the code of what its source has met", async () => {
    const { backend, events } = await watched();
    const bytes = { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new TypeError("broken")) }) };

    const written = backend.writePartial({ epoch: 5, vnode: 0, assignmentVersion: 0, bytes });
    await written.catch(() => undefined);

    expect(ends(events)).toEqual(["writePartial SourceFailed"]);
  });

  test("as an error if it ended with one that is not the protocol's", async () => {
    const { actor, backend, events } = await watched();
    await actor.seal(5, { 0: "state" });
    events.length = 0;
    const epochs = backend.epochs()[Symbol.asyncIterator]() as AsyncGenerator;

    await epochs.next();
    await epochs.throw(new TypeError("whoever iterates has met it")).catch(() => undefined);

    expect(ends(events)).toEqual(["epochs error"]);
  });

  test("once for a stream, from its first piece to its last, with the requests of all pieces", async () => {
    const { actor, backend, events } = await watched();
    const part = await actor.stream(5, 0, "state");
    await backend.epochComplete({ epoch: 5, parts: [part] });
    const sealed = await backend.latest();
    events.length = 0;

    for await (const piece of sealed?.stream(0) ?? []) expect(piece.length).toBe(5);

    expect(ends(events)).toEqual(["stream ok"]);
    expect(requestIds(events)).toEqual([idOf(events)]);
  });

  test("at its end too when whoever iterates leaves", async () => {
    const { actor, backend, events } = await watched();
    await actor.seal(5, { 0: "state" });
    events.length = 0;

    for await (const { state } of backend.epochs()) {
      expect(state).toBe("sealed");
      break;
    }

    expect(ends(events)).toEqual(["epochs ok"]);
  });

  test("that opened the backend, that closed it, and that pruned beside it", async () => {
    const { actor, backend, events } = await watched({ retention: { keep: 1 } });
    await backend.takeover({ version: 1 });
    await actor.seal(5, { 0: "state" });

    await backend.close();

    expect(ends(events)).toEqual([
      "open ok",
      "takeover ok",
      "writePartial ok",
      "epochComplete ok",
      "prune ok",
      "close ok",
    ]);
  });

  test("by another id than every other, also of another backend", async () => {
    const one = await watched();
    const two = await watched();

    await Promise.all([one.backend.latest(), two.backend.latest(), one.backend.control()]);

    const ids = [...calls(one.events), ...calls(two.events)].map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
  });
});

describe("a request is told", () => {
  test("with the id of its call, also when several calls run at once", async () => {
    const { actor, backend, events } = await watched();
    await actor.seal(5, { 0: "five" });
    await actor.seal(6, { 0: "six" });
    events.length = 0;

    await Promise.all([
      backend.readPartial({ epoch: 5, vnode: 0 }),
      backend.readPartial({ epoch: 6, vnode: 0 }),
      backend.describeEpoch(5),
      backend.describeEpoch(6),
    ]);

    const epochOf = new Map(calls(events).map(({ id, epoch }) => [id, epoch]));
    const ofEpochs = requests(events).filter(({ key }) => key.startsWith("epoch="));
    expect(ofEpochs.length).toBeGreaterThan(6);
    for (const event of ofEpochs)
      expect(event).toMatchObject({
        key: expect.stringContaining(`epoch=${epochOf.get(event.callId ?? 0)}/`),
      });
  });

  test("with the id of a call, of whichever call it is", async () => {
    const { actor, backend, events } = await watched();
    await backend.takeover({ version: 1 });
    await actor.seal(5, { 0: "state" });
    await backend.pin({ epoch: 5, name: "kept" });
    const sealed = await backend.openPin("kept");
    await sealed.read(0);
    await backend.unpin({ name: "kept" });
    await backend.prune({ keep: 1 });
    await backend.sealedEpochs();

    expect(requestIds(events).filter((id) => id === undefined)).toEqual([]);
  });
});

test("what one call has seen of control counts for the next, though each is told by itself", async () => {
  const { backend, memory } = await watched();
  await backend.takeover({ version: 3 });

  await memory.delete([fenceKey(3)]);

  expect((await backend.control()).fence).toBe(3);
});

test("where nobody watches, a call goes through the namespace itself, and tells nothing", () => {
  const client = new StoreClient(new MapStore(), retryPolicy(), undefined);
  const options = {
    vnodeCapacity: 1,
    concurrency: 1,
    emit: undefined,
    codecs: new Codecs([]),
    chunkBytes: 65_536,
  };
  const namespace = new Namespace(client, options);

  const call = beginCall("latest", namespace, undefined);

  expect(call.namespace).toBe(namespace);
  expect(call.end).toBeUndefined();
});

async function watched(options: { readonly retention?: { readonly keep: number } } = {}): Promise<{
  actor: Awaited<ReturnType<World["open"]>>;
  backend: Awaited<ReturnType<World["open"]>>["backend"];
  memory: MapStore;
  events: BackendEvent[];
}> {
  const events: BackendEvent[] = [];
  const memory = new MapStore();
  const world = new World(memory);
  const actor = await world.open("A", { ...options, onEvent: (event) => events.push(event) });
  if (options.retention === undefined) events.length = 0;
  return { actor, backend: actor.backend, memory, events };
}

function calls(events: readonly BackendEvent[]): CallEvent[] {
  return events.filter((event) => event.type === "call");
}

function ends(events: readonly BackendEvent[]): string[] {
  return calls(events).flatMap((event) => (event.phase === "end" ? [`${event.call} ${event.outcome}`] : []));
}

function idOf(events: readonly BackendEvent[]): number | undefined {
  return calls(events)[0]?.id;
}

function requestIds(events: readonly BackendEvent[]): (number | undefined)[] {
  return requests(events).map(({ callId }) => callId);
}

function requests(events: readonly BackendEvent[]): RequestEvent[] {
  return events.filter((event) => event.type === "request");
}

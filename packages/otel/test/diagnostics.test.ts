import diagnostics from "node:diagnostics_channel";
import { type BackendEvent, ObjectStoreBackend } from "@state/core";
import { MemoryStore } from "@state/memory";
import { afterEach, describe, expect, test } from "vitest";
import { publish } from "../src/diagnostics.ts";

const types = ["call", "request", "decision", "retention"] as const;
const subscribed: (() => void)[] = [];

afterEach(() => {
  for (const unsubscribe of subscribed.splice(0)) unsubscribe();
});

describe("events are published", () => {
  test("each on the channel of its type, in their order", async () => {
    const published: BackendEvent[] = [];
    const told: BackendEvent[] = [];
    for (const type of types)
      subscribe(`state.${type}`, (message) => published.push(message as BackendEvent), type);
    const backend = await ObjectStoreBackend.open({
      store: new MemoryStore(),
      instanceId: "A",
      vnodeCapacity: 1,
      retention: { keep: 1 },
      onEvent: (event) => {
        told.push(event);
        publish(event);
      },
    });

    const { nextEpoch: epoch } = await backend.takeover({ version: 1 });
    await backend.epochComplete({ epoch, parts: [{ vnode: 0, bytes: new Uint8Array([1]) }] });
    await backend.close();

    expect(published).toEqual(told);
    expect(new Set(published.map(({ type }) => type))).toEqual(new Set(types));
  });

  test("on a channel that has subscribers, and on no other", () => {
    const published: unknown[] = [];
    subscribe("state.call", (message) => published.push(message));
    const start = { type: "call", phase: "start", id: 1, call: "latest" } as const;

    publish({ type: "decision", decision: "void", epoch: 1 });
    publish(start);

    expect(published).toEqual([start]);
  });
});

/** With a type, only what is of this type is passed on: an event on another's channel is not seen. */
function subscribe(name: string, told: (message: unknown) => void, type?: BackendEvent["type"]): void {
  const onMessage = (message: unknown): void => {
    if (type === undefined || (message as BackendEvent).type === type) told(message);
  };
  diagnostics.subscribe(name, onMessage);
  subscribed.push(() => diagnostics.unsubscribe(name, onMessage));
}

import { describe, expect, test } from "vitest";
import { bytesOf, textOf, World } from "../src/conformance/backend-suite/world.ts";
import { MapStore } from "./support/map-store.ts";

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

    expect(textOf(await inner.get(receipt.key ?? ""))).toBe("state");
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

import { describe, expect, test } from "vitest";
import { bytesOf, textOf, World } from "../src/conformance/backend-suite/world.ts";
import type { AttachmentReceipt, PartialReceipt } from "../src/index.ts";
import { MapStore } from "./support/map-store.ts";

const bytes = bytesOf("state");

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

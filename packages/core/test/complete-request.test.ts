import { describe, expect, test } from "vitest";
import { World } from "../src/conformance/backend-suite/world.ts";
import { isStateError } from "../src/index.ts";
import { type Anything, expectNamed, messageOf } from "./support/bad-values.ts";
import { MapStore } from "./support/map-store.ts";
import { attachment, epoch, partial, sha256 } from "./support/receipts.ts";
import { rejectionOf } from "./support/rejection.ts";

const otherSha256 = "b".repeat(64);

describe("a hole in an array is no vnode and no receipt:", () => {
  const hole = Array.from<Anything>({ length: 0 });
  hole.length = 1;

  test.each([
    { argument: "parts[0]", args: { epoch, parts: hole } },
    { argument: "unchanged[0]", args: { epoch, parts: [1], unchanged: hole } },
    { argument: "attachments[0]", args: { epoch, parts: [1], attachments: hole } },
  ])("epochComplete refuses $argument that is not there", async ({ argument, args }) => {
    const { backend, store } = await new World(new MapStore()).lead("A", 1);
    const sent = store.requests.length;

    const reason = await rejectionOf(backend.epochComplete(args));

    expectNamed(reason, { argument, shown: "undefined", error: TypeError });
    expect(store.requests.slice(sent)).toEqual([]);
  });
});

describe("epochComplete sends nothing and returns", () => {
  const nothing = [
    { what: "no parts", args: { epoch, parts: [] } },
    { what: "neither parts nor unchanged vnodes", args: { epoch, parts: [], unchanged: [] } },
  ];
  test.each(nothing)("RangeError to $what: there is nothing to seal", async ({ args }) => {
    const { backend, store } = await new World(new MapStore()).lead("A", 1);
    const sent = store.requests.length;

    const reason = await rejectionOf(backend.epochComplete(args));

    expect(reason).toBeInstanceOf(RangeError);
    expect(messageOf(reason)).toMatch(/parts, unchanged and attachments are all empty/);
    expect(store.requests.slice(sent)).toEqual([]);
  });

  const twice = [
    { what: "twice in unchanged", args: { epoch, parts: [], unchanged: [1, 2, 1] } },
    { what: "in unchanged and as a number", args: { epoch, parts: [1], unchanged: [1] } },
    { what: "in unchanged and as a receipt", args: { epoch, parts: [partial], unchanged: [2, 1] } },
  ];
  test.each(twice)("RangeError to a vnode that is $what", async ({ args }) => {
    const { backend, store } = await new World(new MapStore()).lead("A", 1);
    const sent = store.requests.length;

    const reason = await rejectionOf(backend.epochComplete(args));

    expect(reason).toBeInstanceOf(RangeError);
    expect(messageOf(reason)).toMatch(/unchanged names vnode 1\b/);
    expect(store.requests.slice(sent)).toEqual([]);
  });

  const small = { vnode: 1, bytes: new Uint8Array(8) };
  const large = { vnode: 1, bytes: new Uint8Array(65_537) };
  const halves = [1, 2].map((vnode) => ({ vnode, bytes: new Uint8Array(32_769) }));
  const refusedBytes: readonly { what: string; args: unknown; says: RegExp }[] = [
    { what: "more bytes than a seal takes", args: { epoch, parts: [large] }, says: /65537 in all/ },
    { what: "more of them together", args: { epoch, parts: halves }, says: /65538 in all/ },
    {
      what: "bytes that are none",
      args: { epoch, parts: [{ vnode: 1, bytes: "x" }] },
      says: /parts\[0\]\.bytes/,
    },
    {
      what: "bytes of no vnode",
      args: { epoch, parts: [{ ...small, vnode: -1 }] },
      says: /parts\[0\]\.vnode/,
    },
    {
      what: "bytes and a receipt of a vnode",
      args: { epoch, parts: [small, partial] },
      says: /vnode 1 twice/,
    },
    {
      what: "bytes of an unchanged vnode",
      args: { epoch, parts: [small], unchanged: [1] },
      says: /vnode 1\b/,
    },
    { what: "itself as the next epoch", args: { epoch, parts: [1], next: epoch }, says: /\bnext must be/ },
    { what: "true as the next epoch", args: { epoch, parts: [1], next: true }, says: /\bnext must be/ },
  ];
  test.each(refusedBytes)("an error to $what", async ({ args, says }) => {
    const { backend, store } = await new World(new MapStore()).lead("A", 1);
    const sent = store.requests.length;

    const reason = await rejectionOf(backend.epochComplete(args as Anything));

    expect(messageOf(reason)).toMatch(says);
    expect(store.requests.slice(sent)).toEqual([]);
  });

  const later = { ...partial, key: `epoch=5/vnode=1/partial.${sha256}.bin` };
  const laterAttachment = { ...attachment, key: `epoch=5/attachment/offsets/data.${sha256}.bin` };
  const unfit = [
    { what: "a vnode as a number twice", args: { epoch, parts: [1, 2, 1] }, says: /vnode 1 twice/ },
    { what: "a receipt twice", args: { epoch, parts: [partial, partial] }, says: /vnode 1 twice/ },
    { what: "two receipts of a vnode", args: { epoch, parts: [partial, later] }, says: /vnode 1 twice/ },
    { what: "a number, then its receipt", args: { epoch, parts: [1, partial] }, says: /vnode 1 twice/ },
    { what: "a receipt, then its number", args: { epoch, parts: [partial, 1] }, says: /vnode 1 twice/ },
    {
      what: "an attachment twice",
      args: { epoch, parts: [1], attachments: [attachment, laterAttachment] },
      says: /offsets twice/,
    },
    {
      what: "a receipt of another epoch",
      args: { epoch: 6, parts: [partial] },
      says: /parts\[0\] .*epoch 5/,
    },
    {
      what: "an attachment's receipt of another epoch",
      args: { epoch: 6, parts: [1], attachments: [attachment] },
      says: /attachments\[0\] .*epoch 5/,
    },
    ...[
      "epoch=4/vnode=1/partial.bin",
      "epoch=50/vnode=1/partial.bin",
      "epoch=5/vnode=2/partial.bin",
      "epoch=5/vnode=11/partial.bin",
      "epoch=5/vnode=01/partial.bin",
      `epoch=5/vnode=1/partial.${otherSha256}.bin`,
      `epoch=5/vnode=2/partial.${sha256}.bin`,
      "epoch=5/vnode=1/partial.bin/x",
      "epoch=5/vnode=1/../vnode=1/partial.bin",
      "epoch=5/attachment/1/data.bin",
      "epoch=5/_COMMIT",
      "_control/namespace",
      "",
    ].map((key) => ({
      what: `a receipt of the key ${JSON.stringify(key)}`,
      args: { epoch, parts: [{ ...partial, key }] },
      says: /: parts\[0\]: .*vnode 1 /,
    })),
    ...[
      "epoch=4/attachment/offsets/data.bin",
      "epoch=5/attachment/offset/data.bin",
      "epoch=5/attachment/other/data.bin",
      `epoch=5/attachment/offsets/data.${otherSha256}.bin`,
      `epoch=5/attachment/other/data.${sha256}.bin`,
      "epoch=5/vnode=1/partial.bin",
      "epoch=5/_COMMIT",
      "",
    ].map((key) => ({
      what: `an attachment's receipt of the key ${JSON.stringify(key)}`,
      args: { epoch, parts: [1], attachments: [{ ...attachment, key }] },
      says: /: attachments\[0\]: .*attachment offsets /,
    })),
  ];
  test.each(unfit)("ReceiptInvalid to $what", async ({ args, says }) => {
    const { backend, store } = await new World(new MapStore()).open("A");
    const sent = store.requests.length;

    const reason = await rejectionOf(backend.epochComplete(args));

    expect(isStateError(reason)).toBe(true);
    expect(reason).toMatchObject({ code: "ReceiptInvalid", sealed: "unknown", epoch: args.epoch });
    expect(messageOf(reason)).toMatch(says);
    expect(store.requests.slice(sent)).toEqual([]);
  });
});

import { describe, expect, test } from "vitest";
import { chunkKey } from "../../src/layout.ts";
import { decodeCommit } from "../../src/seal.ts";
import { small } from "../support/streams.ts";

type Fields = Readonly<Record<string, unknown>>;

const a = "a".repeat(64);
const b = "b".repeat(64);
const plain = { size: 9, sha256: b };
const whole = { vnode: 1, key: "epoch=5/vnode=1/partial.bin", size: 5, sha256: a };
const inline = { vnode: 1, size: 3, sha256: a, inline: "AAEC", writtenAt: 5 };
const first = { key: chunkKey(4, 1, a), size: small, sha256: a };
const last = { key: chunkKey(5, 1, b), size: 5, sha256: b };
const chunked = { vnode: 1, size: small + 5, sha256: a, writtenAt: 5, chunks: [first, last] };
const coded = { codec: "c", plain };
const codedChunks = { vnode: 1, size: 5, sha256: a, writtenAt: 5, ...coded, chunks: [{ ...last, plain }] };
const attachment = { name: "x", key: "epoch=5/attachment/x/data.bin", size: 1, sha256: a };

function sealed(partials: readonly unknown[], attachments: readonly unknown[] = [], format = 2): Uint8Array {
  const seal = {
    format,
    epoch: 5,
    committer: "A",
    incarnation: "i",
    assignmentVersion: 0,
    partials,
    attachments,
  };
  return new TextEncoder().encode(JSON.stringify(seal));
}

function without(fields: Fields, name: string): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([each]) => each !== name));
}

describe("decodeCommit", () => {
  test.for<[string, Fields]>([
    ["a whole", whole],
    ["a coded whole", { ...whole, ...coded }],
    ["a whole without a digest", without(whole, "sha256")],
    ["bytes in the seal", inline],
    ["coded bytes in the seal", { ...inline, ...coded }],
    ["no bytes in the seal", { ...inline, inline: "", size: 0 }],
    ["chunks", chunked],
    ["no chunks", { ...chunked, size: 0, chunks: [] }],
    ["coded chunks", codedChunks],
    ["chunks of a lower epoch", { ...chunked, size: small, writtenAt: 4, chunks: [first] }],
  ])("reads %s", ([, entry]) => {
    const commit = decodeCommit(sealed([entry]), 5);
    expect(commit).toMatchObject({ kind: "seal", seal: { partials: [entry], attachments: [] } });
  });

  test("reads a coded attachment", () => {
    const commit = decodeCommit(sealed([], [{ ...attachment, ...coded }]), 5);
    expect(commit).toMatchObject({ seal: { attachments: [{ ...attachment, ...coded }] } });
  });

  const of = (entry: Fields, changes: Readonly<Record<string, Fields>>): [string, Fields][] =>
    Object.entries(changes).map(([what, change]) => [what, { ...entry, ...change }]);
  const chunkWith = (change: Fields): Fields => ({ size: 5, chunks: [{ ...last, ...change }] });

  const malformed: readonly [string, unknown][] = [
    ["a coded whole without a digest", { ...without(whole, "sha256"), ...coded }],
    ...of(whole, {
      "a codec and nothing encoded": { codec: "c" },
      "something encoded and no codec": { plain },
      "a codec with no name": { codec: "", plain },
      "a codec that is a number": { codec: 5, plain },
      "null encoded": { codec: "c", plain: null },
      "nothing of a size encoded": { codec: "c", plain: { sha256: a } },
      "nothing of a digest encoded": { codec: "c", plain: { size: 9, sha256: "b" } },
      "a whole with the key of a chunk": { key: first.key },
      "a whole with chunks": { chunks: [first] },
      "a whole with bytes": { inline: "AAEC" },
    }),
    ...of(inline, {
      "bytes with chunks": { chunks: [] },
      "bytes that are null": { inline: null },
      "bytes that are no base64": { inline: "A*EC" },
      "bytes with a line's end": { inline: "AAEC\n" },
      "bytes of another size": { size: 4 },
      "bytes without a digest": { sha256: null },
      "bytes of a later epoch": { writtenAt: 6 },
      "bytes of no epoch": { writtenAt: null },
      "bytes of no vnode": { vnode: "1" },
      "coded bytes without what was encoded": { codec: "c" },
    }),
    ...of(chunked, {
      "chunks with a key": { key: null },
      "chunks that are null": { chunks: null },
      "chunks that are an object": { chunks: {} },
      "chunks of another size": { size: small + 6 },
      "chunks without a digest": { sha256: null },
      "chunks of a later epoch": { writtenAt: 6 },
      "chunks of an epoch after they were written": { writtenAt: 4 },
      "chunks of no epoch": { writtenAt: -1 },
      "chunks of another vnode": { vnode: 2 },
      "chunks without what was encoded": { ...coded },
      "chunks in which the small one is first": { chunks: [last, first] },
      "a chunk that is null": { size: 0, chunks: [null] },
      "a chunk of no bytes": { size: 0, chunks: [{ ...last, size: 0 }] },
      "a chunk with another digest": chunkWith({ sha256: a }),
      "a chunk with the key of a whole": chunkWith({ key: whole.key }),
      "a chunk with a key of a later epoch": chunkWith({ key: chunkKey(6, 1, b) }),
      "a chunk without a size": chunkWith({ size: null }),
      "a chunk that alone is coded": chunkWith({ plain }),
      "too many chunks": { size: 65_537 * small, chunks: Array.from({ length: 65_537 }, () => first) },
    }),
    ...of(codedChunks, {
      "coded chunks without a codec": { codec: null },
      "coded chunks of another size encoded": { plain: { ...plain, size: 8 } },
      "coded chunks that are not": { chunks: [last] },
      "a coded chunk of null": { chunks: [{ ...last, plain: null }] },
      "a coded chunk of no bytes": {
        plain: { ...plain, size: 0 },
        chunks: [{ ...last, plain: { ...plain, size: 0 } }],
      },
    }),
  ];

  test.for(malformed)("finds %s Corrupt", ([, entry]) => {
    expectCorrupt(sealed([entry]));
  });

  test.for<[string, Fields]>([
    ["with chunks", { ...without(attachment, "key"), chunks: [] }],
    ["in the seal", { ...without(attachment, "key"), inline: "AA==" }],
    ["with the key of a chunk", { ...attachment, key: first.key }],
    ["with half a codec", { ...attachment, codec: "c" }],
    ["that is coded and has no digest", { ...without(attachment, "sha256"), ...coded }],
  ])("finds an attachment %s Corrupt", ([, entry]) => {
    expectCorrupt(sealed([], [entry]));
  });

  test.for<[string, Fields]>([
    ["bytes", inline],
    ["chunks", chunked],
    ["coded chunks", codedChunks],
  ])("finds %s in format 1 Corrupt", ([, entry]) => {
    expectCorrupt(sealed([entry], [], 1));
  });

  test("finds a vnode Corrupt that is there twice, in two forms", () => {
    expectCorrupt(sealed([chunked, inline]));
  });

  test("gives nothing that can be changed", () => {
    const commit = decodeCommit(sealed([codedChunks]), 5);
    const [entry] = commit.kind === "seal" ? commit.seal.partials : [];
    const parts = [entry, entry?.chunks, entry?.plain, entry?.chunks?.[0], entry?.chunks?.[0]?.plain];
    expect(parts.map((part) => part !== undefined && Object.isFrozen(part))).toEqual(parts.map(() => true));
  });
});

function expectCorrupt(body: Uint8Array): void {
  expect(() => decodeCommit(body, 5)).toThrow(
    expect.objectContaining({ code: "Corrupt", key: "epoch=5/_COMMIT", sealed: "unknown", epoch: 5 }),
  );
}

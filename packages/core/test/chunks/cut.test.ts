import { beforeEach, describe, expect, test } from "vitest";
import { isWhole, wholeOf } from "../../src/chunking.ts";
import { type Actor, assertComplete, World } from "../../src/conformance/backend-suite/world.ts";
import type { WritePartialArguments } from "../../src/index.ts";
import { MapStore } from "../support/map-store.ts";
import { rejectionOf } from "../support/rejection.ts";
import {
  all,
  block,
  chunkRequests,
  shown,
  small,
  Source,
  streamOf,
  writeStream,
} from "../support/streams.ts";

type Cut = NonNullable<WritePartialArguments["cut"]>;

let actor: Actor;

beforeEach(async () => {
  actor = await new World(new MapStore(), { chunkBytes: small }).open("A");
});

/** A cut that gives these chunks once it has read the whole stream. */
function giving(...chunks: readonly unknown[]): Cut {
  return async function* (pieces) {
    await all(pieces);
    yield* chunks as Uint8Array[];
  };
}

const holding: Cut = async function* (pieces) {
  yield* await all(pieces);
};

const intoSmallChunks: Cut = async function* (pieces) {
  for await (const piece of pieces) yield piece.subarray(0, 5);
};

const intoOneBuffer: Cut = async function* (pieces) {
  const buffer = new Uint8Array(small);
  for await (const piece of pieces) {
    buffer.set(piece);
    yield buffer;
  }
  buffer.fill(0);
};

async function* inOneBuffer(): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(small);
  yield buffer.fill(1);
  yield buffer.fill(2);
  buffer.fill(3);
}

async function write(cut: Cut, source = new Source([block(1), block(2)])): Promise<string[]> {
  await writeStream(actor, 5, source, { cut });
  assertComplete(await actor.backend.epochComplete({ epoch: 5, parts: [1] }));
  return shown(await all((await actor.backend.sealed(5))?.stream(1)));
}

describe("a cut", () => {
  test("says where chunks end", async () => {
    const cut = giving(block(1, small + 3), block(2, small - 3));
    expect(await write(cut)).toEqual(["1 x 65539", "2 x 65533"]);
  });

  test("gives empty chunks, which are left out", async () => {
    const none = block(0, 0);
    expect(await write(giving(none, block(1), none, block(2), none))).toEqual(["1 x 65536", "2 x 65536"]);
  });

  test("may use one buffer for every chunk", async () => {
    expect(await write(intoOneBuffer)).toEqual(["1 x 65536", "2 x 65536"]);
  });

  test("may hold its pieces, though their source uses one buffer for all", async () => {
    await writeStream(actor, 5, inOneBuffer(), { cut: holding });
    assertComplete(await actor.backend.epochComplete({ epoch: 5, parts: [1] }));
    expect(shown(await all((await actor.backend.sealed(5))?.stream(1)))).toEqual(["1 x 65536", "2 x 65536"]);
  });

  const error = new Error("no rhyme, no reason");
  test.for<{ what: string; cut: Cut; cause: string }>([
    { what: "loses bytes", cut: giving(block(1), block(2, 5)), cause: "cut gave 65541 of 131072 bytes" },
    { what: "adds bytes", cut: giving(block(1), block(2), block(3, 1)), cause: "gave 131073 of 131072" },
    { what: "gives nothing", cut: giving(), cause: "cut gave 0 of 131072 bytes" },
    {
      what: "gives a small chunk that is not the last",
      cut: giving(block(1, small - 1), block(2, small + 1)),
      cause: "chunk 0 is below 65536 bytes, and not the last",
    },
    {
      what: "stops before the end of the stream",
      cut: async function* (pieces) {
        for await (const piece of pieces) {
          yield piece;
          break;
        }
      },
      cause: "and did not take all",
    },
    { what: "reads nothing", cut: () => streamOf(), cause: "and did not take all" },
    {
      what: "throws as it is called",
      cut: () => {
        throw error;
      },
      cause: error.message,
    },
    {
      what: "throws in the middle",
      cut: async function* (pieces) {
        for await (const piece of pieces) {
          yield piece;
          throw error;
        }
      },
      cause: error.message,
    },
    { what: "gives no stream", cut: () => 5 as never, cause: "" },
    {
      what: "gives what are no bytes",
      cut: giving(block(1), "b"),
      cause: "chunk 1 of cut must be a Uint8Array",
    },
  ])("that $what fails the write", async ({ cut, cause }) => {
    const source = new Source([block(1), block(2)]);
    const reason = await rejectionOf(writeStream(actor, 5, source, { cut }));
    expect(reason).toMatchObject({ code: "SourceFailed", sealed: "unknown", epoch: 5, vnode: 1 });
    expect(reason).toHaveProperty("cause.message", expect.stringContaining(cause));
    expect(await actor.backend.epochComplete({ epoch: 5, parts: [1] })).toMatchObject({ complete: false });
  });

  test("that fails closes the source", async () => {
    const source = new Source([block(1), block(2), block(3)]);
    await rejectionOf(writeStream(actor, 5, source, { cut: intoSmallChunks }));
    expect([source.given, source.returns]).toEqual([2, 1]);
    expect(chunkRequests(actor, "create").length).toBeLessThan(2);
  });
});

describe("the digest of a whole", () => {
  const chunk = { key: "k", size: small, sha256: "ab".repeat(32) };
  const other = { key: "l", size: 5, sha256: "00".repeat(32) };

  test("is that of its chunks' digests, in order", async () => {
    const digest = await crypto.subtle.digest(
      "SHA-256",
      Uint8Array.from({ length: 64 }, (_, index) => (index < 32 ? 0xab : 0)),
    );
    const sha256 = Buffer.from(digest).toString("hex");
    expect(await wholeOf([chunk, other], undefined)).toEqual({ size: small + 5, sha256 });
    expect(await isWhole({ size: small + 5, sha256 }, [chunk, other])).toBe(true);
    expect(await isWhole({ size: small + 5, sha256 }, [other, chunk])).toBe(false);
    expect(await isWhole({ size: small + 5, sha256 }, [chunk])).toBe(false);
  });

  test("also goes by what was encoded", async () => {
    const plain = { size: 9, sha256: "cd".repeat(32) };
    const whole = await wholeOf([{ ...chunk, plain }], "codec");
    expect(whole).toMatchObject({ size: small, codec: "codec", plain: { size: 9 } });
    expect(await isWhole(whole, [{ ...chunk, plain }])).toBe(true);
    expect(await isWhole(whole, [{ ...chunk, plain: { ...plain, sha256: "00".repeat(32) } }])).toBe(false);
  });
});

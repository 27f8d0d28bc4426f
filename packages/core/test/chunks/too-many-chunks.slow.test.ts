import { expect, test } from "vitest";
import { cutIntoChunks, wholeOf } from "../../src/chunking.ts";
import { World } from "../../src/conformance/backend-suite/world.ts";
import { chunkKey } from "../../src/layout.ts";
import { MapStore } from "../support/map-store.ts";
import { rejectionOf } from "../support/rejection.ts";
import { block, small } from "../support/streams.ts";

const details = { sealed: "unknown" } as const;

// Pieces of many chunks each, so that it is quick.
test(
  "a stream of too many chunks is cut up to the 65,536th, and no further",
  { timeout: 60_000 },
  async () => {
    const many = block(1, 1024 * small);
    async function* source(): AsyncGenerator<Uint8Array> {
      for (let piece = 0; piece < 64; piece++) yield many;
      yield block(2, 1);
    }
    let chunks = 0;
    const count = async (): Promise<void> => {
      for await (const { length } of cutIntoChunks(source(), {
        chunkBytes: small,
        cut: undefined,
        spare: [],
        details,
      }))
        chunks += length / small;
    };
    expect(await rejectionOf(count())).toMatchObject({
      code: "SourceFailed",
      cause: expect.objectContaining({ message: "there are more than 65536 chunks: make them larger" }),
    });
    expect(chunks).toBe(65_536);
  },
);

test("an epoch of more than 100,000 chunks is refused", async () => {
  const leader = await new World(new MapStore()).open("A");
  const sha256 = "a".repeat(64);
  const first = { key: chunkKey(5, 1, sha256), size: small, sha256 };
  const chunks = Array.from({ length: 60_000 }, () => first);
  const whole = await wholeOf(chunks, undefined);
  const receipt = { epoch: 5, vnode: 1, assignmentVersion: 0, ...whole, chunks };
  const second = { ...first, key: chunkKey(5, 2, sha256) };
  const other = { ...receipt, vnode: 2, chunks: chunks.map(() => second) };
  for (const key of [first.key, second.key]) await leader.store.create(key, block(1));
  const call = leader.backend.epochComplete({ epoch: 5, parts: [receipt, other] });
  expect(await rejectionOf(call)).toMatchObject({ code: "ReceiptRequired", sealed: "no", vnode: 2 });
});

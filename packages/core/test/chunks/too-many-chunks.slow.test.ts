import { expect, test } from "vitest";
import { cutIntoChunks } from "../../src/chunking.ts";
import { rejectionOf } from "../support/rejection.ts";
import { block, small } from "../support/streams.ts";

const details = { sealed: "unknown" } as const;

// Pieces of many chunks each, so that it is quick.
test("a stream of too many chunks is cut up to the 65,536th, and no further", async () => {
  const many = block(1, 1024 * small);
  async function* source(): AsyncGenerator<Uint8Array> {
    for (let piece = 0; piece < 64; piece++) yield many;
    yield block(2, 1);
  }
  let chunks = 0;
  const count = async (): Promise<void> => {
    for await (const { length } of cutIntoChunks(source(), { chunkBytes: small, cut: undefined, details }))
      chunks += length / small;
  };
  expect(await rejectionOf(count())).toMatchObject({
    code: "SourceFailed",
    cause: expect.objectContaining({ message: "there are more than 65536 chunks: make them larger" }),
  });
  expect(chunks).toBe(65_536);
});

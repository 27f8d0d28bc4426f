import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  bodyLimit,
  checkBody,
  inSlices,
  readBody,
  sentSlices,
  type StoreCall,
} from "../../src/adapter/index.ts";
import { rejectionOf } from "../support/rejection.ts";

async function* parts(...lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  for (const length of lengths) yield new Uint8Array(length).fill(length);
}

const call: StoreCall = { store: "store:here", operation: "get", key: "a/1" };

describe("a body", () => {
  const request = { received: (): void => undefined };

  test("is read whole, each part seen in order, into bytes of its own", async () => {
    const seen: number[] = [];
    const onPart = (part: Uint8Array): unknown => seen.push(part.byteLength);
    const body = await readBody(parts(2, 1), { length: 3, onPart }, call, request);
    expect(body).toEqual(new Uint8Array([2, 2, 1]));
    expect(body.buffer.byteLength).toBe(3);
    expect(seen).toEqual([2, 1]);
    await expect(readBody(parts(2, 1), { length: undefined }, call, request)).resolves.toEqual(body);
  });

  test.each([
    ["shorter than announced", [2, 1], 4, "Corrupt", "3 bytes arrived of the 4 that were announced"],
    ["longer than announced", [2, 1], 2, "Corrupt", "more bytes arrived than the 2 that were announced"],
    ["announced as 2^31 bytes", [1], 2 ** 31, "Failed", "the object is 2147483648 bytes long, 2^31 or more"],
  ])("that is %s is refused", async (_, lengths, length, code, why) => {
    const error = await rejectionOf(readBody(parts(...lengths), { length }, call, request));
    expect(error).toMatchObject({ code, message: `get of "a/1" in store:here failed: ${why}` });
  });

  test("of a stream of Node is read whole, and refused like any other", async () => {
    const read = (
      length: number,
      stream = Readable.from(parts(2, 1), { objectMode: false }),
    ): Promise<unknown> => readBody(stream, { length }, call, request);
    await expect(read(3)).resolves.toEqual(new Uint8Array([2, 2, 1]));
    await expect(read(0, Readable.from([]))).resolves.toEqual(new Uint8Array());
    await expect(rejectionOf(read(4))).resolves.toMatchObject({ code: "Corrupt" });
    const tooLong = Readable.from(parts(2, 1), { objectMode: false });
    await expect(rejectionOf(read(2, tooLong))).resolves.toMatchObject({ code: "Corrupt" });
    expect(tooLong.destroyed).toBe(true);
  });

  test.each([
    ["has broken", new Error("reset")],
    ["has broken", undefined],
    ["breaks", new Error("reset")],
    ["breaks", undefined],
  ])("of a stream of Node that %s is not given out: %o", async (when, error) => {
    const stream = Readable.from(parts(2, 1), { objectMode: false }).on("error", () => undefined);
    if (when === "has broken") {
      stream.destroy(error);
      await new Promise((resolve) => stream.once("close", resolve));
    }
    const reading = rejectionOf(readBody(stream, { length: 3 }, call, request));
    stream.destroy(error);
    const rejection = await reading;
    if (error === undefined) expect(String(rejection)).toMatch(/broke off|premature/i);
    else expect(rejection).toBe(error);
  });

  test("gives back the memory that a socket gave, once it is copied, and no other", async () => {
    const socketBytes = 65_536;
    const ofSocket = new Uint8Array(socketBytes).fill(1);
    const pooled = new Uint8Array(socketBytes + 1).fill(2).subarray(1);
    const small = new Uint8Array(10).fill(3);
    const stream = Readable.from([ofSocket, pooled, small]);
    const reading = readBody(stream, { length: 2 * socketBytes + 10 }, call, request);
    // Whoever gave it may look at it until its turn ends.
    const wasGivenBack: boolean[] = [];
    stream.on("data", ({ buffer }: Uint8Array<ArrayBuffer>) => wasGivenBack.push(buffer.detached));
    const body = await reading;
    expect(wasGivenBack).toEqual([false, false, false]);
    const ends = [0, socketBytes - 1, socketBytes, 2 * socketBytes - 1, 2 * socketBytes];
    expect(ends.map((at) => body[at])).toEqual([1, 1, 2, 2, 3]);
    expect([ofSocket, pooled, small].map(({ buffer }) => buffer.detached)).toEqual([true, false, false]);
  });

  test("without an announced length is read no further than a body may be, and its stream is ended", async () => {
    const part = new Uint8Array(2 ** 26);
    let given = 0;
    let isEnded = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          given += part.byteLength;
          yield part;
        }
      } finally {
        isEnded = true;
      }
    }
    const reading = readBody(endless(), { length: undefined }, call, request);
    await expect(rejectionOf(reading)).resolves.toMatchObject({ code: "Failed" });
    expect(given).toBe(bodyLimit);
    expect(isEnded).toBe(true);
  });

  test("of 2^31 bytes is not sent", () => {
    const large = { byteLength: bodyLimit } as Uint8Array;
    expect(() => checkBody("a", large)).toThrow(RangeError);
    expect(() => checkBody("a", { byteLength: bodyLimit - 1 } as Uint8Array)).not.toThrow();
  });

  test("is visited in slices, and ends with its signal", async () => {
    const bytes = new Uint8Array(4 * 2 ** 20).map((_, index) => index >> 10);
    const seen: Uint8Array[] = [];
    await inSlices(bytes, (slice) => seen.push(slice));
    expect(Buffer.compare(Buffer.concat(seen), bytes)).toBe(0);
    const controller = new AbortController();
    const stopped = inSlices(bytes, () => controller.abort("enough"), controller.signal);
    expect(await rejectionOf(stopped)).toBe("enough");
  });

  test("is sent in slices that are views, and each says how much has been handed over", async () => {
    const sent: number[] = [];
    const part = new Uint8Array(200_000).fill(1);
    const sending = sentSlices([new Uint8Array([7]), part], { sent: (bytes) => sent.push(bytes) });
    const slices: Uint8Array[] = [];
    for await (const slice of sending) slices.push(slice);
    expect(Buffer.concat(slices)).toEqual(Buffer.concat([new Uint8Array([7]), part]));
    expect(slices.slice(1).every(({ buffer }) => buffer === part.buffer)).toBe(true);
    expect(sent).toEqual([1, 131_073, 200_001, 200_001]);
  });

  test("whose length is announced is copied part by part, not in one piece at its end", async () => {
    const shared = new Uint8Array(2);
    async function* shares(): AsyncGenerator<Uint8Array> {
      for (const value of [1, 2, 3]) yield shared.fill(value);
    }
    expect(await readBody(shares(), { length: 6 }, call, request)).toEqual(
      new Uint8Array([1, 1, 2, 2, 3, 3]),
    );
  });

  test("is visited in slices of the length that is asked for, the last one shorter", async () => {
    const seen: number[] = [];
    await inSlices(new Uint8Array(10), ({ byteLength }) => seen.push(byteLength), undefined, 4);
    expect(seen).toEqual([4, 4, 2]);
  });

  describe("of many megabytes lets other work run", () => {
    const [mebibyte, length] = [2 ** 20, 8 * 2 ** 20];
    let turns = 0;
    let counting: NodeJS.Immediate;
    beforeEach(() => {
      turns = 0;
      const count = (): void => {
        turns += 1;
        counting = setImmediate(count);
      };
      count();
    });
    afterEach(() => clearImmediate(counting));

    test("while it is read from a source that never waits", async () => {
      async function* source(): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < length; at += mebibyte / 16) yield new Uint8Array(mebibyte / 16);
      }
      await readBody(source(), { length }, call, request);
      expect(turns).toBeGreaterThanOrEqual(length / mebibyte);
    });

    test("while it is read from a stream of Node that never waits", async () => {
      let given = 0;
      const stream = new Readable({
        read(bytes) {
          this.push(given < length ? new Uint8Array(bytes) : null);
          given += bytes;
        },
      });
      await readBody(stream, { length }, call, request);
      expect(turns).toBeGreaterThanOrEqual(length / mebibyte);
    });

    test("while it is sent to a sink that never waits", async () => {
      let sent = 0;
      const body = new Uint8Array(length);
      for await (const slice of sentSlices([body], { sent: () => undefined })) sent += slice.byteLength;
      expect(sent).toBe(length);
      expect(turns).toBeGreaterThanOrEqual(length / mebibyte);
    });

    test("while it is hashed", async () => {
      await inSlices(new Uint8Array(length), () => undefined);
      expect(turns).toBeGreaterThanOrEqual(length / mebibyte);
    });
  });
});

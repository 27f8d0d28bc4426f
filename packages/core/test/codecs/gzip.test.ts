import { constants, createGzip, gunzipSync, gzipSync } from "node:zlib";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { gzip } from "../../src/codecs/index.ts";
import { rejectionOf } from "../support/rejection.ts";
import { mixedBytes } from "./bytes.ts";

const place = { writtenAt: 7, vnode: 3 };
const codec = gzip();

const MiB = 2 ** 20;

/** A gzip of so many zeros, made without ever holding them. */
async function gzipOfZeros(size: number): Promise<Uint8Array<ArrayBuffer>> {
  const stream = createGzip({ level: constants.Z_BEST_SPEED });
  const zeros = new Uint8Array(MiB);
  let left = size;
  const fill = (): void => {
    while (left > 0) {
      left -= zeros.length;
      if (!stream.write(zeros)) return void stream.once("drain", fill);
    }
    stream.end();
  };
  fill();
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return new Uint8Array(Buffer.concat(parts));
}

interface Meter {
  /** Compressed bytes that were taken, and bytes that were made of them. */
  read: number;
  produced: number;
  cancelled: boolean;
  /** Resolves when nothing more is taken: by the end, or as the source was cancelled. */
  readonly ended: Promise<string>;
}

/** Puts a meter into the platform's `DecompressionStream`, on both sides. */
function metered(): Meter {
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  const meter: Meter = { read: 0, produced: 0, cancelled: false, ended };
  const Original = DecompressionStream;
  class Metered {
    readonly readable: ReadableStream<Uint8Array>;
    readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;

    constructor(format: CompressionFormat) {
      const inner = new Original(format);
      const reader = inner.readable.getReader();
      const writer = inner.writable.getWriter();
      this.readable = new ReadableStream(
        {
          async pull(controller) {
            const { done, value } = await reader.read();
            if (done) return controller.close();
            meter.produced += value.byteLength;
            controller.enqueue(value);
          },
          async cancel(reason) {
            meter.cancelled = true;
            await reader.cancel(reason);
          },
        },
        { highWaterMark: 0 },
      );
      writer.closed.then(
        () => resolve("closed"),
        () => resolve("errored"),
      );
      this.writable = new WritableStream({
        async write(part) {
          await writer.ready;
          meter.read += part.byteLength;
          await writer.write(part);
        },
        close: () => writer.close(),
        abort: (reason) => writer.abort(reason),
      });
    }
  }
  vi.stubGlobal("DecompressionStream", Metered);
  return meter;
}

/** Stands for a platform's stream that never waits for another thread. */
class PassingOn {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;

  constructor() {
    ({ readable: this.readable, writable: this.writable } = new TransformStream<Uint8Array, Uint8Array>());
  }
}

afterEach(() => vi.unstubAllGlobals());

describe("gzip", () => {
  test.each([0, 1, 2 ** 14, 2 ** 14 + 1, 2 ** 17, 5 * MiB])("gives back %i bytes", async (size) => {
    const bytes = mixedBytes(size);
    const encoded = new Uint8Array(await codec.encode(bytes, place));
    expect(Buffer.compare(await codec.decode(encoded, { ...place, size }), bytes)).toBe(0);
  });

  test("has an id that says its form, and makes text smaller", async () => {
    expect(codec.id).toBe("gzip");
    const text = new TextEncoder().encode("the state of a vnode ".repeat(1000));
    expect((await codec.encode(text, place)).byteLength).toBeLessThan(text.byteLength / 50);
  });

  test("writes what another gzip reads, and reads what another wrote", async () => {
    const bytes = mixedBytes(300_000);
    expect(Buffer.compare(gunzipSync(await codec.encode(bytes, place)), bytes)).toBe(0);
    for (const level of [0, 1, 9]) {
      const foreign = new Uint8Array(gzipSync(bytes, { level }));
      const decoded = await codec.decode(foreign, { ...place, size: bytes.byteLength });
      expect(Buffer.compare(decoded, bytes)).toBe(0);
    }
  });

  test("changes and keeps none of the caller's bytes, on the way there or back", async () => {
    const bytes = mixedBytes(100_000);
    const encoded = new Uint8Array(await codec.encode(bytes, place));
    expect(Buffer.compare(bytes, mixedBytes(100_000))).toBe(0);
    const before = encoded.slice();
    const decoded = await codec.decode(encoded, { ...place, size: bytes.byteLength });
    expect(Buffer.compare(encoded, before)).toBe(0);
    bytes.fill(0);
    encoded.fill(0);
    expect(Buffer.compare(decoded, mixedBytes(100_000))).toBe(0);
  });

  test("reads a view into a larger buffer, and nothing around it", async () => {
    const bytes = mixedBytes(1000);
    const framed = new Uint8Array([1, ...bytes, 2]);
    const encoded = await codec.encode(framed.subarray(1, -1), place);
    const framedAgain = new Uint8Array([3, ...encoded, 4]);
    const decoded = await codec.decode(framedAgain.subarray(1, -1), { ...place, size: 1000 });
    expect(Buffer.compare(decoded, bytes)).toBe(0);
  });

  test("lets other work run in between, also where the platform works in the calling thread", async () => {
    vi.stubGlobal("CompressionStream", PassingOn);
    vi.stubGlobal("DecompressionStream", PassingOn);
    const bytes = mixedBytes(5 * MiB);
    const context = { ...place, size: bytes.byteLength };
    for (const work of [() => codec.encode(bytes, place), () => codec.decode(bytes, context)]) {
      let turns = 0;
      let next = setImmediate(function count() {
        turns += 1;
        next = setImmediate(count);
      });
      await work();
      clearImmediate(next);
      expect(turns).toBeGreaterThan(30);
    }
  });
});

describe("what gzip does not decode", () => {
  const bytes = mixedBytes(50_000);
  const encoded = new Uint8Array(gzipSync(bytes));
  const context = { ...place, size: bytes.byteLength };

  test.each([
    ["nothing", 0],
    ["a piece of the header", 5],
    ["the header", 10],
    ["half of it", encoded.length >> 1],
    ["all but the checksum and the length", encoded.length - 8],
    ["all but one byte", encoded.length - 1],
  ])("is what was cut: %s", async (_, length) => {
    const error = await rejectionOf(codec.decode(encoded.slice(0, length), context));
    expect(error).toMatchObject({
      message: `the ${length} bytes are no gzip, or not the whole of one`,
      cause: expect.any(TypeError) as TypeError,
    });
  });

  test.each([
    ["a zero", new Uint8Array(1)],
    ["text", new TextEncoder().encode("more")],
    ["another gzip", encoded],
  ])("is what has something after its end: %s", async (_, rest) => {
    const error = await rejectionOf(codec.decode(new Uint8Array([...encoded, ...rest]), context));
    expect(error).toMatchObject({ message: expect.stringContaining("are no gzip") as string });
  });

  test("is what is no gzip", async () => {
    await expect(codec.decode(mixedBytes(100), context)).rejects.toThrow("the 100 bytes are no gzip");
  });

  test.each([0, 10, 1000, encoded.length - 6])("is what has another byte at %i", async (at) => {
    const other = encoded.slice();
    other[at] = (other[at] ?? 0) ^ 0x55;
    await expect(codec.decode(other, context)).rejects.toThrow(Error);
  });

  test("is one byte more than was encoded; what is shorter is the caller's to refuse", async () => {
    const tooSmall = { ...place, size: bytes.byteLength - 1 };
    await expect(codec.decode(encoded, tooSmall)).rejects.toThrow(
      "the gzip holds more than the 49999 bytes that were encoded",
    );
    const decoded = await codec.decode(encoded, { ...place, size: bytes.byteLength + 1 });
    expect(Buffer.compare(decoded, bytes)).toBe(0);
  });
});

describe("a gigabyte of zeros in a few megabytes", () => {
  const GiB = 2 ** 30;
  let bomb: Uint8Array<ArrayBuffer>;

  beforeAll(async () => {
    bomb = await gzipOfZeros(GiB);
  });

  test("is what it says", () => {
    expect(new DataView(bomb.buffer).getUint32(bomb.length - 4, true)).toBe(GiB);
    expect(bomb.length).toBeLessThan(GiB / 100);
  });

  test.each([0, 1000, MiB])("costs little when %i bytes were encoded, and ends its streams", async (size) => {
    const meter = metered();

    const error = await rejectionOf(codec.decode(bomb, { ...place, size }));

    expect(error).toMatchObject({
      message: `the gzip holds more than the ${size} bytes that were encoded`,
    });
    expect(await meter.ended).toBe("errored");
    expect(meter.cancelled).toBe(true);
    expect(meter.produced).toBeGreaterThan(size);
    expect(meter.produced).toBeLessThan(size + MiB);
    expect(meter.read).toBeLessThan(2 ** 18);
  });

  test("the meter counts all of what is read to its end", async () => {
    const meter = metered();
    const bytes = new Uint8Array(3 * MiB);
    const encoded = new Uint8Array(gzipSync(bytes));
    await codec.decode(encoded, { ...place, size: bytes.byteLength });
    expect(await meter.ended).toBe("closed");
    expect(meter).toMatchObject({ produced: 3 * MiB, read: encoded.length, cancelled: false });
  });
});

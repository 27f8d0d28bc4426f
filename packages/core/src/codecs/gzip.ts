import { nextTurn } from "../adapter/turn.ts";
import type { Codec } from "../codec.ts";

/**
 * Some platforms decompress all that they are given at once. Deflate makes at most 1,032 bytes of one: of a
 * slice at most 16 MiB.
 */
const sliceBytes = 2 ** 14;

/**
 * Some platforms compress in the calling thread: after so many bytes, a few milliseconds of work, others have
 * a turn.
 */
const restBytes = 2 ** 17;

/**
 * Compression that every platform has: `CompressionStream`, at the level that the platform chooses. Any gzip
 * reads what it writes. Its id is `gzip`.
 *
 * `decode` stops as soon as more than `size` bytes come out, so bytes that would become gigabytes cost no
 * memory. It rejects with an `Error` for that, and for what is no gzip or is cut; the platform's error is the
 * cause. Bytes after the end are the platform's to refuse: not each of them does.
 */
export function gzip(): Codec {
  return {
    id: "gzip",
    async encode(bytes) {
      const parts: Uint8Array<ArrayBuffer>[] = [];
      for await (const part of slicesOf(bytes).pipeThrough(new CompressionStream("gzip"))) parts.push(part);
      return new Uint8Array(await new Blob(parts).arrayBuffer());
    },
    async decode(bytes, { size }) {
      const decoded = new Uint8Array(size);
      let length = 0;
      try {
        // To leave the loop cancels the streams.
        for await (const part of slicesOf(bytes).pipeThrough(new DecompressionStream("gzip"))) {
          const offset = length;
          length += part.byteLength;
          if (length > size) break;
          decoded.set(part, offset);
        }
      } catch (cause) {
        throw new Error(`the ${bytes.byteLength} bytes are no gzip, or not the whole of one`, { cause });
      }
      if (length > size) throw new Error(`the gzip holds more than the ${size} bytes that were encoded`);
      return length === size ? decoded : decoded.subarray(0, length);
    },
  };
}

/** The bytes as views, each when it is asked for. Other work of the process runs in between. */
function slicesOf(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  let from = 0;
  return new ReadableStream(
    {
      async pull(controller) {
        if (from > 0 && from % restBytes === 0) await nextTurn();
        if (from >= bytes.byteLength) return controller.close();
        controller.enqueue(bytes.subarray(from, from + sliceBytes));
        from += sliceBytes;
      },
    },
    { highWaterMark: 0 },
  );
}

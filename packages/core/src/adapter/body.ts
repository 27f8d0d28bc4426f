import { concatenate } from "../bytes.ts";
import { isSha256 } from "../json.ts";
import { storeError, type StoreCall } from "./call.ts";
import type { RunningRequest } from "./request.ts";
import { nextTurn, turnBytes } from "./turn.ts";

/** The first length that a body cannot have: 2^31 bytes. WebCrypto, Node's files and the SDKs end there. */
export const bodyLimit: number = 2 ** 31;

/** @throws `RangeError` for a body of 2^31 bytes or more */
export function checkBody(key: string, body: Uint8Array): void {
  if (body.byteLength < bodyLimit) return;
  throw new RangeError(`the body of ${JSON.stringify(key)} is ${body.byteLength} bytes, 2^31 or more`);
}

/** @throws `TypeError` for a digest that is none: it would be sent in a header as it is */
export function checkSha256(sha256: string | undefined): void {
  if (sha256 === undefined || isSha256(sha256)) return;
  throw new TypeError(`sha256 must be 64 lower-case hex digits, not ${JSON.stringify(sha256)}`);
}

export interface AnnouncedBody {
  /** The length that the response has announced, in bytes, if it has. */
  readonly length: number | undefined;
  /** Sees each part as it arrives, in order, to compute a checksum. */
  readonly onPart?: ((part: Uint8Array) => void) | undefined;
}

/**
 * Reads a response's body whole. It reads no byte more than was announced, or than a body may have.
 *
 * @returns bytes that are the caller's own
 * @throws `StoreError`: `Failed` for a body of 2^31 bytes or more, `Corrupt` if the length is not the announced one; and
 *   whatever the stream rejects with
 */
export async function readBody(
  stream: AsyncIterable<Uint8Array>,
  { length, onPart }: AnnouncedBody,
  call: StoreCall,
  request: Pick<RunningRequest, "received">,
): Promise<Uint8Array<ArrayBuffer>> {
  if (length !== undefined && length >= bodyLimit)
    throw storeError(call, { code: "Failed" }, `the object is ${length} bytes long, 2^31 or more`);
  // Copied as it arrives: half a gigabyte in one piece would keep other work of the process from running.
  const bytes = new Uint8Array(length ?? 0);
  const parts: Uint8Array[] = [];
  let received = 0;
  const take = (part: Uint8Array): void => {
    request.received();
    const offset = received;
    received += part.byteLength;
    if (received > (length ?? bodyLimit - 1)) {
      throw length === undefined
        ? storeError(call, { code: "Failed" }, "the object is 2^31 bytes long or more")
        : storeError(call, { code: "Corrupt" }, `more bytes arrived than the ${length} that were announced`);
    }
    onPart?.(part);
    if (length === undefined) parts.push(part);
    else bytes.set(part, offset);
  };
  if (length !== undefined && isEmitter(stream)) await readEmitter(stream, take);
  else {
    let nextRest = turnBytes;
    for await (const part of stream) {
      // Without it a fast connection brings megabytes in one turn. While this waits, the stream holds it back.
      if (received >= nextRest) {
        await nextTurn();
        nextRest = received + turnBytes;
      }
      take(part);
    }
  }
  if (length === undefined) return concatenate(parts, received);
  if (received !== length) {
    const why = `${received} bytes arrived of the ${length} that were announced`;
    throw storeError(call, { code: "Corrupt" }, why);
  }
  return bytes;
}

/** A stream of Node that has not broken yet. */
interface Emitter {
  readonly destroyed: false;
  on(event: "data", see: (part: Uint8Array) => void): this;
  on(event: "end" | "close", see: () => void): this;
  on(event: "error", see: (error: unknown) => void): this;
  pause(): this;
  resume(): this;
  destroy(): void;
}

function isEmitter(stream: unknown): stream is Emitter {
  const { on, destroy, destroyed } = Object(stream) as Partial<Emitter>;
  return typeof on === "function" && typeof destroy === "function" && destroyed === false;
}

/**
 * By its events: to iterate over a stream costs as much as a small body itself.
 *
 * @param take copies the part
 */
function readEmitter(stream: Emitter, take: (part: Uint8Array) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let rest = turnBytes;
    let hasEnded = false;
    /** Whoever has read them from the socket may still look at them in this turn. */
    const copied: Uint8Array[] = [];
    const resumed = async (): Promise<void> => {
      await nextTurn();
      for (const part of copied.splice(0)) giveBack(part);
      stream.resume();
    };
    stream.on("error", reject);
    stream.on("end", () => {
      hasEnded = true;
      for (const part of copied) giveBack(part);
      resolve();
    });
    stream.on("close", () => {
      // An error takes longer to make than a small body to read.
      if (!hasEnded) reject(new Error("the response broke off"));
    });
    stream.on("data", (part) => {
      try {
        rest -= part.byteLength;
        take(part);
      } catch (error) {
        reject(error);
        stream.destroy();
        return;
      }
      if (part.byteLength === socketBytes) copied.push(part);
      if (rest > 0) return;
      rest = turnBytes;
      stream.pause();
      void resumed();
    });
  });
}

/** What a socket gives in one read, at most. */
const socketBytes = 65_536;

/**
 * Frees the memory of what a socket gave. V8 would let 64 MiB of it lie before it collects.
 *
 * @param part has been copied
 */
function giveBack({ buffer, byteLength }: Uint8Array): void {
  if (byteLength === socketBytes && buffer.byteLength === socketBytes && buffer instanceof ArrayBuffer)
    buffer.transfer(0);
}

/**
 * Visits all bytes in slices, and lets other work of the process run in between: a hash of half a gigabyte would keep it
 * from running for a second.
 *
 * @param sliceBytes the length of a slice: what `visit` takes in a few milliseconds
 */
export async function inSlices(
  bytes: Uint8Array,
  visit: (slice: Uint8Array) => void,
  signal?: AbortSignal,
  sliceBytes: number = turnBytes,
): Promise<void> {
  for (let from = 0; from < bytes.byteLength; from += sliceBytes) {
    if (from > 0) await nextTurn();
    signal?.throwIfAborted();
    visit(bytes.subarray(from, from + sliceBytes));
  }
}

/** Small enough that a slow line sends one within any time-out, and large enough to cost nothing. */
const sentBytes = 128 * 1024;

/**
 * The bytes of a request's body, as views of at most 128 KiB. `request.sent` is called whenever one is taken, and at the
 * end. Other work of the process runs in between, also if the system takes all that it is given.
 */
export async function* sentSlices(
  parts: readonly Uint8Array[],
  request: Pick<RunningRequest, "sent">,
): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0;
  let nextRest = turnBytes;
  for (const part of parts) {
    for (let from = 0; from < part.byteLength; from += sentBytes) {
      if (bytes >= nextRest) {
        await nextTurn();
        nextRest = bytes + turnBytes;
      }
      const slice = part.subarray(from, from + sentBytes);
      bytes += slice.byteLength;
      request.sent(bytes);
      yield slice;
    }
  }
  // Whoever asks once more has taken the last one too.
  request.sent(bytes);
}

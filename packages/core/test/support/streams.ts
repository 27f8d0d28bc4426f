import { expect } from "vitest";
import type { Actor } from "../../src/conformance/backend-suite/world.ts";
import type { Chunk, ChunkedReceipt, PartialReceipt, WritePartialArguments } from "../../src/index.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** The smallest chunk. */
export const small = 65_536;

/** A chunk of the smallest size, all of one byte. */
export function block(value: number, size: number = small): Bytes {
  return new Uint8Array(size).fill(value);
}

/** Pieces of one byte each, as a failed test shows them in short: `2 x 65536`. */
export function shown(pieces: readonly Uint8Array[]): string[] {
  return pieces.map((piece) => {
    const [first = 0] = piece;
    return piece.every((byte) => byte === first) ? `${first} x ${piece.length}` : `mixed ${piece.length}`;
  });
}

/** Bytes of which no two chunks are the same. */
export function varied(size: number): Bytes {
  return Uint8Array.from({ length: size }, (_, index) => (index * 31 + Math.floor(index / 251)) % 256);
}

export function joined(pieces: readonly Uint8Array[]): Bytes {
  return new Uint8Array(Buffer.concat(pieces));
}

export async function* streamOf(...pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

/** Pieces of these sizes, again and again. */
export function* piecesOf(bytes: Uint8Array, ...sizes: readonly number[]): Generator<Uint8Array> {
  for (let start = 0, number = 0; start < bytes.length; number++) {
    const size = sizes[number % sizes.length] ?? 1;
    yield bytes.subarray(start, start + size);
    start += size;
  }
}

/** All that a stream gives. */
export async function all(stream: AsyncIterable<Uint8Array> | undefined): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream ?? expect.fail("there is no stream")) pieces.push(piece);
  return pieces;
}

/** What a stream gives before it fails, and with what. */
export async function untilFailure(
  stream: AsyncIterable<Uint8Array> | undefined,
): Promise<{ pieces: Uint8Array[]; error: unknown }> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of stream ?? expect.fail("there is no stream")) pieces.push(piece);
  } catch (error) {
    return { pieces, error };
  }
  return expect.fail(`it did not fail, and gave ${pieces.length} pieces`);
}

/** A source that a test looks at: what it gave, and whether it was closed. */
export class Source implements AsyncIterableIterator<Uint8Array> {
  given = 0;
  returns = 0;
  /** Somebody waits for a piece that never comes. */
  readonly hangs: Promise<void>;
  readonly #pieces: readonly unknown[];
  readonly #end: "ends" | "hangs" | Error;
  readonly #onHang: () => void;

  constructor(pieces: readonly unknown[], end: "ends" | "hangs" | Error = "ends") {
    this.#pieces = pieces;
    this.#end = end;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.hangs = promise;
    this.#onHang = resolve;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    if (this.given < this.#pieces.length) {
      const value = this.#pieces[this.given] as Uint8Array;
      this.given += 1;
      return { done: false, value };
    }
    if (this.#end instanceof Error) throw this.#end;
    if (this.#end === "ends") return { done: true, value: undefined };
    this.#onHang();
    return new Promise(() => undefined);
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.returns += 1;
    return { done: true, value: undefined };
  }
}

/** Writes vnode 1 under the version that is in force. */
export async function writeStream(
  { backend }: Actor,
  epoch: number,
  bytes: WritePartialArguments["bytes"],
  options: Partial<WritePartialArguments> & { readonly signal?: AbortSignal } = {},
): Promise<ChunkedReceipt> {
  const { signal, ...args } = options;
  const assignmentVersion = backend.authoritativeVersion;
  return chunked(
    await backend.writePartial({ epoch, vnode: 1, assignmentVersion, bytes, ...args }, { signal }),
  );
}

export function chunked(receipt: PartialReceipt): ChunkedReceipt {
  return receipt.chunks === undefined ? expect.fail("it is in one piece") : receipt;
}

/** The requests of this kind for chunks since then. */
export function chunkRequests({ store }: Actor, kind: "create" | "get", since = 0): string[] {
  return store.requests
    .slice(since)
    .filter((request) => request.startsWith(`${kind} `) && isOfChunk(request));
}

function isOfChunk(request: string): boolean {
  return request.includes("/chunk.");
}

export function keysOf(chunks: readonly Chunk[]): string[] {
  return chunks.map(({ key }) => key);
}

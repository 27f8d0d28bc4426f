import { setImmediate } from "node:timers/promises";
import type { ListOptions, ListPage, OperationOptions } from "@state/core";
import { MemoryStore } from "@state/memory";

type Bytes = Uint8Array<ArrayBuffer>;

/** The state consists of blocks of this size, each of which begins with its number. */
export const blockBytes = 2 ** 20;

const block = randomBlock();

/** The state from its beginning on, block by block. Each is the same array, filled anew. */
export async function* generatedState(bytes: number): AsyncGenerator<Bytes, void, undefined> {
  const piece = new Uint8Array(block);
  for (let from = 0; from < bytes; from += blockBytes) {
    number(piece, from / blockBytes);
    yield piece;
  }
}

/** Fills whole blocks with the state from block `first` on. */
export function fill(bytes: Bytes, first: number): void {
  for (let from = 0; from < bytes.length; from += blockBytes) {
    bytes.set(block, from);
    number(bytes.subarray(from), first + from / blockBytes);
  }
}

/** The number of the block that the bytes begin with. */
export function firstBlock(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0);
}

/**
 * A store of one generated state that holds none of its chunks: it compares what it is given with what the state has there,
 * and makes it again when it is read. Everything else is in memory.
 */
export class GeneratedStateStore extends MemoryStore {
  /** By key: where in the state the chunk begins, and its size. */
  readonly #chunks = new Map<string, { readonly first: number; readonly size: number }>();
  readonly #expected = new Uint8Array(blockBytes);

  override async create(
    key: string,
    body: Uint8Array,
    options?: OperationOptions,
  ): Promise<"created" | "exists"> {
    if (!key.includes("/chunk.")) return super.create(key, body, options);
    const first = firstBlock(body);
    for (let from = 0; from < body.length; from += blockBytes) {
      await setImmediate();
      options?.signal?.throwIfAborted();
      fill(this.#expected, first + from / blockBytes);
      if (Buffer.compare(body.subarray(from, from + blockBytes), this.#expected) !== 0)
        throw new Error(`${key} is not the state from block ${first} on`);
    }
    if (this.#chunks.has(key)) return "exists";
    this.#chunks.set(key, { first, size: body.length });
    return "created";
  }

  override async get(key: string, options?: OperationOptions): Promise<Bytes | undefined> {
    const chunk = this.#chunks.get(key);
    if (chunk === undefined) return super.get(key, options);
    await setImmediate();
    options?.signal?.throwIfAborted();
    const bytes = new Uint8Array(chunk.size);
    fill(bytes, chunk.first);
    return bytes;
  }

  /** Without the chunks, so it serves only where no epoch is looked at before its seal. */
  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage, void, undefined> {
    yield* super.list(prefix, options);
  }
}

function number(bytes: Bytes, value: number): void {
  new DataView(bytes.buffer, bytes.byteOffset).setFloat64(0, value);
}

/** Numbers of xorshift32: the same in every process. */
function randomBlock(): Bytes {
  const words = new Uint32Array(blockBytes / 4);
  let state = 1;
  for (let index = 0; index < words.length; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return new Uint8Array(words.buffer);
}

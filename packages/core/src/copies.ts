import { nextTurn } from "./adapter/turn.ts";

/** Smaller ones are not worth a search. */
const leastBytes = 4 * 1024;
const mostBytes = 2 ** 20;
const spareBytes = 8 * 2 ** 20;
const spareCount = 128;

/**
 * Copies of what callers pass, in memory that is used again: V8 starts a collection of all that lives for each 64 MiB of new
 * arrays.
 */
export class Copies {
  /** The last is the one that was used last. */
  readonly #spare: ArrayBuffer[] = [];
  #spareBytes = 0;
  #inUse = 0;

  /** A copy, which is to be left alone after its `end`. */
  of(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    const spare = this.#take(bytes.length);
    const copy = spare === undefined ? new Uint8Array(bytes) : new Uint8Array(spare, 0, bytes.length);
    if (spare !== undefined) copy.set(bytes);
    this.#inUse += 1;
    return copy;
  }

  /** @param isReleased whether nothing can be at work on it any more */
  end({ buffer }: Uint8Array<ArrayBuffer>, isReleased: boolean): void {
    this.#inUse -= 1;
    if (this.#inUse === 0) void this.#rest();
    const { byteLength } = buffer;
    if (!isReleased || byteLength < leastBytes || byteLength > mostBytes) return;
    this.#spare.push(buffer);
    this.#spareBytes += byteLength;
    while (this.#spareBytes > spareBytes || this.#spare.length > spareCount)
      this.#spareBytes -= this.#spare.shift()?.byteLength ?? 0;
  }

  /** One that the bytes fill at least by half. */
  #take(length: number): ArrayBuffer | undefined {
    if (length < leastBytes / 2 || length > mostBytes) return undefined;
    const index = this.#spare.findLastIndex(
      ({ byteLength }) => byteLength >= length && byteLength <= 2 * length,
    );
    if (index < 0) return undefined;
    const [spare] = this.#spare.splice(index, 1);
    this.#spareBytes -= spare?.byteLength ?? 0;
    return spare;
  }

  /** A process that writes nothing holds nothing. */
  async #rest(): Promise<void> {
    await nextTurn();
    if (this.#inUse > 0) return;
    this.#spare.length = 0;
    this.#spareBytes = 0;
  }
}

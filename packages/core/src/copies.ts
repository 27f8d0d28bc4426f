import { nextTurn } from "./adapter/turn.ts";

/** Smaller ones cost less than to look for one. */
const leastBytes = 4 * 1024;
const mostBytes = 2 ** 20;
const spareBytes = 8 * 2 ** 20;

/**
 * Copies of what callers pass, in memory that is used again: V8 starts a collection for each 64 MiB of new arrays, and to
 * fill memory that the process has not had before costs nearly as much as to hash it.
 */
export class Copies {
  readonly #spare: ArrayBuffer[] = [];
  #spareBytes = 0;
  #inUse = 0;

  /** A copy, which is to be left alone after its `end`. */
  of(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    this.#inUse += 1;
    const { length } = bytes;
    const index = this.#spare.findLastIndex(
      ({ byteLength }) => byteLength >= length && byteLength <= 2 * length,
    );
    const [spare] = index < 0 ? [] : this.#spare.splice(index, 1);
    if (spare === undefined) return new Uint8Array(bytes);
    this.#spareBytes -= spare.byteLength;
    const copy = new Uint8Array(spare, 0, length);
    copy.set(bytes);
    return copy;
  }

  /** @param isReleased whether nothing can be at work on it any more */
  end({ buffer }: Uint8Array<ArrayBuffer>, isReleased: boolean): void {
    this.#inUse -= 1;
    if (this.#inUse === 0) void this.#rest();
    const { byteLength } = buffer;
    if (!isReleased || byteLength < leastBytes || byteLength > mostBytes) return;
    if (this.#spareBytes + byteLength > spareBytes) return;
    this.#spare.push(buffer);
    this.#spareBytes += byteLength;
  }

  /** A process that writes nothing holds nothing. */
  async #rest(): Promise<void> {
    await nextTurn();
    if (this.#inUse > 0) return;
    this.#spare.length = 0;
    this.#spareBytes = 0;
  }
}

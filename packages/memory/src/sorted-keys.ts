/** A block that grows beyond it becomes two. */
const blockSize = 1_000;

/**
 * A set of strings that is always in order, so that a page of a listing costs its own size and not
 * the set's. It keeps them in blocks: to add or delete one moves those after it in its block.
 *
 * Keys are ASCII: JavaScript's `<` is their byte order.
 */
export class SortedKeys {
  /** In order, and none of them empty. */
  readonly #blocks: string[][] = [];

  add(key: string): void {
    const number = this.#blockOf(key);
    const block = this.#blocks[number];
    if (block === undefined) {
      this.#blocks.push([key]);
      return;
    }
    const index = indexIn(block, key);
    if (block[index] === key) return;
    block.splice(index, 0, key);
    if (block.length > blockSize) this.#blocks.splice(number + 1, 0, block.splice(blockSize / 2));
  }

  delete(key: string): void {
    const number = this.#blockOf(key);
    const block = this.#blocks[number] ?? [];
    const index = indexIn(block, key);
    if (block[index] !== key) return;
    block.splice(index, 1);
    if (block.length === 0) this.#blocks.splice(number, 1);
  }

  /** The keys that are `from` or greater. The set is not to change meanwhile. */
  *atOrAfter(from: string): Generator<string, void, undefined> {
    const first = this.#blockOf(from);
    for (let number = first; number < this.#blocks.length; number++) {
      const block = this.#blocks[number] ?? [];
      const start = number === first ? indexIn(block, from) : 0;
      for (let index = start; index < block.length; index++) yield block[index] ?? "";
    }
  }

  /** The last block that begins with the key or a lower one; the first block if there is none. */
  #blockOf(key: string): number {
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      const first = this.#blocks[middle]?.[0];
      if (first !== undefined && first <= key) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** The index of the first that is the key or greater. */
function indexIn(block: readonly string[], key: string): number {
  let low = 0;
  let high = block.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const candidate = block[middle];
    if (candidate !== undefined && candidate < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

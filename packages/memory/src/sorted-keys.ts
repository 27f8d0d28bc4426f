/**
 * A set of strings that is always in order, so that a page of a listing costs its own size and not
 * the set's.
 *
 * Keys are ASCII: JavaScript's `<` is their byte order.
 */
export class SortedKeys {
  readonly #keys: string[] = [];

  add(key: string): void {
    const index = this.#indexOf(key);
    if (this.#keys[index] !== key) this.#keys.splice(index, 0, key);
  }

  delete(key: string): void {
    const index = this.#indexOf(key);
    if (this.#keys[index] === key) this.#keys.splice(index, 1);
  }

  /** The first key that is `from` or greater. */
  atOrAfter(from: string): string | undefined {
    return this.#keys[this.#indexOf(from)];
  }

  #indexOf(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const candidate = this.#keys[middle];
      if (candidate !== undefined && candidate < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

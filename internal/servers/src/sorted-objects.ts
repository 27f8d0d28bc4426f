/** A page of a listing. */
export interface ObjectPage<T> {
  readonly objects: readonly (readonly [name: string, object: T])[];
  /** Names up to the delimiter, each once: its objects are not listed themselves. */
  readonly folders: readonly string[];
  /** The last name or folder of this page, if there are more after it. */
  readonly next: string | undefined;
}

/** The objects of a bucket by name, listed in the order of the names' UTF-8 bytes. */
export class SortedObjects<T> {
  readonly #objects = new Map<string, T>();
  /** Names with one character a byte: JavaScript's order is then the order of the bytes. */
  readonly #names: string[] = [];

  get(name: string): T | undefined {
    return this.#objects.get(name);
  }

  put(name: string, object: T): void {
    const bytes = bytesOf(name);
    if (!this.#objects.has(name)) this.#names.splice(this.#indexOf(bytes), 0, bytes);
    this.#objects.set(name, object);
  }

  delete(name: string): void {
    if (this.#objects.delete(name)) this.#names.splice(this.#indexOf(bytesOf(name)), 1);
  }

  /**
   * Up to `limit` objects and folders under `prefix`. `after` is `""` or the `next` of the page
   * before. Objects and folders share the limit, as they share the order.
   */
  list(prefix: string, delimiter: string, after: string, limit: number): ObjectPage<T> {
    const [start, from, separator] = [bytesOf(prefix), bytesOf(after), bytesOf(delimiter)];
    const objects: [string, T][] = [];
    const folders: string[] = [];
    let last: string | undefined;
    for (let index = this.#indexOf(from > start ? from : start); ; index += 1) {
      const name = this.#names[index];
      if (name?.startsWith(start) !== true) return { objects, folders, next: undefined };
      const end = separator === "" ? -1 : name.indexOf(separator, start.length);
      const folder = end < 0 ? undefined : name.slice(0, end + separator.length);
      // A folder stands for all of its objects, also when a page ends in it.
      if (name === from || (folder !== undefined && (folder === last || folder === from))) continue;
      if (objects.length + folders.length === limit) {
        return { objects, folders, next: last === undefined ? undefined : textOf(last) };
      }
      last = folder ?? name;
      const object = this.#objects.get(textOf(name));
      if (folder !== undefined) folders.push(textOf(folder));
      else if (object !== undefined) objects.push([textOf(name), object]);
    }
  }

  #indexOf(bytes: string): number {
    let low = 0;
    let high = this.#names.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#names[middle] ?? "") < bytes) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function bytesOf(text: string): string {
  return Buffer.from(text).toString("latin1");
}

function textOf(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString();
}

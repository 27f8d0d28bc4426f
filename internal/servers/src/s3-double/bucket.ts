export interface StoredObject {
  readonly body: Buffer;
  readonly etag: string;
  /** In base64; `undefined` when the object was put without. */
  readonly crc32: string | undefined;
  readonly contentType: string;
  readonly lastModified: Date;
}

export interface Found {
  readonly objects: readonly (readonly [key: string, object: StoredObject])[];
  readonly prefixes: readonly string[];
  /** The last key or folder, if there are more after it. */
  readonly next: string | undefined;
}

/** Objects by key, in the order of their UTF-8 bytes. */
export class Bucket {
  readonly #objects = new Map<string, StoredObject>();
  /** A character is a byte: so JavaScript's order is that of the bytes. */
  readonly #keys: string[] = [];

  get(key: string): StoredObject | undefined {
    return this.#objects.get(key);
  }

  /** One synchronous step, so that of several that look and put one is first. */
  put(key: string, object: StoredObject): void {
    const name = bytesOf(key);
    if (!this.#objects.has(key)) this.#keys.splice(this.#indexOf(name), 0, name);
    this.#objects.set(key, object);
  }

  delete(key: string): void {
    if (this.#objects.delete(key)) this.#keys.splice(this.#indexOf(bytesOf(key)), 1);
  }

  /** Up to `limit` keys and folders under `prefix`, from the one after `after`, which is a key or a folder. */
  list(prefix: string, delimiter: string, after: string, limit: number): Found {
    const [start, from, separator] = [bytesOf(prefix), bytesOf(after), bytesOf(delimiter)];
    const objects: [string, StoredObject][] = [];
    const prefixes: string[] = [];
    let last: string | undefined;
    for (let index = this.#indexOf(from > start ? from : start); ; index += 1) {
      const name = this.#keys[index];
      if (name?.startsWith(start) !== true) return { objects, prefixes, next: undefined };
      const end = separator === "" ? -1 : name.indexOf(separator, start.length);
      const folder = end < 0 ? undefined : name.slice(0, end + separator.length);
      // All of a folder is given with its name.
      if (name === from || (folder !== undefined && (folder === last || folder === from))) continue;
      if (objects.length + prefixes.length === limit) {
        return { objects, prefixes, next: last === undefined ? undefined : textOf(last) };
      }
      last = folder ?? name;
      const object = this.#objects.get(textOf(name));
      if (folder !== undefined) prefixes.push(textOf(folder));
      else if (object !== undefined) objects.push([textOf(name), object]);
    }
  }

  #indexOf(name: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#keys[middle] ?? "") < name) low = middle + 1;
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

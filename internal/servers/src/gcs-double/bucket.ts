import { hashesOf, type Hashes } from "./hashes.ts";

export interface StoredObject extends Hashes {
  readonly name: string;
  readonly body: Uint8Array;
  readonly contentType: string;
  readonly generation: string;
  readonly timeCreated: string;
}

export interface ListedPage {
  readonly items: readonly StoredObject[];
  readonly prefixes: readonly string[];
  /** The name after which the next page begins. */
  readonly next: string | undefined;
}

/** The objects of one bucket, in byte order of their names. */
export class Bucket {
  readonly #objects: Map<string, StoredObject> = new Map();
  #names: readonly string[] | undefined;
  #generation = 0;

  get(name: string): StoredObject | undefined {
    return this.#objects.get(name);
  }

  put(name: string, body: Uint8Array, contentType: string, hashes: Hashes = hashesOf(body)): StoredObject {
    this.#generation += 1;
    const now = Date.now();
    const generation = String(now * 1_000_000 + this.#generation);
    const object = {
      ...hashes,
      name,
      body,
      contentType,
      generation,
      timeCreated: new Date(now).toISOString(),
    };
    if (!this.#objects.has(name)) this.#names = undefined;
    this.#objects.set(name, object);
    return object;
  }

  delete(name: string): boolean {
    const wasThere = this.#objects.delete(name);
    if (wasThere) this.#names = undefined;
    return wasThere;
  }

  /** Items and folders share a page's size, as they share its order. */
  list(prefix: string, delimiter: string, after: string | undefined, size: number): ListedPage {
    this.#names ??= [...this.#objects.keys()].toSorted(byBytes);
    const items: StoredObject[] = [];
    const prefixes: string[] = [];
    let last: string | undefined;
    for (const name of this.#names) {
      if (!name.startsWith(prefix)) continue;
      const end = delimiter === "" ? -1 : name.indexOf(delimiter, prefix.length);
      const folder = end < 0 ? undefined : name.slice(0, end + delimiter.length);
      const entry = folder ?? name;
      // A page that ends in a folder is followed by what comes after all of it.
      if (entry === last || (after !== undefined && byBytes(entry, after) <= 0)) continue;
      if (items.length + prefixes.length === size) return { items, prefixes, next: last };
      const object = this.#objects.get(name);
      if (folder !== undefined) prefixes.push(folder);
      else if (object !== undefined) items.push(object);
      last = entry;
    }
    return { items, prefixes, next: undefined };
  }
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

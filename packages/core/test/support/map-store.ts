import type { DeleteFailure, ListOptions, ListPage, ObjectStore, OperationOptions } from "../../src/store.ts";
import { checkKey, checkPrefix } from "../../src/keys.ts";

const pageSize = 1_000;

/**
 * The simplest store that keeps the whole contract. `@state/memory` depends on this package, so the tests here
 * have a store of their own; two of them over one map are two clients of the same data.
 */
export class MapStore implements ObjectStore {
  readonly name: string = "map";
  readonly wholeListings?: true = true;
  readonly #bodies: Map<string, Uint8Array>;

  constructor(bodies: Map<string, Uint8Array> = new Map()) {
    this.#bodies = bodies;
  }

  /** What the store holds: the very map, not a copy. */
  entries(): ReadonlyMap<string, Uint8Array> {
    return this.#bodies;
  }

  async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<"created" | "exists"> {
    options?.signal?.throwIfAborted();
    checkKey(key);
    if (body.byteLength >= 2 ** 31) throw new RangeError(`a body of ${body.byteLength} bytes is too large`);
    if (this.#bodies.has(key)) return "exists";
    this.#bodies.set(key, new Uint8Array(body));
    return "created";
  }

  async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    options?.signal?.throwIfAborted();
    checkKey(key);
    const body = this.#bodies.get(key);
    return body === undefined ? undefined : new Uint8Array(body);
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    options?.signal?.throwIfAborted();
    checkPrefix(prefix);
    // A name is a key, or a folder that ends in "/". Each page looks anew: a listing is not a snapshot.
    for (let last = ""; ;) {
      const names = [...this.#names(prefix, options?.delimiter)].filter((name) => name > last);
      const page = names.toSorted().slice(0, pageSize);
      const final = page.at(-1);
      if (final === undefined) return;
      yield {
        objects: page.filter((name) => !name.endsWith("/")).map((key) => ({ key, size: this.#size(key) })),
        prefixes: page.filter((name) => name.endsWith("/")),
      };
      options?.signal?.throwIfAborted();
      last = final;
    }
  }

  async delete(keys: readonly string[], options?: OperationOptions): Promise<readonly DeleteFailure[]> {
    options?.signal?.throwIfAborted();
    for (const key of keys) checkKey(key);
    for (const key of keys) this.#bodies.delete(key);
    return [];
  }

  #names(prefix: string, delimiter: "/" | undefined): Set<string> {
    const names = new Set<string>();
    for (const key of this.#bodies.keys()) {
      if (!key.startsWith(prefix)) continue;
      const slash = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length);
      names.add(slash < 0 ? key : key.slice(0, slash + 1));
    }
    return names;
  }

  #size(key: string): number {
    return this.#bodies.get(key)?.byteLength ?? 0;
  }
}

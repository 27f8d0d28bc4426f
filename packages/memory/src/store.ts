import { checkBody, checkKey, checkPrefix, parseStoreUrl, storeError } from "@state/core/adapter";
import type {
  DeleteFailure,
  ListedObject,
  ListOptions,
  ListPage,
  ObjectStore,
  OperationOptions,
} from "@state/core";
import { SortedKeys } from "./sorted-keys.ts";

const pageSize = 1_000;

export interface MemoryStoreOptions {
  /** How many bytes the bodies may have in all. Default: no limit but the process's own. */
  readonly maxBytes?: number | undefined;
}

/**
 * An object store in this process's memory, for tests and for jobs whose state may end with the
 * process.
 *
 * Keeps the whole contract but durability: every check and its write happen in one synchronous
 * block, and bytes are copied on the way in and on the way out.
 *
 * @example
 * ```ts
 * const store = new MemoryStore();
 * await store.create("epoch=1/_COMMIT", new TextEncoder().encode("me")); // "created"
 * await store.create("epoch=1/_COMMIT", new TextEncoder().encode("you")); // "exists"
 * ```
 */
export class MemoryStore implements ObjectStore {
  readonly name: string = "memory:";
  /** A page is of one moment: nothing else runs while it is made. */
  readonly wholeListings = true;
  readonly #bodies: Map<string, Uint8Array<ArrayBuffer>> = new Map();
  #keys: SortedKeys = new SortedKeys();
  readonly #maxBytes: number;
  #bytes = 0;

  /** @throws `TypeError` for a `maxBytes` that is no number, or below 0 */
  constructor(options?: MemoryStoreOptions) {
    const { maxBytes = Infinity } = options ?? {};
    if (typeof maxBytes !== "number" || !(maxBytes >= 0))
      throw new TypeError(`maxBytes must be a number from 0, not ${JSON.stringify(maxBytes)}`);
    this.#maxBytes = maxBytes;
  }

  /**
   * A new store: each call makes another one, for nothing tells two of them apart.
   *
   * @throws `TypeError` for anything but `memory:`
   */
  static fromUrl(url: string | URL, options?: MemoryStoreOptions): MemoryStore {
    const { host, path } = parseStoreUrl(url, "memory");
    if (host + path !== "")
      throw new TypeError("the URL must be memory: and nothing more: stores in memory have no names");
    return new MemoryStore(options);
  }

  async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<"created" | "exists"> {
    options?.signal?.throwIfAborted();
    checkKey(key);
    checkBody(key, body);
    if (this.#bodies.has(key)) return "exists";
    const bytes = this.#bytes + body.byteLength;
    if (bytes > this.#maxBytes) {
      const call = { store: this.name, operation: "create", key } as const;
      const advice = "prune, or raise maxBytes";
      const why = `the bodies would be ${bytes} bytes, and maxBytes is ${this.#maxBytes}`;
      throw storeError(call, { code: "Unavailable", advice }, why);
    }
    this.#bodies.set(key, copy(body));
    this.#bytes = bytes;
    this.#keys.add(key);
    return "created";
  }

  async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    options?.signal?.throwIfAborted();
    checkKey(key);
    const body = this.#bodies.get(key);
    return body === undefined ? undefined : copy(body);
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage, void, undefined> {
    checkPrefix(prefix);
    // The cursor is a key, not an index: what is created or deleted between two pages moves
    // nothing.
    for (let cursor: string | undefined = prefix; cursor !== undefined;) {
      options?.signal?.throwIfAborted();
      const { page, next } = this.#page(prefix, cursor, options?.delimiter);
      if (page.objects.length > 0 || page.prefixes.length > 0) yield page;
      cursor = next;
    }
  }

  async delete(keys: readonly string[], options?: OperationOptions): Promise<readonly DeleteFailure[]> {
    options?.signal?.throwIfAborted();
    for (const key of keys) checkKey(key);
    for (const key of keys) {
      this.#bytes -= this.#bodies.get(key)?.byteLength ?? 0;
      this.#bodies.delete(key);
      this.#keys.delete(key);
    }
    return [];
  }

  /** Removes everything, as if the store were new. */
  clear(): void {
    this.#bodies.clear();
    this.#keys = new SortedKeys();
    this.#bytes = 0;
  }

  #page(
    prefix: string,
    from: string,
    delimiter: "/" | undefined,
  ): { page: ListPage; next: string | undefined } {
    const objects: ListedObject[] = [];
    const prefixes: string[] = [];
    let keys = this.#keys.atOrAfter(from);
    for (;;) {
      const { value: key } = keys.next();
      if (key?.startsWith(prefix) !== true) return { page: { objects, prefixes }, next: undefined };
      const slash = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length);
      if (slash < 0) objects.push({ key, size: this.#bodies.get(key)?.byteLength ?? 0 });
      else prefixes.push(key.slice(0, slash + 1));
      const isFull = objects.length + prefixes.length === pageSize;
      if (slash < 0 && !isFull) continue;
      // "0" is the character after "/": past everything in the folder at one step.
      const after = slash < 0 ? `${key}\0` : `${key.slice(0, slash)}0`;
      if (isFull) return { page: { objects, prefixes }, next: after };
      keys = this.#keys.atOrAfter(after);
    }
  }
}

// Not `slice()`: a Buffer's slice is a view of the same bytes.
function copy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

/** The schemes of the URLs that `storeFromUrl` takes. */
export const urlSchemes: readonly string[] = ["memory"];

/** A new store, as `MemoryStore.fromUrl` makes it. */
export function storeFromUrl(url: string | URL): MemoryStore {
  return MemoryStore.fromUrl(url);
}

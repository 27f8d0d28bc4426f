import type { ListedObject, ListPage } from "../../src/store.ts";

/** When a request was sent. */
export interface Origin {
  readonly sentAt: number;
}

/** Is told of every change at the moment when it takes effect. */
export interface Watcher {
  created(key: string, body: Uint8Array, origin: Origin): void;
  deleted(key: string): void;
}

/** The store itself: one map, in which each request takes effect in one instant. */
export class StoreServer {
  readonly objects: Map<string, Uint8Array> = new Map();
  readonly #pageSize: number;
  readonly #watcher: Watcher;

  constructor(pageSize: number, watcher: Watcher) {
    this.#pageSize = pageSize;
    this.#watcher = watcher;
  }

  create(key: string, body: Uint8Array, origin: Origin): "created" | "exists" {
    if (this.objects.has(key)) return "exists";
    this.objects.set(key, body);
    this.#watcher.created(key, body, origin);
    return "created";
  }

  get(key: string): Uint8Array | undefined {
    const body = this.objects.get(key);
    return body === undefined ? undefined : new Uint8Array(body);
  }

  delete(keys: readonly string[]): void {
    for (const key of keys) if (this.objects.delete(key)) this.#watcher.deleted(key);
  }

  /** One page: the first names above `after`, as they are now. `more` tells whether there were others. */
  page(
    prefix: string,
    delimiter: "/" | undefined,
    after: string,
  ): { page: ListPage; last: string; more: boolean } {
    const names = new Set<string>();
    for (const key of this.objects.keys()) {
      if (!key.startsWith(prefix)) continue;
      const slash = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length);
      const name = slash < 0 ? key : key.slice(0, slash + 1);
      if (name > after) names.add(name);
    }
    const sorted = [...names].toSorted();
    const objects: ListedObject[] = [];
    const prefixes: string[] = [];
    for (const name of sorted.slice(0, this.#pageSize)) {
      if (name.endsWith("/")) prefixes.push(name);
      else objects.push({ key: name, size: this.objects.get(name)?.length ?? 0 });
    }
    return {
      page: { objects, prefixes },
      last: sorted[this.#pageSize - 1] ?? "",
      more: sorted.length > this.#pageSize,
    };
  }
}

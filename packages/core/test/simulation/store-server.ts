import { keptControls } from "../../src/control.ts";
import { Page } from "./page.ts";
import type { Random } from "./random.ts";

/** When a request was sent. */
export interface Origin {
  readonly sentAt: number;
}

/** Is told of every change at the moment when it takes effect. */
export interface Watcher {
  created(key: string, body: Uint8Array, origin: Origin): void;
  deleted(key: string): void;
}

interface ControlPage {
  readonly page: Page;
  /** How many controls were created since the page took its names. */
  created: number;
}

/** The store itself: one map, in which each create, get and delete takes effect in one instant. */
export class StoreServer {
  readonly objects: Map<string, Uint8Array> = new Map();
  readonly pageSize: number;
  readonly #watcher: Watcher;
  readonly #random: Random;
  #controlPages: ControlPage[] = [];

  constructor(pageSize: number, watcher: Watcher, random: Random) {
    this.pageSize = pageSize;
    this.#watcher = watcher;
    this.#random = random;
  }

  create(key: string, body: Uint8Array, origin: Origin): "created" | "exists" {
    if (this.objects.has(key)) return "exists";
    this.objects.set(key, body);
    this.#watcher.created(key, body, origin);
    if (key.startsWith("_control/")) this.#endLongPages();
    return "created";
  }

  get(key: string): Uint8Array<ArrayBuffer> | undefined {
    const body = this.objects.get(key);
    return body === undefined ? undefined : new Uint8Array(body);
  }

  delete(keys: readonly string[]): void {
    for (const key of keys) if (this.objects.delete(key)) this.#watcher.deleted(key);
  }

  /** A page that has taken its names: the first ones above `after`. */
  page(prefix: string, delimiter: "/" | undefined, after: string, isTorn: boolean): Page {
    const store = {
      take: (above: string) => {
        const sorted = this.#names(prefix, delimiter, above);
        return { names: sorted.slice(0, this.pageSize), more: sorted.length > this.pageSize };
      },
      size: (name: string) => (name.endsWith("/") ? this.#folderSize(name) : this.objects.get(name)?.length),
    };
    const page = new Page(store, after, isTorn, this.#random);
    if (isTorn && prefix === "_control/") this.#controlPages.push({ page, created: 0 });
    return page;
  }

  #names(prefix: string, delimiter: "/" | undefined, after: string): readonly string[] {
    const names = new Set<string>();
    for (const key of this.objects.keys()) {
      if (!key.startsWith(prefix)) continue;
      const slash = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length);
      const name = slash < 0 ? key : key.slice(0, slash + 1);
      if (name > after) names.add(name);
    }
    return [...names].toSorted();
  }

  #folderSize(folder: string): number | undefined {
    for (const key of this.objects.keys()) if (key.startsWith(folder)) return 0;
    return undefined;
  }

  /** `docs/protocol.md` names what remains: no page is so slow that a prune deletes all that it has taken of one kind. */
  #endLongPages(): void {
    this.#controlPages = this.#controlPages.filter(({ page }) => !page.isOver);
    for (const control of this.#controlPages) {
      control.created += 1;
      if (control.created === keptControls - 1) control.page.finish();
    }
  }
}

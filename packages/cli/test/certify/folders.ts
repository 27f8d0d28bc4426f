/**
 * Stores in a folder that are wrong in one way each, by the scheme of their URL: `racy:/a/folder`. Processes that open one
 * URL share the folder. Each of them is wrong only while several processes are at work.
 */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { DeleteFailure, ListOptions, ListPage, ObjectStore, OperationOptions } from "@state/core";
import { FsStore } from "@state/fs";

/** As sound as `FsStore` is. */
class Folder implements ObjectStore {
  readonly name: string;
  readonly wholeListings?: true;
  protected readonly sound: FsStore;

  constructor(root: string) {
    this.sound = new FsStore({ root });
    this.name = this.sound.name;
    this.wholeListings = true;
  }

  create(key: string, body: Uint8Array, options?: OperationOptions): Promise<"created" | "exists"> {
    return this.sound.create(key, body, options);
  }

  get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.sound.get(key, options);
  }

  list(prefix: string, options?: ListOptions): AsyncIterable<ListPage> {
    return this.sound.list(prefix, options);
  }

  delete(keys: readonly string[], options?: OperationOptions): Promise<readonly DeleteFailure[]> {
    return this.sound.delete(keys, options);
  }

  close(): Promise<void> {
    return this.sound.close();
  }
}

/** The last create of each key, of all clients in this process. */
const creating = new Map<string, Promise<unknown>>();

/** Looks whether the key is there, and then puts it. Callers in one process wait for each other. */
class Racy extends Folder {
  override create(...call: Parameters<ObjectStore["create"]>): Promise<"created" | "exists"> {
    const place = `${this.name}/${call[0]}`;
    const created = this.#create(creating.get(place), ...call);
    const settled = Promise.allSettled([created]).finally(() => {
      if (creating.get(place) === settled) creating.delete(place);
    });
    creating.set(place, settled);
    return created;
  }

  async #create(
    before: Promise<unknown> | undefined,
    ...[key, body, options]: Parameters<ObjectStore["create"]>
  ): Promise<"created" | "exists"> {
    await before;
    options?.signal?.throwIfAborted();
    // What is no key or too large is refused as it should be.
    if (body.byteLength >= 2 ** 31) return super.create(key, body, options);
    if ((await this.sound.get(key, options)) !== undefined) return "exists";
    await this.sound.delete([key], options);
    await this.sound.create(key, body, options);
    return "created";
  }
}

/** Takes its time between the look and the put, if the key is that of a seal. */
class RacySeals extends Folder {
  override async create(...call: Parameters<ObjectStore["create"]>): Promise<"created" | "exists"> {
    const [key, body, options] = call;
    if (!key.endsWith("/_COMMIT")) return this.sound.create(...call);
    if ((await this.sound.get(key, options)) !== undefined) return "exists";
    await sleep(60);
    await this.sound.delete([key], options);
    await this.sound.create(key, body, options);
    return "created";
  }
}

/** Makes the file first, and fills it then. */
class Open extends Folder {
  readonly #root: string;

  constructor(root: string) {
    super(root);
    this.#root = root;
  }

  override async create(...call: Parameters<ObjectStore["create"]>): Promise<"created" | "exists"> {
    const [key, body] = call;
    const response = await super.create(key, body.subarray(0, body.length / 2), call[2]);
    if (response === "exists") return response;
    await sleep(20);
    await using file = await open(join(this.#root, key), "a");
    await file.write(body.subarray(body.length / 2));
    return "created";
  }
}

/** Gives a listing again for a while. */
class Stale extends Folder {
  readonly #cached = new Map<string, { readonly at: number; readonly pages: readonly ListPage[] }>();

  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    const known = this.#cached.get(prefix);
    if (known !== undefined && performance.now() - known.at < 500) {
      yield* known.pages;
      return;
    }
    const pages = await pagesOf(this.sound.list(prefix, options));
    this.#cached.set(prefix, { at: performance.now(), pages });
    yield* pages;
  }
}

/** Says that a delete is done before it is. */
class Undead extends Folder {
  override async delete(keys: readonly string[]): Promise<readonly DeleteFailure[]> {
    void sleep(50).then(() => this.sound.delete(keys));
    return [];
  }
}

/** Has an offset for a cursor. */
class Offset extends Folder {
  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    const first = await this.#all(prefix, options);
    const middle = Math.trunc(first.length / 2);
    yield { objects: first.slice(0, middle), prefixes: [] };
    await sleep(5);
    yield { objects: (await this.#all(prefix, options)).slice(middle), prefixes: [] };
  }

  async #all(prefix: string, options?: ListOptions): Promise<ListPage["objects"]> {
    return (await pagesOf(this.sound.list(prefix, options))).flatMap(({ objects }) => objects);
  }
}

/** Takes the names of a page, and looks which of them are there once one of a row is gone. */
class Torn extends Folder {
  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    for await (const { objects, prefixes } of this.sound.list(prefix, options)) {
      const row = objects.findLast(({ key }) => key.includes("/row-"))?.key;
      if (row !== undefined) await this.#gone(row);
      const there = await Promise.all(objects.map(({ key }) => this.sound.get(key)));
      yield { objects: objects.filter((_, index) => there[index] !== undefined), prefixes };
    }
  }

  /** Waits for a second at most: once the row stands still, nothing of it goes. */
  async #gone(key: string): Promise<void> {
    for (let waits = 0; waits < 100; waits++) {
      if ((await this.sound.get(key)) === undefined) return;
      await sleep(10);
    }
  }
}

/** The same, and says nothing else of itself. */
class HonestlyTorn extends Torn {
  constructor(root: string) {
    super(root);
    Reflect.deleteProperty(this, "wholeListings");
  }
}

/** Deletes nothing. */
class Locked extends Folder {
  override async delete(keys: readonly string[]): Promise<readonly DeleteFailure[]> {
    const { StoreError } = await import("@state/core");
    return keys.map((key) => ({ key, error: new StoreError("Denied", `${key} is locked`, { key }) }));
  }
}

/** What an adapter makes of a service that does not know conditions. */
class Unconditional extends Folder {
  override async create(key: string): Promise<never> {
    const { StoreError } = await import("@state/core");
    throw new StoreError("Unsupported", `create ${key}: 501 NotImplemented, If-None-Match`, { key });
  }
}

/** Can be listed only once nothing is there. */
class Unlistable extends Folder {
  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    const pages = await pagesOf(this.sound.list(prefix, options));
    if (pages.some(({ objects }) => objects.length > 0)) throw new Error(`${prefix} is not in byte order`);
    yield* pages;
  }
}

async function pagesOf(listing: AsyncIterable<ListPage>): Promise<readonly ListPage[]> {
  const pages: ListPage[] = [];
  for await (const page of listing) pages.push(page);
  return pages;
}

const stores: Readonly<Record<string, new (root: string) => Folder>> = {
  racy: Racy,
  seals: RacySeals,
  open: Open,
  stale: Stale,
  undead: Undead,
  offset: Offset,
  torn: Torn,
  untold: HonestlyTorn,
  locked: Locked,
  unconditional: Unconditional,
  unlistable: Unlistable,
};

export const urlSchemes: readonly string[] = Object.keys(stores);

export function storeFromUrl(url: string): ObjectStore {
  const [scheme = "", root = ""] = url.split(":");
  return new (stores[scheme] ?? Folder)(root);
}

import type { DeleteFailure, ListOptions, ListPage, ObjectStore, OperationOptions } from "@state/core";
import { isKey } from "@state/core/adapter";

/** As many bytes as a key may have, by the store contract. */
const maxKeyLength = 900;

/** What a run of `certify` has to do with the store: which keys it may have made, and whether it is over. */
export class Reach {
  /** Every key of which a create was sent. A store whose listings are wrong does not show all that has to be deleted. */
  readonly keys: Set<string> = new Set();
  readonly #underWay: Set<Promise<unknown>> = new Set();
  #reason: Error | undefined;

  /** From now on nothing is written any more. A case that hung, or was interrupted, would else go on beside the deletes. */
  end(): void {
    this.#reason = new Error("the run is over");
  }

  /** Waits for what was sent before, but not for ever: a broken store may never respond. */
  async settled(milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, milliseconds);
    });
    await Promise.race([Promise.allSettled(this.#underWay), late]);
    clearTimeout(timer);
  }

  /** Makes the call, unless the run is over. What it throws or returns passes through as it is: the suite looks at both. */
  send<T>(call: () => Promise<T>): Promise<T> {
    if (this.#reason !== undefined) return Promise.reject(this.#reason);
    const sent = call();
    const watched = Promise.allSettled([sent]).finally(() => this.#underWay.delete(watched));
    this.#underWay.add(watched);
    return sent;
  }
}

/**
 * A folder of a store, as a store of its own. It checks nothing and catches nothing, so that what is seen through it is what
 * the store does.
 *
 * The folder's name is a part of each key. Of a key that would be too long by it, the first segments are left out.
 */
export class FolderStore implements ObjectStore {
  readonly name: string;
  declare readonly wholeListings?: true;
  readonly #store: ObjectStore;
  readonly #folder: string;
  readonly #reach: Reach;
  /** The keys that were shortened, by what is left of them. */
  readonly #long: Map<string, string> = new Map();

  /** @param folder ends in `/` */
  constructor(store: ObjectStore, folder: string, reach: Reach) {
    this.name = `${store.name} in ${folder}`;
    if (store.wholeListings === true) this.wholeListings = true;
    this.#store = store;
    this.#folder = folder;
    this.#reach = reach;
  }

  create(key: string, body: Uint8Array, options?: OperationOptions): Promise<"created" | "exists"> {
    const joined = this.#join(key);
    return this.#reach.send(() => {
      this.#reach.keys.add(joined);
      return this.#store.create(joined, body, options);
    });
  }

  get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#store.get(this.#join(key), options);
  }

  list(prefix: string, options?: ListOptions): AsyncIterable<ListPage> {
    // Called here, and not in the generator: a store that throws is to be seen throwing.
    return this.#relative(this.#store.list(this.#join(prefix), options));
  }

  delete(keys: readonly string[], options?: OperationOptions): Promise<readonly DeleteFailure[]> {
    const joined = keys.map((key) => this.#join(key));
    const given = joined.slice();
    const deleting = this.#reach.send(() => this.#store.delete(joined, options));
    return deleting.then((failures) => {
      this.#repeatChanges(given, joined, keys);
      return Array.isArray(failures)
        ? failures.map(({ key, error }: DeleteFailure) => ({ key: this.#own(key), error }))
        : failures;
    });
  }

  async close(): Promise<void> {
    await this.#store.close?.();
  }

  async *#relative(pages: AsyncIterable<ListPage>): AsyncGenerator<ListPage, void, undefined> {
    for await (const { objects, prefixes } of pages)
      yield {
        objects: objects.map(({ key, size }) => ({ key: this.#own(key), size })),
        prefixes: prefixes.map((folder) => this.#own(folder)),
      };
  }

  /** What a store does to the array that it was given is done to the caller's too, which the suite looks at. */
  #repeatChanges(before: readonly string[], after: readonly string[], keys: readonly string[]): void {
    if (after.length === before.length && after.every((key, index) => key === before[index])) return;
    if (Object.isFrozen(keys)) return;
    (keys as string[]).splice(0, keys.length, ...after.map((key) => this.#own(key)));
  }

  #join(key: string): string {
    // Whoever passes what is no text is to be refused by the store, and not to write "undefined".
    if (typeof key !== "string") return key;
    const joined = this.#folder + key;
    if (joined.length <= maxKeyLength || !isKey(key)) return joined;
    const short = key.slice(key.indexOf("/", joined.length - maxKeyLength - 1) + 1);
    this.#long.set(short, key);
    return this.#folder + short;
  }

  /** A name beneath the folder, without it; any other as it is, for the suite to find. */
  #own(name: string): string {
    if (!name.startsWith(this.#folder)) return name;
    const own = name.slice(this.#folder.length);
    return this.#long.get(own) ?? own;
  }
}

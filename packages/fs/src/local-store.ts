import { dirname, join } from "node:path";
import { checkKey, checkPrefix } from "@state/core";
import type { DeleteFailure, ListOptions, ListPage, ObjectStore, OperationOptions } from "@state/core";
import { untilAborted } from "./abort.ts";
import { unlinkAll } from "./deleting.ts";
import { Directories } from "./directories.ts";
import { hasErrno, refusal, toStoreError } from "./errors.ts";
import type { Place } from "./errors.ts";
import type { FileSystem } from "./file-system.ts";
import { Listing } from "./listing.ts";
import { settingsOf } from "./options.ts";
import type { FsStoreOptions, Settings } from "./options.ts";
import { read } from "./reading.ts";
import { RootMaker } from "./root.ts";
import { discard, foldsCase, publish, stage, sweep } from "./staging.ts";
import { Turns } from "./turns.ts";

const bodyLimit = 2 ** 31;
/** Each piece of work holds one file or directory open at a time. */
const openAtOnce = 64;
/** A delete may remove a directory each time between a create's making it and writing into it. */
const makeAttempts = 32;
/** How many directories the first create sweeps before it goes on: a tree of millions must not hold it up. */
const sweptAtOnce = 1_000;

/** What `FsStore` does, over any file system. */
export class LocalStore implements ObjectStore {
  readonly name: string;
  readonly #settings: Settings;
  readonly #files: FileSystem;
  readonly #rootMaker: RootMaker;
  readonly #turns: Turns = new Turns(openAtOnce);
  /** Work whose caller may have gone: an aborted operation clears up behind itself. */
  readonly #running: Set<Promise<unknown>> = new Set();
  #tree: Directories | undefined;
  #prepared: Promise<Directories> | undefined;
  #keepsCase = false;
  #isClosed = false;

  constructor(options: FsStoreOptions, files: FileSystem) {
    this.#settings = settingsOf(options);
    this.#files = files;
    this.#rootMaker = new RootMaker(files, this.#settings.fsync);
    this.name = `file://${this.#settings.root}`;
  }

  async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<"created" | "exists"> {
    const signal = options?.signal;
    signal?.throwIfAborted();
    checkKey(key);
    if (body.byteLength >= bodyLimit) {
      throw new RangeError(`the body of ${JSON.stringify(key)} is ${body.byteLength} bytes, 2^31 or more`);
    }
    const place = this.#place("create", key);
    return this.#perform(place, signal, async () => {
      const tree = await this.#prepare(place);
      return this.#turns.run(() => this.#create(tree, key, body, signal));
    });
  }

  async get(key: string, options?: OperationOptions): Promise<Uint8Array | undefined> {
    const signal = options?.signal;
    signal?.throwIfAborted();
    checkKey(key);
    const place = this.#place("get", key);
    return this.#perform(place, signal, () => this.#turns.run(() => this.#get(key, signal)));
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage, void, undefined> {
    const signal = options?.signal;
    signal?.throwIfAborted();
    checkPrefix(prefix);
    const place = this.#place("list", prefix);
    try {
      const directory = await untilAborted(
        signal,
        this.#turns.run(() => this.#directoryOf(prefix)),
      );
      if (directory === undefined) return;
      yield* new Listing(this.#files, this.#turns, place, signal).pages(
        directory,
        prefix,
        options?.delimiter,
      );
    } catch (error) {
      // Not by the error's name: with the signal aborted, whatever was thrown is the abort's doing.
      throw signal?.aborted === true ? signal.reason : toStoreError(error, place);
    }
  }

  async delete(keys: readonly string[], options?: OperationOptions): Promise<readonly DeleteFailure[]> {
    const signal = options?.signal;
    signal?.throwIfAborted();
    for (const key of keys) checkKey(key);
    if (keys.length === 0) return [];
    return this.#perform(this.#place("delete", keys[0] ?? ""), signal, async () => {
      const tree = await this.#find();
      if (tree === undefined) return [];
      const placeOf = (key: string): Place => this.#place("delete", key, tree.root);
      return unlinkAll(this.#files, tree, this.#turns, new Set(keys), placeOf, signal);
    });
  }

  /** Waits for what aborted operations left to do and stops the sweep. The store itself can go on being used. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#running);
  }

  async #create(
    tree: Directories,
    key: string,
    body: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<"created" | "exists"> {
    const place = this.#place("create", key, tree.root);
    const directory = dirname(place.path);
    const staged = await this.#stage(tree, directory, body, place, signal);
    try {
      await this.#refuseFolding(directory, staged, place);
      signal?.throwIfAborted();
      const outcome = await publish(this.#files, staged, place);
      await discard(this.#files, staged);
      // The loser of a race flushes too: the winner may die before it does, and the loser's caller builds on the
      // object. The body itself was on the disk before it was linked.
      await this.#flush(tree, directory, place);
      return outcome;
    } catch (error) {
      await discard(this.#files, staged);
      throw error;
    }
  }

  /** Whatever the flush failed with: the object is there, so that no code which says that nothing was written will do. */
  async #flush(tree: Directories, directory: string, place: Place): Promise<void> {
    try {
      await tree.flush(directory);
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error);
      throw refusal(
        "Unavailable",
        place,
        `it is there, but its directory could not be flushed: ${what}`,
        error,
      );
    }
  }

  async #stage(
    tree: Directories,
    directory: string,
    body: Uint8Array,
    place: Place,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    for (let attempt = 0; attempt < makeAttempts; attempt += 1) {
      signal?.throwIfAborted();
      try {
        await tree.make(directory, place);
        return await stage(this.#files, directory, body, this.#settings.fsync, signal);
      } catch (error) {
        if (hasErrno(error, "ENOTDIR")) {
          throw refusal("InvalidKey", place, "a part of the key is the key of another object", error);
        }
        // A delete has emptied the directory and removed it between the two steps.
        if (!hasErrno(error, "ENOENT")) throw error;
      }
    }
    throw refusal("Unavailable", place, `its directory was removed ${makeAttempts} times while it was made`);
  }

  /** With folded names `a/KEY` would be answered `exists` for `a/key`. Found out once, by the first staging file. */
  async #refuseFolding(directory: string, staged: string, place: Place): Promise<void> {
    if (this.#keepsCase) return;
    if (await foldsCase(this.#files, directory, staged)) {
      throw refusal(
        "Unsupported",
        place,
        "the file system takes names that differ in case for one; put the root on one that tells them apart",
      );
    }
    this.#keepsCase = true;
  }

  async #get(key: string, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
    const tree = await this.#find();
    if (tree === undefined) return undefined;
    const place = this.#place("get", key, tree.root);
    const directory = dirname(place.path);
    if ((await tree.lowest(directory, place)) !== directory) return undefined;
    return read(this.#files, place, signal);
  }

  async #directoryOf(prefix: string): Promise<string | undefined> {
    const tree = await this.#find();
    if (tree === undefined) return undefined;
    const directory = join(tree.root, prefix.slice(0, -1));
    const lowest = await tree.lowest(directory, this.#place("list", prefix, tree.root));
    return lowest === directory ? directory : undefined;
  }

  /** The tree, if its root is there; looked up until it was found once. */
  async #find(): Promise<Directories | undefined> {
    if (this.#tree !== undefined) return this.#tree;
    let root: string;
    try {
      root = await this.#files.realpath(this.#settings.root);
    } catch (error) {
      if (hasErrno(error, "ENOENT")) return undefined;
      throw error;
    }
    if (!(await this.#files.lstat(root)).isDirectory()) {
      throw refusal("Misconfigured", this.#place("open", ""), "the root is not a directory");
    }
    this.#tree ??= new Directories(this.#files, root, this.#settings.fsync);
    return this.#tree;
  }

  async #prepare(place: Place): Promise<Directories> {
    this.#prepared ??= this.#makeRoot(place);
    try {
      return await this.#prepared;
    } catch (error) {
      this.#prepared = undefined;
      throw error;
    }
  }

  async #makeRoot(place: Place): Promise<Directories> {
    const { root } = this.#settings;
    try {
      await this.#rootMaker.make(root);
    } catch (error) {
      // A file, or a symbolic link that leads nowhere.
      if (!hasErrno(error, "EEXIST", "ENOTDIR")) throw error;
      throw refusal("Misconfigured", place, `the root ${root} cannot be made a directory`, error);
    }
    const tree = await this.#find();
    if (tree === undefined)
      throw refusal("Unavailable", place, `the root ${root} was removed as soon as it was made`);
    await this.#sweep(tree.root);
    return tree;
  }

  async #sweep(root: string): Promise<void> {
    const sweeping = sweep(this.#files, root);
    for (let swept = 0; swept < sweptAtOnce; swept += 1) {
      if ((await sweeping.next()).done === true) return;
    }
    this.#track(this.#finish(sweeping));
  }

  async #finish(sweeping: AsyncGenerator<void, void, undefined>): Promise<void> {
    while (!this.#isClosed && (await sweeping.next()).done !== true);
  }

  async #perform<T>(place: Place, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    const running = (async (): Promise<T> => {
      try {
        return await work();
      } catch (error) {
        throw toStoreError(error, place);
      }
    })();
    this.#track(running);
    return untilAborted(signal, running);
  }

  #track(running: Promise<unknown>): void {
    this.#running.add(running);
    const forget = (): boolean => this.#running.delete(running);
    running.then(forget, forget);
  }

  #place(operation: Place["operation"], key: string, root: string = this.#settings.root): Place {
    return { store: this.name, operation, key, path: join(root, key) };
  }
}

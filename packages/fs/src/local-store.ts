import { dirname, join } from "node:path";
import { checkKey, checkPrefix } from "@state/core/adapter";
import type { DeleteFailure, ListOptions, ListPage, ObjectStore, OperationOptions } from "@state/core";
import { raceAbort } from "./abort-race.ts";
import { deleteAll } from "./deleting.ts";
import type { Directories } from "./directories.ts";
import { hasErrno, storeError, toStoreError } from "./errors.ts";
import type { Operation } from "./errors.ts";
import type { FileSystem } from "./file-system.ts";
import { Listing } from "./listing.ts";
import { settingsOf } from "./options.ts";
import type { FsStoreOptions, Settings } from "./options.ts";
import { readBody } from "./body.ts";
import { Root } from "./root.ts";
import { discard, foldsCase, publish, stage, sweep } from "./staging.ts";
import { Semaphore } from "./semaphore.ts";

const bodyLimit = 2 ** 31;
/** How many pieces of work run at a time. Each holds one file or directory open. */
const maxOpen = 64;
/**
 * How often a create makes its directory: deletes may remove it each time before the create writes
 * into it.
 */
const maxMakeAttempts = 32;
/**
 * How many directories the first create sweeps before it goes on. The rest of a large tree is swept
 * in the background.
 */
const maxSweptFirst = 1_000;

/** The operations of `FsStore`, on a file system that is given. */
export class LocalStore implements ObjectStore {
  readonly name: string;
  readonly #settings: Settings;
  readonly #files: FileSystem;
  readonly #root: Root;
  readonly #semaphore: Semaphore = new Semaphore(maxOpen);
  /**
   * Work that has not ended. After an abort it goes on without its caller, and removes what it has
   * made.
   */
  readonly #unfinished: Set<Promise<unknown>> = new Set();
  #keepsCase = false;
  #isClosed = false;

  constructor(options: FsStoreOptions, files: FileSystem) {
    this.#settings = settingsOf(options);
    this.#files = files;
    this.name = `file://${this.#settings.root}`;
    this.#root = new Root(files, this.#settings, this.name, (path) => this.#sweep(path));
  }

  async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<"created" | "exists"> {
    const signal = options?.signal;
    signal?.throwIfAborted();
    checkKey(key);
    if (body.byteLength >= bodyLimit) {
      throw new RangeError(`the body of ${JSON.stringify(key)} is ${body.byteLength} bytes, 2^31 or more`);
    }
    const operation = this.#operation("create", key);
    return this.#perform(operation, signal, async () => {
      const tree = await this.#root.make(operation);
      return this.#semaphore.run(() => this.#create(tree, key, body, signal));
    });
  }

  async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const signal = options?.signal;
    signal?.throwIfAborted();
    checkKey(key);
    const operation = this.#operation("get", key);
    return this.#perform(operation, signal, () => this.#semaphore.run(() => this.#get(key, signal)));
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage, void, undefined> {
    const signal = options?.signal;
    signal?.throwIfAborted();
    checkPrefix(prefix);
    const operation = this.#operation("list", prefix);
    try {
      const directory = await raceAbort(
        signal,
        this.#semaphore.run(() => this.#directoryOf(prefix)),
      );
      if (directory === undefined) return;
      yield* new Listing(this.#files, this.#semaphore, operation, signal).pages(
        directory,
        prefix,
        options?.delimiter,
      );
    } catch (error) {
      // If the signal has aborted, the abort caused the error, whatever its name.
      throw signal?.aborted === true ? signal.reason : toStoreError(error, operation);
    }
  }

  async delete(keys: readonly string[], options?: OperationOptions): Promise<readonly DeleteFailure[]> {
    const signal = options?.signal;
    signal?.throwIfAborted();
    for (const key of keys) checkKey(key);
    if (keys.length === 0) return [];
    return this.#perform(this.#operation("delete", keys[0] ?? ""), signal, async () => {
      const tree = await this.#root.find();
      if (tree === undefined) return [];
      const operationOn = (key: string): Operation => this.#operation("delete", key, tree.root);
      return deleteAll(this.#files, tree, this.#semaphore, new Set(keys), operationOn, signal);
    });
  }

  /**
   * Waits for the work that aborted operations left behind, and stops the sweep. The store can
   * still be used.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#unfinished);
  }

  async #create(
    tree: Directories,
    key: string,
    body: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<"created" | "exists"> {
    const operation = this.#operation("create", key, tree.root);
    const directory = dirname(operation.path);
    const staged = await this.#stage(tree, directory, body, operation, signal);
    try {
      await this.#refuseFolding(directory, staged, operation);
      signal?.throwIfAborted();
      const outcome = await publish(this.#files, staged, operation);
      await discard(this.#files, staged);
      // The loser of a race flushes too. If the winner is killed between its link and its flush,
      // the object would not be on the disk, though the loser's caller relies on it. The body
      // itself was on the disk before it was linked.
      await this.#flush(tree, directory, operation);
      return outcome;
    } catch (error) {
      await discard(this.#files, staged);
      throw error;
    }
  }

  /**
   * If the flush fails, the object is there. So the error is `Unavailable`, whatever the cause:
   * other codes mean that nothing was written.
   */
  async #flush(tree: Directories, directory: string, operation: Operation): Promise<void> {
    try {
      await tree.flush(directory);
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error);
      throw storeError(
        "Unavailable",
        operation,
        `it is there, but its directory could not be flushed: ${what}`,
        error,
      );
    }
  }

  async #stage(
    tree: Directories,
    directory: string,
    body: Uint8Array,
    operation: Operation,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    for (let attempt = 0; attempt < maxMakeAttempts; attempt += 1) {
      signal?.throwIfAborted();
      try {
        await tree.make(directory, operation);
        return await stage(this.#files, directory, body, this.#settings.fsync, signal);
      } catch (error) {
        if (hasErrno(error, "ENOTDIR")) {
          throw storeError("InvalidKey", operation, "a part of the key is the key of another object", error);
        }
        // A delete has removed the directory between the two steps.
        if (!hasErrno(error, "ENOENT")) throw error;
      }
    }
    throw storeError(
      "Unavailable",
      operation,
      `its directory was removed ${maxMakeAttempts} times while it was made`,
    );
  }

  /**
   * Refuses a file system that takes `a/KEY` and `a/key` for one name: a create of the one would
   * return `exists` for the other. It is checked once, by the first staging file.
   */
  async #refuseFolding(directory: string, staged: string, operation: Operation): Promise<void> {
    if (this.#keepsCase) return;
    if (await foldsCase(this.#files, directory, staged)) {
      throw storeError(
        "Unsupported",
        operation,
        "the file system takes names that differ in case for one; put the root on one that tells them apart",
      );
    }
    this.#keepsCase = true;
  }

  async #get(key: string, signal: AbortSignal | undefined): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const tree = await this.#root.find();
    if (tree === undefined) return undefined;
    const operation = this.#operation("get", key, tree.root);
    const directory = dirname(operation.path);
    if ((await tree.lowestExisting(directory, operation)) !== directory) return undefined;
    return readBody(this.#files, operation, signal);
  }

  async #directoryOf(prefix: string): Promise<string | undefined> {
    const tree = await this.#root.find();
    if (tree === undefined) return undefined;
    const directory = join(tree.root, prefix.slice(0, -1));
    const lowest = await tree.lowestExisting(directory, this.#operation("list", prefix, tree.root));
    return lowest === directory ? directory : undefined;
  }

  async #sweep(root: string): Promise<void> {
    const sweeping = sweep(this.#files, root);
    for (let swept = 0; swept < maxSweptFirst; swept += 1) {
      if ((await sweeping.next()).done === true) return;
    }
    this.#track(this.#finish(sweeping));
  }

  async #finish(sweeping: AsyncGenerator<void, void, undefined>): Promise<void> {
    while (!this.#isClosed && (await sweeping.next()).done !== true);
  }

  async #perform<T>(
    operation: Operation,
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    const running = (async (): Promise<T> => {
      try {
        return await work();
      } catch (error) {
        throw toStoreError(error, operation);
      }
    })();
    this.#track(running);
    return raceAbort(signal, running);
  }

  #track(running: Promise<unknown>): void {
    this.#unfinished.add(running);
    const forget = (): boolean => this.#unfinished.delete(running);
    running.then(forget, forget);
  }

  #operation(name: Operation["name"], key: string, root: string = this.#settings.root): Operation {
    return { store: this.name, name, key, path: join(root, key) };
  }
}

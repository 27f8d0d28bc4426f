import { dirname, join } from "node:path";
import {
  checkBody,
  checkKey,
  checkPrefix,
  type Meaning,
  type Pool,
  poolOf,
  runRequest,
} from "@state/core/adapter";
import type {
  DeleteFailure,
  ListOptions,
  ListPage,
  ObjectStore,
  OperationOptions,
  Remark,
} from "@state/core";
import { readBody } from "./body.ts";
import { deleteAll } from "./deleting.ts";
import { type Directories, OtherSpelling } from "./directories.ts";
import { hasErrno, refusal, textOf, toStoreError } from "./errors.ts";
import type { FileCall } from "./errors.ts";
import type { FileSystem } from "./file-system.ts";
import { Listing } from "./listing.ts";
import { isSystemFile } from "./names.ts";
import { settingsOf, urlOf } from "./options.ts";
import type { FsStoreOptions, Settings } from "./options.ts";
import { Root } from "./root.ts";
import { sharing } from "./sharing.ts";
import { publish } from "./staging.ts";

/** How many pieces of work run at a time. Each holds one file or directory open. */
const maxOpen = 64;
/**
 * How often a create makes its directory: deletes may remove it each time before the create links
 * into it.
 */
const maxMakeAttempts = 32;

const otherKey: Meaning = { code: "InvalidKey", advice: "choose another key" };

/** The operations of `FsStore`, on a file system that is given. */
export class LocalStore implements ObjectStore {
  readonly name: string;
  readonly #settings: Settings;
  readonly #files: FileSystem;
  readonly #root: Root;
  readonly #pool: Pool = poolOf(maxOpen);
  /**
   * Work that has not ended. After an abort it goes on without its caller, and removes what it has
   * made.
   */
  readonly #unfinished: Set<Promise<unknown>> = new Set();

  constructor(options: FsStoreOptions, files: FileSystem) {
    this.#settings = settingsOf(options);
    this.#files = sharingLooks(files);
    this.name = urlOf(this.#settings.root);
    this.#root = new Root(this.#files, this.#settings);
  }

  async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<"created" | "exists"> {
    options?.signal?.throwIfAborted();
    checkKey(key);
    checkBody(key, body);
    const call = this.#call("create", key);
    if (isSystemFile(key)) throw refusal(call, otherKey, "systems make files of this name by themselves");
    return this.#perform(call, options, async (signal) => {
      const tree = await this.#root.make(call);
      return this.#pool(() => this.#create(tree, key, body, signal));
    });
  }

  async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    options?.signal?.throwIfAborted();
    checkKey(key);
    const call = this.#call("get", key);
    return this.#perform(call, options, (signal) => this.#pool(() => this.#get(call, signal)));
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage, void, undefined> {
    options?.signal?.throwIfAborted();
    checkPrefix(prefix);
    const call = this.#call("list", prefix);
    const listing = new Listing(this.#files, this.#pool, call, options?.delimiter === undefined);
    for (;;) {
      const page = await this.#perform(call, options, async (signal) => {
        const directory = await this.#pool(() => this.#directoryOf(call));
        return directory === undefined ? undefined : listing.page(directory, prefix, signal);
      });
      if (page === undefined) return;
      yield page;
    }
  }

  async delete(keys: readonly string[], options?: OperationOptions): Promise<readonly DeleteFailure[]> {
    options?.signal?.throwIfAborted();
    for (const key of keys) checkKey(key);
    const [first] = keys;
    if (first === undefined) return [];
    const call = this.#call("delete", first);
    return this.#perform(call, options, async (signal) => {
      const tree = await this.#root.find(call);
      if (tree === undefined) return [];
      const callOn = (key: string): FileCall => this.#call("delete", key, tree.root);
      return deleteAll(this.#files, tree, this.#pool, new Set(keys), callOn, signal);
    });
  }

  async examine(options?: OperationOptions): Promise<readonly Remark[]> {
    options?.signal?.throwIfAborted();
    const { remarksOn } = await import("./examination.ts");
    const call = this.#call("examine", "");
    return this.#perform(call, options, () => remarksOn(this.#files, this.#settings, process.platform));
  }

  /** Waits for the work that aborted operations left behind. The store can still be used. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#unfinished);
  }

  async #create(
    tree: Directories,
    key: string,
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<"created" | "exists"> {
    const call = this.#call("create", key, tree.root);
    signal.throwIfAborted();
    const staged = await tree.staging.write(body, signal);
    let outcome: "created" | "exists";
    try {
      outcome = await this.#link(tree, staged, call, signal);
    } finally {
      await tree.staging.discard(staged);
    }
    await this.#settle(tree, call);
    return outcome;
  }

  async #link(
    tree: Directories,
    staged: string,
    call: FileCall,
    signal: AbortSignal,
  ): Promise<"created" | "exists"> {
    try {
      for (let attempt = 0; attempt < maxMakeAttempts; attempt += 1) {
        signal.throwIfAborted();
        const outcome = await this.#linkOnce(tree, staged, call, signal);
        if (outcome !== undefined) return outcome;
      }
    } catch (error) {
      if (error instanceof OtherSpelling)
        throw refusal(call, otherKey, `the file system folds case, and ${error.real} is there`);
      if (hasErrno(error, "ENOTDIR"))
        throw refusal(call, otherKey, "a part of the key is the key of another object", error);
      throw error;
    }
    const why = `its directory was removed ${maxMakeAttempts} times while it was made`;
    throw refusal(call, { code: "Unavailable" }, why);
  }

  /** @returns `undefined` if a delete has removed the directory meanwhile */
  async #linkOnce(
    tree: Directories,
    staged: string,
    call: FileCall,
    signal: AbortSignal,
  ): Promise<"created" | "exists" | undefined> {
    try {
      await tree.make(dirname(call.path), call);
    } catch (error) {
      if (hasErrno(error, "ENOENT")) return undefined;
      throw error;
    }
    const mayFold = await tree.spelling.mayFold();
    signal.throwIfAborted();
    const outcome = await publish(this.#files, staged, call);
    if (outcome === undefined || !mayFold) return outcome;
    const spelled = await tree.spelling.of(call.path);
    if (spelled === call.path) return outcome;
    // Meanwhile a folder of another spelling has come in the place of the key's own.
    if (outcome === "created") await this.#files.unlink(call.path);
    else if (spelled !== undefined) throw new OtherSpelling(spelled);
    throw refusal(call, { code: "Unavailable" }, "what was there went away while it was looked at");
  }

  /**
   * The loser of a race flushes too. If the winner is killed between its link and its flush, the
   * object would not be on the disk, though the loser's caller relies on it. The body itself was on
   * the disk before it was linked.
   *
   * The root may have been exchanged since it was found.
   *
   * If either fails, the object is there. So the error is `Unavailable`, whatever the cause: other
   * codes mean that nothing was written.
   */
  async #settle(tree: Directories, call: FileCall): Promise<void> {
    try {
      await tree.flush(dirname(call.path));
    } catch (error) {
      const why = `it is there, but its directory could not be flushed: ${textOf(error)}`;
      throw refusal(call, { code: "Unavailable" }, why, error);
    }
    const why = "it is there, but perhaps not beneath the root";
    let found: Directories | undefined;
    try {
      found = await this.#root.find(call);
    } catch (error) {
      throw refusal(call, { code: "Unavailable" }, `${why}: ${textOf(error)}`, error);
    }
    if (found !== tree) throw refusal(call, { code: "Unavailable" }, `${why}, which went away meanwhile`);
  }

  async #get(call: FileCall, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const tree = await this.#root.find(call);
    if (tree === undefined || isSystemFile(call.key)) return undefined;
    const inTree = this.#call("get", call.key, tree.root);
    const directory = dirname(inTree.path);
    if ((await tree.lowestExisting(directory, inTree)) !== directory) return undefined;
    const body = await readBody(this.#files, inTree, signal);
    return body !== undefined && (await tree.isExact(inTree.path)) ? body : undefined;
  }

  async #directoryOf(call: FileCall): Promise<string | undefined> {
    const tree = await this.#root.find(call);
    if (tree === undefined) return undefined;
    const directory = join(tree.root, call.key.slice(0, -1));
    const lowest = await tree.lowestExisting(directory, this.#call("list", call.key, tree.root));
    return lowest === directory ? directory : undefined;
  }

  #perform<T>(
    call: FileCall,
    options: OperationOptions | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return runRequest(
      ({ signal }) => {
        const running = storeErrorsOf(work(signal), call);
        this.#unfinished.add(running);
        const forget = (): boolean => this.#unfinished.delete(running);
        running.then(forget, forget);
        return running;
      },
      { signal: options?.signal },
    );
  }

  #call(operation: FileCall["operation"], key: string, root: string = this.#settings.root): FileCall {
    return { store: this.name, operation, key, path: join(root, key) };
  }
}

/** Each operation looks at the root and its directory. Operations at once share these looks. */
function sharingLooks(files: FileSystem): FileSystem {
  return { ...files, stat: sharing(files.stat, "own"), realpath: sharing(files.realpath, "own") };
}

async function storeErrorsOf<T>(work: Promise<T>, call: FileCall): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw toStoreError(error, call);
  }
}

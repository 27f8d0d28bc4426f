import { join } from "node:path";
import type { ListedObject, ListOptions, ListPage } from "@state/core";
import { raceAbort } from "./abort-race.ts";
import { hasErrno } from "./errors.ts";
import type { Operation } from "./errors.ts";
import type { Entry, FileSystem } from "./file-system.ts";
import { isKey } from "./keys.ts";
import { linkError } from "./links.ts";
import { irregularFileError } from "./body.ts";
import type { Semaphore } from "./semaphore.ts";

const pageSize = 1_000;

/** A key, or a folder that ends in `/`, and its path in the file system. */
interface ListEntry {
  readonly name: string;
  readonly path: string;
}

/**
 * One listing. It holds the names in the directories between the prefix and the cursor, never those
 * of a whole tree.
 *
 * Files and directories may be made and removed while it runs.
 */
export class Listing {
  readonly #files: FileSystem;
  readonly #semaphore: Semaphore;
  readonly #operation: Operation;
  readonly #signal: AbortSignal | undefined;

  constructor(
    files: FileSystem,
    semaphore: Semaphore,
    operation: Operation,
    signal: AbortSignal | undefined,
  ) {
    this.#files = files;
    this.#semaphore = semaphore;
    this.#operation = operation;
    this.#signal = signal;
  }

  async *pages(
    directory: string,
    prefix: string,
    delimiter: ListOptions["delimiter"],
  ): AsyncGenerator<ListPage, void, undefined> {
    let batch: ListEntry[] = [];
    for await (const entry of this.#entries(directory, prefix, delimiter === undefined)) {
      batch.push(entry);
      if (batch.length < pageSize) continue;
      yield await this.#page(batch);
      batch = [];
    }
    if (batch.length > 0) yield await this.#page(batch);
  }

  async *#entries(
    directory: string,
    prefix: string,
    isDeep: boolean,
  ): AsyncGenerator<ListEntry, void, undefined> {
    for (const { name, path } of await this.#children(directory, prefix)) {
      if (isDeep && name.endsWith("/")) yield* this.#entries(path, name, isDeep);
      else yield { name, path };
    }
  }

  /**
   * The entries of one directory, in the order of keys, in which a directory's name ends in `/`.
   */
  async #children(directory: string, prefix: string): Promise<ListEntry[]> {
    const children: ListEntry[] = [];
    for (const entry of await this.#step(() => orAbsent(this.#files.readdir(directory), []))) {
      const path = join(directory, entry.name);
      if (isObject(entry, prefix, { ...this.#operation, path }))
        children.push({ name: prefix + entry.name, path });
      else if (isFolder(entry, prefix)) children.push({ name: `${prefix}${entry.name}/`, path });
    }
    return children.toSorted((left, right) => (left.name < right.name ? -1 : 1));
  }

  async #page(entries: readonly ListEntry[]): Promise<ListPage> {
    const isThere = await Promise.all(
      entries.map(({ name, path }) =>
        name.endsWith("/") ? this.#step(() => this.#holdsObject(path, name)) : this.#object(name, path),
      ),
    );
    return {
      objects: isThere.filter((found) => typeof found === "object"),
      prefixes: entries.filter((_, index) => isThere[index] === true).map(({ name }) => name),
    };
  }

  async #object(key: string, path: string): Promise<ListedObject | undefined> {
    const stats = await this.#step(() => orAbsent(this.#files.lstat(path), undefined));
    return stats?.isFile() === true ? { key, size: Number(stats.size) } : undefined;
  }

  /**
   * Whether any key is beneath a directory. Reads no further than to the first one. If a killed
   * writer has left the directory empty, or with a staging file only, it is no folder.
   */
  async #holdsObject(directory: string, prefix: string): Promise<boolean> {
    const entries = await orAbsent(this.#files.opendir(directory), undefined);
    if (entries === undefined) return false;
    const folders: string[] = [];
    for await (const entry of entries) {
      if (isObject(entry, prefix, { ...this.#operation, path: join(directory, entry.name) })) return true;
      if (isFolder(entry, prefix)) folders.push(entry.name);
    }
    for (const folder of folders) {
      if (await this.#holdsObject(join(directory, folder), `${prefix}${folder}/`)) return true;
    }
    return false;
  }

  #step<T>(work: () => Promise<T>): Promise<T> {
    this.#signal?.throwIfAborted();
    return raceAbort(this.#signal, this.#semaphore.run(work));
  }
}

function isFolder(entry: Entry, prefix: string): boolean {
  return entry.isDirectory() && isKey(prefix + entry.name);
}

/**
 * Whether the entry is an object. Throws if it has the name of one, but is neither a file nor a
 * directory.
 */
function isObject(entry: Entry, prefix: string, operation: Operation): boolean {
  if (entry.isDirectory() || !isKey(prefix + entry.name)) return false;
  if (entry.isSymbolicLink()) throw linkError(operation, operation.path);
  if (!entry.isFile()) throw irregularFileError(operation);
  return true;
}

async function orAbsent<T, U>(found: Promise<T>, absent: U): Promise<T | U> {
  try {
    return await found;
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR")) return absent;
    throw error;
  }
}

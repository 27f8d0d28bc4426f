import { join } from "node:path";
import type { ListedObject, ListOptions, ListPage } from "@state/core";
import { untilAborted } from "./abort.ts";
import { hasErrno } from "./errors.ts";
import type { Place } from "./errors.ts";
import type { Entry as DirectoryEntry, FileSystem } from "./file-system.ts";
import { isKey, linkRefusal } from "./paths.ts";
import { irregular } from "./reading.ts";
import type { Turns } from "./turns.ts";

const pageSize = 1_000;

/** A key, or a folder that ends in `/`, and where it is. */
interface Entry {
  readonly name: string;
  readonly path: string;
}

/**
 * One listing. Holds the names of the directories between the prefix and the cursor, never of a whole tree.
 *
 * Files and directories may come and go while it is under way.
 */
export class Listing {
  readonly #files: FileSystem;
  readonly #turns: Turns;
  readonly #place: Place;
  readonly #signal: AbortSignal | undefined;

  constructor(files: FileSystem, turns: Turns, place: Place, signal: AbortSignal | undefined) {
    this.#files = files;
    this.#turns = turns;
    this.#place = place;
    this.#signal = signal;
  }

  async *pages(
    directory: string,
    prefix: string,
    delimiter: ListOptions["delimiter"],
  ): AsyncGenerator<ListPage, void, undefined> {
    let batch: Entry[] = [];
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
  ): AsyncGenerator<Entry, void, undefined> {
    for (const { name, path } of await this.#children(directory, prefix)) {
      if (isDeep && name.endsWith("/")) yield* this.#entries(path, name, isDeep);
      else yield { name, path };
    }
  }

  /** What is in one directory, in the order of keys: a directory stands where its name with a `/` does. */
  async #children(directory: string, prefix: string): Promise<Entry[]> {
    const children: Entry[] = [];
    for (const entry of await this.#step(() => orAbsent(this.#files.readdir(directory), []))) {
      const path = join(directory, entry.name);
      if (isObject(entry, prefix, { ...this.#place, path }))
        children.push({ name: prefix + entry.name, path });
      else if (isFolder(entry, prefix)) children.push({ name: `${prefix}${entry.name}/`, path });
    }
    return children.toSorted((left, right) => (left.name < right.name ? -1 : 1));
  }

  async #page(entries: readonly Entry[]): Promise<ListPage> {
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
   * Whether any key is beneath a directory: one that a killed writer left empty, or with a staging file only, is
   * no folder. Stops at the first.
   */
  async #holdsObject(directory: string, prefix: string): Promise<boolean> {
    const entries = await orAbsent(this.#files.opendir(directory), undefined);
    if (entries === undefined) return false;
    const folders: string[] = [];
    for await (const entry of entries) {
      if (isObject(entry, prefix, { ...this.#place, path: join(directory, entry.name) })) return true;
      if (isFolder(entry, prefix)) folders.push(entry.name);
    }
    for (const folder of folders) {
      if (await this.#holdsObject(join(directory, folder), `${prefix}${folder}/`)) return true;
    }
    return false;
  }

  #step<T>(work: () => Promise<T>): Promise<T> {
    this.#signal?.throwIfAborted();
    return untilAborted(this.#signal, this.#turns.run(work));
  }
}

function isFolder(entry: DirectoryEntry, prefix: string): boolean {
  return entry.isDirectory() && isKey(prefix + entry.name);
}

/** Whether the entry is an object; refuses what has the name of one and is neither that nor a folder. */
function isObject(entry: DirectoryEntry, prefix: string, place: Place): boolean {
  if (entry.isDirectory() || !isKey(prefix + entry.name)) return false;
  if (entry.isSymbolicLink()) throw linkRefusal(place, place.path);
  if (!entry.isFile()) throw irregular(place);
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

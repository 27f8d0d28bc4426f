import { join } from "node:path";
import { type ListedObject, type ListOptions, type ListPage, StoreError } from "@state/core";
import { raceAbort } from "./abort-race.ts";
import { hasErrno } from "./errors.ts";
import type { Operation } from "./errors.ts";
import type { Entry, FileSystem } from "./file-system.ts";
import { isKey } from "./keys.ts";
import { linkError } from "./links.ts";
import { irregularFileError } from "./body.ts";
import type { Semaphore } from "./semaphore.ts";

const pageSize = 1_000;
/** How often the names of one page are taken before the listing gives up, to be tried again. */
const maxTries = 100;

type Entries = AsyncGenerator<ListEntry, void, undefined>;

/** A key, or a folder that ends in `/`, and its path in the file system. */
interface ListEntry {
  readonly name: string;
  readonly path: string;
}

/**
 * One listing. It holds the names in the directories between the prefix and the cursor, never those
 * of a whole tree.
 *
 * Files and directories may be made and removed while it runs. A directory's names are read first
 * and looked at one by one. If one is gone by then, the page's names are read again, so that a page
 * that leaves out what is gone shows what came in its place.
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
    const isDeep = delimiter === undefined;
    let last = "";
    const begin = (): Entries => this.#entries(directory, prefix, isDeep, last);
    let entries = begin();
    for (;;) {
      let names = await take(entries);
      let page = await this.#look(names);
      let known: ReadonlySet<string> = new Set();
      for (let tries = 1; page.gone.some((name) => !known.has(name)); tries++) {
        if (tries === maxTries) throw this.#unsteady(prefix);
        // What is gone was there when the names were taken, and what came meanwhile is not among
        // them: the names are taken again. A folder that was empty before stays out without that.
        known = new Set(page.gone.filter((name) => name.endsWith("/")));
        entries = begin();
        names = await take(entries);
        page = await this.#look(names);
      }
      if (names.length === 0) return;
      yield { objects: page.objects, prefixes: page.prefixes };
      if (names.length < pageSize) return;
      last = names.at(-1)?.name ?? last;
    }
  }

  /** Those that come after `last`, in the order of keys. */
  async *#entries(directory: string, prefix: string, isDeep: boolean, last: string): Entries {
    for (const { name, path } of await this.#children(directory, prefix)) {
      const isTree = isDeep && name.endsWith("/");
      if (name <= last && !(isTree && last.startsWith(name))) continue;
      if (isTree) yield* this.#entries(path, name, isDeep, last);
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

  /** Looks at each name: its size, or whether the folder holds anything. */
  async #look(names: readonly ListEntry[]): Promise<ListPage & { readonly gone: readonly string[] }> {
    const found = await Promise.all(
      names.map(({ name, path }) =>
        name.endsWith("/") ? this.#step(() => this.#holdsObject(path, name)) : this.#object(name, path),
      ),
    );
    return {
      objects: found.filter((object) => typeof object === "object"),
      prefixes: names.filter((_, index) => found[index] === true).map(({ name }) => name),
      gone: names
        .filter((_, index) => found[index] === undefined || found[index] === false)
        .map(({ name }) => name),
    };
  }

  #unsteady(prefix: string): StoreError {
    const { store } = this.#operation;
    const message = `${store}: list ${JSON.stringify(prefix)}: names went away ${maxTries} times in a row while they were looked at`;
    return new StoreError("Unavailable", message, { store, key: prefix });
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

/** The next names, as many as go into a page. */
async function take(entries: Entries): Promise<readonly ListEntry[]> {
  const names: ListEntry[] = [];
  while (names.length < pageSize) {
    const next = await entries.next();
    if (next.done === true) break;
    names.push(next.value);
  }
  return names;
}

async function orAbsent<T, U>(found: Promise<T>, absent: U): Promise<T | U> {
  try {
    return await found;
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR")) return absent;
    throw error;
  }
}

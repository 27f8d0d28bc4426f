import { sep } from "node:path";
import type { ListedObject, ListPage } from "@state/core";
import { isKey, type Pool } from "@state/core/adapter";
import { irregularFileError } from "./body.ts";
import { orAbsent, refusal } from "./errors.ts";
import type { FileCall } from "./errors.ts";
import type { Entry, FileSystem } from "./file-system.ts";
import { linkError } from "./links.ts";
import { isObjectName } from "./names.ts";

const pageSize = 1_000;
/** How often the names of one directory are taken before the listing gives up, to be tried again. */
const maxTries = 100;
/** How many directories are read ahead at most, and how many keys each may have: their names are held. */
const maxAhead = 64;
const maxKeysAhead = 16;
/** How many folders of a directory are looked into before the rest of the directory is read. */
const firstFolders = 32;

/** A directory between the prefix and the cursor. */
interface Level {
  readonly directory: string;
  readonly prefix: string;
  /** Keys, and folders that end in `/`, in the order of keys. */
  names: readonly string[];
  /** The next one. */
  at: number;
  /** The folders that are read ahead, by their index, and where to go on. */
  readonly ahead: Map<number, Promise<Folder>>;
  reachedAhead: number;
  /** How many keys the last folder had. */
  keysPerFolder: number;
}

/** What was read of a directory ahead of the cursor. */
interface Folder {
  /** `undefined` if there are too many to hold. */
  readonly names: readonly string[] | undefined;
  /** The objects of a small directory without folders, if none went away meanwhile. */
  readonly objects?: readonly ListedObject[] | undefined;
}

/**
 * One listing. It holds the names in the directories between the prefix and the cursor, never those
 * of a whole tree, and reads as many small directories ahead as the page may take.
 *
 * Files and directories may be made and removed while it runs. A directory's names are read first
 * and looked at one by one. If one is gone by then, the directory's names are read again, so that a
 * page that leaves out what is gone shows what came in its place.
 */
export class Listing {
  readonly #files: FileSystem;
  readonly #pool: Pool;
  readonly #call: FileCall;
  readonly #isDeep: boolean;
  #levels: Level[] | undefined;
  #last = "";
  #signal: AbortSignal = new AbortController().signal;

  constructor(files: FileSystem, pool: Pool, call: FileCall, isDeep: boolean) {
    this.#files = files;
    this.#pool = pool;
    this.#call = call;
    this.#isDeep = isDeep;
  }

  /** @returns the next page; `undefined` after the last */
  async page(directory: string, prefix: string, signal: AbortSignal): Promise<ListPage | undefined> {
    this.#signal = signal;
    this.#levels ??= [levelOf(directory, prefix, await this.#step(() => this.#names(directory, prefix)))];
    const page = { objects: [] as ListedObject[], prefixes: [] as string[] };
    const count = (): number => page.objects.length + page.prefixes.length;
    for (let level = this.#levels.at(-1); level !== undefined; level = this.#levels.at(-1)) {
      const room = pageSize - count();
      if (room === 0) break;
      const name = level.names[level.at];
      if (name === undefined) this.#levels.pop();
      else if (this.#isDeep && name.endsWith("/")) await this.#enter(level, name, room, page.objects);
      else await this.#look(level, room, page);
    }
    // What was read ahead is of this page's time, and the next page must show what was created before it was asked for.
    for (const level of this.#levels) {
      level.ahead.clear();
      level.reachedAhead = level.at;
    }
    return count() > 0 ? page : undefined;
  }

  /** Takes a small folder's objects at once, or goes down into it. */
  async #enter(level: Level, name: string, room: number, objects: ListedObject[]): Promise<void> {
    this.#readAhead(level, room);
    const folder = await level.ahead.get(level.at);
    level.ahead.delete(level.at);
    this.#signal.throwIfAborted();
    level.keysPerFolder = folder?.names?.length ?? maxKeysAhead;
    if (folder?.objects !== undefined && folder.objects.length <= room) {
      level.at += 1;
      objects.push(...folder.objects);
      this.#last = folder.objects.at(-1)?.key ?? this.#last;
      return;
    }
    const path = pathOf(level, name);
    const names = folder?.names ?? (await this.#step(() => this.#names(path, name)));
    level.keysPerFolder = names.length;
    level.at += 1;
    this.#levels?.push(levelOf(path, name, names));
  }

  /** Reads the next folder, and of those after it as many as the rest of the page may take. */
  #readAhead(level: Level, room: number): void {
    const count = Math.min(maxAhead, Math.ceil(room / Math.max(1, level.keysPerFolder)));
    level.reachedAhead = Math.max(level.reachedAhead, level.at);
    for (; level.ahead.size < count && level.reachedAhead < level.names.length; level.reachedAhead += 1) {
      const index = level.reachedAhead;
      const name = level.names[index];
      if (name?.endsWith("/") !== true) continue;
      const isNext = index === level.at;
      const reading = this.#step(() => this.#readFolder(pathOf(level, name), name, isNext));
      // If the page fails before it gets there, nobody waits for this one.
      reading.catch(() => undefined);
      level.ahead.set(index, reading);
    }
  }

  async #readFolder(path: string, prefix: string, isNext: boolean): Promise<Folder> {
    const names = await this.#names(path, prefix);
    if (names.length > maxKeysAhead) return { names: isNext ? names : undefined };
    const objects: ListedObject[] = [];
    for (const name of names) {
      const object = name.endsWith("/") ? undefined : await this.#object(name, `${path}${sep}${base(name)}`);
      if (object === undefined) return { names };
      objects.push(object);
    }
    return { names, objects };
  }

  /**
   * Looks at the next names of a directory, as many as there is room for: the size of each, or whether the folder holds
   * anything.
   */
  async #look(
    level: Level,
    room: number,
    page: { objects: ListedObject[]; prefixes: string[] },
  ): Promise<void> {
    let known: ReadonlySet<string> = new Set();
    for (let tries = 0; tries < maxTries; tries += 1) {
      const names = this.#run(level, room);
      const found = await Promise.all(names.map((name) => this.#step(() => this.#lookAt(level, name))));
      const gone = names.filter((_, index) => found[index] === undefined);
      if (gone.every((name) => known.has(name))) {
        for (const object of found) {
          if (typeof object === "string") page.prefixes.push(object);
          else if (object !== undefined) page.objects.push(object);
        }
        level.at += names.length;
        this.#last = names.at(-1) ?? this.#last;
        return;
      }
      // What is gone was there when the names were taken, and what came meanwhile is not among
      // them: the names are taken again. A folder that was empty before stays out without that.
      known = new Set(gone.filter((name) => name.endsWith("/")));
      const again = await this.#step(() => this.#names(level.directory, level.prefix));
      level.names = again.filter((name) => name > this.#last);
      level.at = 0;
      level.ahead.clear();
      level.reachedAhead = 0;
    }
    const why = `names went away ${maxTries} times in a row while they were looked at`;
    throw refusal(this.#call, { code: "Unavailable" }, why);
  }

  /** The next names that are looked at together: in a deep listing those before the next folder. */
  #run(level: Level, room: number): readonly string[] {
    const names = level.names.slice(level.at, level.at + room);
    const folder = this.#isDeep ? names.findIndex((name) => name.endsWith("/")) : -1;
    return folder === -1 ? names : names.slice(0, folder);
  }

  async #lookAt(level: Level, name: string): Promise<ListedObject | string | undefined> {
    const path = pathOf(level, name);
    if (!name.endsWith("/")) return this.#object(name, path);
    return (await this.#holdsObject(path, name)) ? name : undefined;
  }

  /** The names in a directory, in the order of keys, in which a directory's name ends in `/`. */
  async #names(directory: string, prefix: string): Promise<readonly string[]> {
    const names: string[] = [];
    for (const entry of await orAbsent(this.#files.readdir(directory), [])) {
      if (this.#isObject(entry, directory, prefix)) names.push(prefix + entry.name);
      else if (isFolder(entry, prefix)) names.push(`${prefix}${entry.name}/`);
    }
    // Keys are ASCII: the order of their code units is that of their bytes.
    return names.length > 1 ? names.toSorted() : names;
  }

  async #object(key: string, path: string): Promise<ListedObject | undefined> {
    const stats = await orAbsent(this.#files.lstat(path), undefined);
    return stats?.isFile() === true ? { key, size: Number(stats.size) } : undefined;
  }

  /**
   * Whether any key is beneath a directory. Reads no further than to the first one. If the
   * directory is empty, or holds nothing but what is not the store's, it is no folder.
   */
  async #holdsObject(directory: string, prefix: string): Promise<boolean> {
    const looked = new Set<string>();
    const folders: string[] = [];
    for await (const entry of (await orAbsent(this.#files.opendir(directory), undefined)) ?? []) {
      if (this.#isObject(entry, directory, prefix)) return true;
      if (isFolder(entry, prefix)) folders.push(entry.name);
      // An epoch of thousands of vnodes is not read whole to find one of them.
      if (folders.length === firstFolders) break;
    }
    if (await this.#anyHoldsObject(directory, prefix, folders)) return true;
    if (folders.length < firstFolders) return false;
    for (const name of folders) looked.add(name);
    const others: string[] = [];
    for (const entry of await orAbsent(this.#files.readdir(directory), [])) {
      if (this.#isObject(entry, directory, prefix)) return true;
      if (isFolder(entry, prefix) && !looked.has(entry.name)) others.push(entry.name);
    }
    return this.#anyHoldsObject(directory, prefix, others);
  }

  async #anyHoldsObject(directory: string, prefix: string, folders: readonly string[]): Promise<boolean> {
    for (const folder of folders) {
      this.#signal.throwIfAborted();
      if (await this.#holdsObject(`${directory}${sep}${folder}`, `${prefix}${folder}/`)) return true;
    }
    return false;
  }

  /**
   * Whether the entry is an object. Throws if it has the name of one, but is neither a file nor a
   * directory.
   */
  #isObject(entry: Entry, directory: string, prefix: string): boolean {
    if (entry.isDirectory() || !isObjectName(prefix + entry.name)) return false;
    if (entry.isFile()) return true;
    const call = { ...this.#call, path: `${directory}${sep}${entry.name}` };
    throw entry.isSymbolicLink() ? linkError(call, call.path) : irregularFileError(call);
  }

  async #step<T>(work: () => Promise<T>): Promise<T> {
    this.#signal.throwIfAborted();
    return this.#pool(work);
  }
}

function levelOf(directory: string, prefix: string, names: readonly string[]): Level {
  const ahead = new Map<number, Promise<Folder>>();
  return { directory, prefix, names, at: 0, ahead, reachedAhead: 0, keysPerFolder: pageSize };
}

function pathOf(level: Level, name: string): string {
  return `${level.directory}${sep}${name.slice(level.prefix.length, name.endsWith("/") ? -1 : undefined)}`;
}

function base(key: string): string {
  return key.slice(key.lastIndexOf("/") + 1);
}

function isFolder(entry: Entry, prefix: string): boolean {
  return entry.isDirectory() && isKey(prefix + entry.name);
}

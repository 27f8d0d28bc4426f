import { dirname } from "node:path";
import { hasErrno } from "./errors.ts";
import type { Operation } from "./errors.ts";
import type { FileSystem } from "./file-system.ts";
import { flushDirectory } from "./flush.ts";
import { refuseLinks } from "./links.ts";
import { RootMaker } from "./root-maker.ts";
import type { Semaphore } from "./semaphore.ts";

const maxRemembered = 10_000;

/** The directories beneath a root: makes, flushes and removes them. */
export class Directories {
  readonly #files: FileSystem;
  /** The real path: the root in the options may be a symbolic link. */
  readonly root: string;
  readonly #fsync: boolean;
  /**
   * The directories whose own entry is known to be on the disk, by path, with the identity of each.
   * If another process removes a directory and makes it again, its identity changes, and its entry
   * is flushed again.
   */
  readonly #durable: Map<string, string> = new Map();

  constructor(files: FileSystem, root: string, fsync: boolean) {
    this.#files = files;
    this.root = root;
    this.#fsync = fsync;
  }

  /**
   * Makes `directory`, and those above it that are missing. Each is checked for links before
   * anything is made in it.
   */
  async make(directory: string, operation: Operation): Promise<void> {
    try {
      await refuseLinks(this.#files, directory, operation);
      return;
    } catch (error) {
      if (!hasErrno(error, "ENOENT")) throw error;
    }
    if (directory === this.root) {
      // The root was removed after the store had found it.
      await new RootMaker(this.#files, this.#fsync).make(directory);
      return;
    }
    await this.make(dirname(directory), operation);
    try {
      await this.#files.mkdir(directory);
    } catch (error) {
      // Another writer may have made it meanwhile. If a delete has removed its parent, the next
      // check rejects with ENOENT, and the caller tries again.
      if (!hasErrno(error, "EEXIST", "ENOENT")) throw error;
    }
    await refuseLinks(this.#files, directory, operation);
  }

  /**
   * Flushes the entries of `directory`. Then it flushes the directory's own entry in its parent,
   * and so on up to the root, unless that is known to be done. It does so for every directory,
   * whoever made it: its maker may not have flushed yet.
   *
   * If the directory is gone, a delete has removed it, and flushes what is left.
   */
  async flush(directory: string): Promise<void> {
    if (!this.#fsync) return;
    const identity = await flushDirectory(this.#files, directory);
    if (identity === undefined || this.#durable.get(directory) === identity) return;
    if (directory !== this.root) await this.flush(dirname(directory));
    if (this.#durable.size >= maxRemembered) this.#durable.clear();
    // Without a time of birth, a new directory with a reused inode would look like the one before
    // it.
    if (!identity.endsWith(":0")) this.#durable.set(directory, identity);
  }

  /**
   * Removes the directories that are empty, and those above them that become empty, but never the
   * root. Then it flushes the lowest that stay, so that no deleted object returns after a power
   * cut.
   *
   * If a create has just made one of these directories, it finds it gone and makes it again.
   */
  async removeEmptied(directories: Iterable<string>, semaphore: Semaphore): Promise<void> {
    const staying = new Set<string>();
    const byDepth = new Map<number, Set<string>>();
    const add = (directory: string): void => {
      const depth = directory.length;
      byDepth.set(depth, (byDepth.get(depth) ?? new Set()).add(directory));
    };
    for (const directory of directories) add(directory);
    // A parent's path is shorter than its child's: from the longest path down, each comes after its
    // children.
    for (;;) {
      const longest = Math.max(...byDepth.keys());
      const level = byDepth.get(longest);
      if (level === undefined) break;
      byDepth.delete(longest);
      await Promise.all(
        [...level].map(async (directory) => {
          const isGone = directory !== this.root && (await semaphore.run(() => this.#removeEmpty(directory)));
          if (isGone) add(dirname(directory));
          else staying.add(directory);
        }),
      );
    }
    await Promise.all([...staying].map((directory) => semaphore.run(() => this.flush(directory))));
  }

  async #removeEmpty(directory: string): Promise<boolean> {
    try {
      await this.#files.rmdir(directory);
    } catch (error) {
      if (hasErrno(error, "ENOENT")) return true;
      // It is not empty, is no directory, or may not be removed by this user. An empty directory
      // does no harm.
      if (hasErrno(error, "ENOTEMPTY", "EEXIST", "ENOTDIR", "EACCES", "EPERM", "EBUSY", "EROFS"))
        return false;
      throw error;
    }
    this.#durable.delete(directory);
    return true;
  }

  /**
   * `directory`, or the lowest directory above it that is there, or `undefined` if even the root is
   * missing.
   */
  async lowestExisting(directory: string, operation: Operation): Promise<string | undefined> {
    try {
      await refuseLinks(this.#files, directory, operation);
      return directory;
    } catch (error) {
      if (!hasErrno(error, "ENOENT", "ENOTDIR")) throw error;
    }
    return directory === this.root ? undefined : this.lowestExisting(dirname(directory), operation);
  }
}

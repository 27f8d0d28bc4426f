import { dirname } from "node:path";
import { hasErrno } from "./errors.ts";
import type { Place } from "./errors.ts";
import type { FileSystem } from "./file-system.ts";
import { syncDirectory } from "./flush.ts";
import { refuseLinks } from "./paths.ts";
import { RootMaker } from "./root.ts";
import type { Turns } from "./turns.ts";

const rememberedDirectories = 10_000;

/** The directories beneath a root: makes, flushes and removes them. */
export class Directories {
  readonly #files: FileSystem;
  /** As it really is: the root that was asked for may be a symbolic link. */
  readonly root: string;
  readonly #fsync: boolean;
  /**
   * Directories whose own entry is known to be on the disk, with their identity: another process may have
   * removed one and made it again, and a cached path would then vouch for an entry that was never flushed.
   */
  readonly #durable: Map<string, string> = new Map();

  constructor(files: FileSystem, root: string, fsync: boolean) {
    this.#files = files;
    this.root = root;
    this.#fsync = fsync;
  }

  /** Makes `directory` and those above it, as far as they are missing. Each is checked before anything is made in it. */
  async make(directory: string, place: Place): Promise<void> {
    try {
      await refuseLinks(this.#files, directory, place);
      return;
    } catch (error) {
      if (!hasErrno(error, "ENOENT")) throw error;
    }
    if (directory === this.root) {
      // Removed under a store that lives.
      await new RootMaker(this.#files, this.#fsync).make(directory);
      return;
    }
    await this.make(dirname(directory), place);
    try {
      await this.#files.mkdir(directory);
    } catch (error) {
      // Made by another meanwhile; or its parent removed by a delete, which the caller meets as ENOENT and tries again.
      if (!hasErrno(error, "EEXIST", "ENOENT")) throw error;
    }
    await refuseLinks(this.#files, directory, place);
  }

  /**
   * Flushes the entries of `directory`, and its own entry in its parent and so on up to the root unless that is
   * known to be done, whoever made it: its maker may not have come so far yet.
   *
   * A directory that is gone was emptied by a delete, which flushes what is left.
   */
  async flush(directory: string): Promise<void> {
    if (!this.#fsync) return;
    const identity = await syncDirectory(this.#files, directory);
    if (identity === undefined || this.#durable.get(directory) === identity) return;
    if (directory !== this.root) await this.flush(dirname(directory));
    if (this.#durable.size >= rememberedDirectories) this.#durable.clear();
    // Without a time of birth an inode that is used again looks like the directory that had it before.
    if (!identity.endsWith(":0")) this.#durable.set(directory, identity);
  }

  /**
   * Removes those of the directories that are empty, those above them that become so, and never the root; then
   * flushes the lowest that stay, so that no deleted object comes back.
   *
   * A create that has just made one of them, and finds it gone, makes it again.
   */
  async removeEmptied(directories: Iterable<string>, turns: Turns): Promise<void> {
    const staying = new Set<string>();
    const byDepth = new Map<number, Set<string>>();
    const add = (directory: string): void => {
      const depth = directory.length;
      byDepth.set(depth, (byDepth.get(depth) ?? new Set()).add(directory));
    };
    for (const directory of directories) add(directory);
    // A parent's path is shorter than its child's: from the longest down, each comes after all that is in it.
    for (;;) {
      const longest = Math.max(...byDepth.keys());
      const level = byDepth.get(longest);
      if (level === undefined) break;
      byDepth.delete(longest);
      await Promise.all(
        [...level].map(async (directory) => {
          const isGone = directory !== this.root && (await turns.run(() => this.#removeEmpty(directory)));
          if (isGone) add(dirname(directory));
          else staying.add(directory);
        }),
      );
    }
    await Promise.all([...staying].map((directory) => turns.run(() => this.flush(directory))));
  }

  async #removeEmpty(directory: string): Promise<boolean> {
    try {
      await this.#files.rmdir(directory);
    } catch (error) {
      if (hasErrno(error, "ENOENT")) return true;
      // Not empty, or no directory at all; or not ours to remove: an empty directory does no harm.
      if (hasErrno(error, "ENOTEMPTY", "EEXIST", "ENOTDIR", "EACCES", "EPERM", "EBUSY", "EROFS"))
        return false;
      throw error;
    }
    this.#durable.delete(directory);
    return true;
  }

  /** The lowest directory on the way down to `directory` that is there, or `undefined` without even a root. */
  async lowest(directory: string, place: Place): Promise<string | undefined> {
    try {
      await refuseLinks(this.#files, directory, place);
      return directory;
    } catch (error) {
      if (!hasErrno(error, "ENOENT", "ENOTDIR")) throw error;
    }
    return directory === this.root ? undefined : this.lowest(dirname(directory), place);
  }
}

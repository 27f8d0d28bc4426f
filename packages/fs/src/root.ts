import { dirname } from "node:path";
import { hasErrno } from "./errors.ts";
import type { FileSystem } from "./file-system.ts";
import { syncDirectory } from "./flush.ts";

/**
 * Makes the root and the directories above it that are missing.
 *
 * Each is flushed into the one above it before anything is made in it. So one that is there, with something in it, is
 * on the disk itself, whoever made it, and only the lowest that is found may not be: its maker may have been killed.
 */
export class RootMaker {
  readonly #files: FileSystem;
  readonly #fsync: boolean;
  /** Made here, and not yet flushed: should that fail, the next attempt finds them there. */
  readonly #unflushed: Set<string> = new Set();

  constructor(files: FileSystem, fsync: boolean) {
    this.#files = files;
    this.#fsync = fsync;
  }

  /** Rejects with EEXIST or ENOTDIR where something else is in the place of a directory. */
  async make(directory: string): Promise<void> {
    if (!(await this.#isDirectory(directory))) {
      if (dirname(directory) !== directory) await this.make(dirname(directory));
      await this.#makeOne(directory);
    }
    await this.#flush(directory);
  }

  async #makeOne(directory: string): Promise<void> {
    // Not `mkdir` with `recursive`: that makes an ENOENT of EROFS, EDQUOT and the like.
    try {
      await this.#files.mkdir(directory);
      this.#unflushed.add(directory);
    } catch (error) {
      // Made by another meanwhile.
      if (!hasErrno(error, "EEXIST") || !(await this.#isDirectory(directory))) throw error;
    }
  }

  /** It may be a symbolic link to a directory, as the root and those above it may. */
  async #isDirectory(path: string): Promise<boolean> {
    try {
      return (await this.#files.lstat(await this.#files.realpath(path))).isDirectory();
    } catch (error) {
      if (hasErrno(error, "ENOENT", "ENOTDIR", "EACCES", "ELOOP")) return false;
      throw error;
    }
  }

  async #flush(directory: string): Promise<void> {
    if (!this.#fsync) return;
    try {
      await syncDirectory(this.#files, dirname(directory));
    } catch (error) {
      // One that an administrator made in a directory that we cannot read: its entry is theirs to have flushed.
      if (this.#unflushed.has(directory) || !hasErrno(error, "EACCES", "EPERM")) throw error;
    }
    this.#unflushed.delete(directory);
  }
}

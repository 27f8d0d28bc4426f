import { dirname } from "node:path";
import { hasErrno } from "./errors.ts";
import type { FileSystem } from "./file-system.ts";
import type { Flusher } from "./flusher.ts";

/**
 * Makes the root and the directories above it that are missing.
 *
 * The entry of each is flushed before anything is made in it. So a directory that has entries is on
 * the disk itself, whoever made it. Only the lowest one that exists may not be: its maker may have
 * been killed before the flush.
 */
export class RootMaker {
  readonly #files: FileSystem;
  readonly #flusher: Flusher;
  readonly #mode: number;
  /**
   * The directories that were made here and are not flushed. If a flush fails, the next attempt
   * repeats it.
   */
  readonly #unflushed: Set<string> = new Set();

  constructor(files: FileSystem, flusher: Flusher, mode: number) {
    this.#files = files;
    this.#flusher = flusher;
    this.#mode = mode;
  }

  /**
   * @param checkExisting looks at the lowest directory that is there, before anything is made in it
   * @returns whether the directory was made here
   * @throws EEXIST or ENOTDIR where something else is in the place of a directory
   */
  async make(directory: string, checkExisting: (directory: string) => Promise<void>): Promise<boolean> {
    let isMade = false;
    if (await this.#isDirectory(directory)) {
      await checkExisting(directory);
    } else {
      if (dirname(directory) !== directory) await this.make(dirname(directory), checkExisting);
      isMade = await this.#makeOne(directory);
    }
    await this.#flush(directory);
    return isMade;
  }

  async #makeOne(directory: string): Promise<boolean> {
    // One by one: `mkdir` with `recursive` reports EROFS, EDQUOT and others as ENOENT.
    try {
      await this.#files.mkdir(directory, this.#mode);
      this.#unflushed.add(directory);
      return true;
    } catch (error) {
      // Another writer has made it meanwhile.
      if (!hasErrno(error, "EEXIST") || !(await this.#isDirectory(directory))) throw error;
      return false;
    }
  }

  /** Also true for a symbolic link to a directory, which the root and those above it may be. */
  async #isDirectory(path: string): Promise<boolean> {
    try {
      return (await this.#files.stat(path)).isDirectory();
    } catch (error) {
      if (hasErrno(error, "ENOENT", "ENOTDIR", "EACCES", "ELOOP")) return false;
      throw error;
    }
  }

  async #flush(directory: string): Promise<void> {
    try {
      await this.#flusher.flush(dirname(directory));
    } catch (error) {
      // An administrator has made it in a directory that this user cannot read, and has to have
      // flushed its entry.
      if (this.#unflushed.has(directory) || !hasErrno(error, "EACCES", "EPERM")) throw error;
    }
    this.#unflushed.delete(directory);
  }
}

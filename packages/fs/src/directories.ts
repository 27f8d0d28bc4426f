import { dirname } from "node:path";
import type { Pool } from "@state/core/adapter";
import { hasErrno } from "./errors.ts";
import type { FileCall } from "./errors.ts";
import type { FileSystem } from "./file-system.ts";
import type { Flusher } from "./flusher.ts";
import { linkError, refuseLinks, refuseLinksOnTheWay } from "./links.ts";
import type { Settings } from "./options.ts";
import { Spelling } from "./spelling.ts";
import { Staging } from "./staging.ts";

const maxRemembered = 10_000;

/** A path leads to an entry whose name differs from it in case. */
export class OtherSpelling extends Error {
  /** The path as it is really spelled. */
  readonly real: string;

  constructor(real: string) {
    super(`it is spelled ${real} there`);
    this.name = "OtherSpelling";
    this.real = real;
  }
}

/** The directories beneath a root: makes, flushes and removes them. */
export class Directories {
  readonly #files: FileSystem;
  /** The real path: the root in the options may be a symbolic link. */
  readonly root: string;
  readonly spelling: Spelling;
  readonly staging: Staging;
  readonly #mode: number;
  readonly #flusher: Flusher;
  /**
   * The directories whose own entry is known to be on the disk, by path, with the identity of each.
   * If another process removes a directory and makes it again, its identity changes, and its entry
   * is flushed again.
   */
  readonly #durable: Map<string, string> = new Map();
  /** The directories that were made or found here. A delete of another process may have removed them. */
  readonly #seen: Set<string> = new Set();

  constructor(files: FileSystem, root: string, settings: Settings, flusher: Flusher) {
    this.#files = files;
    this.root = root;
    this.spelling = new Spelling(files, root);
    this.staging = new Staging(files, root, settings);
    this.#mode = settings.directoryMode;
    this.#flusher = flusher;
  }

  /**
   * Makes `directory`, and those above it that are missing. Each is checked for links before
   * anything is made in it, unless it was just made here.
   *
   * @throws ENOENT if a delete has removed a directory meanwhile, ENOTDIR if something else is in the place of one, and
   *   `OtherSpelling`
   */
  async make(directory: string, call: FileCall): Promise<void> {
    if (directory === this.root || this.#seen.has(directory)) {
      try {
        // If a link that leads nowhere is in its place, then `mkdir` finds that.
        await this.#check(directory, call, refuseLinksOnTheWay);
        return;
      } catch (error) {
        if (!hasErrno(error, "ENOENT") || directory === this.root) throw error;
      }
    }
    // It is made at once: a vnode's folder is new in each epoch, and would be looked for in vain.
    await this.make(dirname(directory), call);
    try {
      await this.#files.mkdir(directory, this.#mode);
    } catch (error) {
      // Another writer may have made it meanwhile. If a delete has removed its parent, the check
      // rejects with ENOENT, and the caller tries again.
      if (!hasErrno(error, "EEXIST", "ENOENT")) throw error;
      await this.#check(directory, call);
    }
    if (this.#seen.size >= maxRemembered) this.#seen.clear();
    this.#seen.add(directory);
  }

  /**
   * Flushes the entries of `directory`. Then it flushes the directory's own entry in its parent,
   * and so on up to the root, unless that is known to be done. It does so for every directory,
   * whoever made it: its maker may not have flushed yet.
   *
   * If the directory is gone, a delete has removed it, and flushes what is left.
   */
  async flush(directory: string): Promise<void> {
    const identity = await this.#flusher.flush(directory);
    if (identity === undefined || this.#durable.get(directory) === identity) return;
    if (directory !== this.root) await this.flush(dirname(directory));
    if (this.#durable.size >= maxRemembered) this.#durable.clear();
    // Without a time of birth, a new directory with a reused inode would look like the one before
    // it.
    if (!identity.endsWith(":0")) this.#durable.set(directory, identity);
  }

  /**
   * Removes the directories that are empty, and those above them that become empty, but never the
   * root. Then it flushes the lowest that stay, and those of `staying`, so that no deleted object
   * returns after a power cut.
   *
   * If a create has just made one of these directories, it finds it gone and makes it again.
   *
   * @param emptied directories of which the caller has removed an object
   */
  async removeEmptied(emptied: Iterable<string>, staying: Set<string>, pool: Pool): Promise<void> {
    const byDepth = new Map<number, Set<string>>();
    const add = (directory: string): void => {
      const depth = directory.length;
      byDepth.set(depth, (byDepth.get(depth) ?? new Set()).add(directory));
    };
    for (const directory of emptied) add(directory);
    // A parent's path is shorter than its child's: from the longest path down, each comes after its
    // children.
    for (;;) {
      const longest = Math.max(...byDepth.keys());
      const level = byDepth.get(longest);
      if (level === undefined) break;
      byDepth.delete(longest);
      await Promise.all(
        [...level].map(async (directory) => {
          const isGone = directory !== this.root && (await pool(() => this.#removeEmpty(directory)));
          if (isGone) add(dirname(directory));
          else staying.add(directory);
        }),
      );
    }
    await Promise.all([...staying].map((directory) => pool(() => this.flush(directory))));
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
    this.#seen.delete(directory);
    return true;
  }

  /**
   * `directory`, or the lowest directory above it that is there, or `undefined` if even the root is
   * missing. A directory that is spelled otherwise is another one.
   */
  async lowestExisting(directory: string, call: FileCall): Promise<string | undefined> {
    try {
      await this.#check(directory, call);
      return directory;
    } catch (error) {
      if (!(error instanceof OtherSpelling) && !hasErrno(error, "ENOENT", "ENOTDIR")) throw error;
    }
    return directory === this.root ? undefined : this.lowestExisting(dirname(directory), call);
  }

  /** Whether a path leads to an entry that is spelled like it. Of what is not there it says no. */
  async isExact(path: string): Promise<boolean> {
    return (await this.spelling.of(path)) === path;
  }

  async #check(directory: string, call: FileCall, refuse: typeof refuseLinks = refuseLinks): Promise<void> {
    const real = await refuse(this.#files, directory, call);
    if (real === directory && !(await this.spelling.mayFold())) return;
    const spelled = await this.spelling.of(directory);
    if (spelled === directory && real === directory) return;
    // A link `a` that leads to `A`, where these are two names.
    if (spelled === directory) throw linkError(call, `${directory}, which is really ${real},`);
    // It was removed meanwhile.
    if (spelled === undefined) throw Object.assign(new Error(`${directory} is gone`), { code: "ENOENT" });
    throw new OtherSpelling(spelled);
  }
}

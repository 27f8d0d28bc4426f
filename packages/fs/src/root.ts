import { Directories } from "./directories.ts";
import { hasErrno, refusal } from "./errors.ts";
import type { FileCall } from "./errors.ts";
import type { FileStats, FileSystem } from "./file-system.ts";
import { Flusher } from "./flusher.ts";
import { refuseNetwork } from "./networks.ts";
import type { Settings } from "./options.ts";
import { RootMaker } from "./root-maker.ts";

/** A root that was found, and which directory it was. */
interface Found {
  readonly tree: Directories;
  stats: FileStats;
}

/**
 * The root of a store: readers find it, and the first create makes it. Each call looks whether it is still the directory
 * that was found first. If a symbolic link is pointed elsewhere, or another directory is put in its place, then two
 * processes with one root would write to two trees.
 */
export class Root {
  readonly #files: FileSystem;
  readonly #settings: Settings;
  readonly #flusher: Flusher;
  readonly #maker: RootMaker;
  #found: Found | undefined;
  /** The making of the tree: under way, or done. */
  #making: Promise<Directories> | undefined;
  #isMade = false;

  constructor(files: FileSystem, settings: Settings) {
    this.#files = files;
    this.#settings = settings;
    this.#flusher = new Flusher(files, settings.fsync);
    this.#maker = new RootMaker(files, this.#flusher, settings.directoryMode);
  }

  /**
   * The tree, or `undefined` if its root is not there.
   *
   * @throws `Misconfigured` if the root is another directory than the one that was found first
   */
  async find(call: FileCall): Promise<Directories | undefined> {
    const path = this.#settings.root;
    let stats: FileStats;
    try {
      stats = await this.#files.stat(path);
    } catch (error) {
      if (hasErrno(error, "ENOENT")) return undefined;
      throw error;
    }
    if (!stats.isDirectory()) {
      const advice = "name another root, or remove what is there";
      throw refusal(call, { code: "Misconfigured", advice }, `the root ${path} is not a directory`);
    }
    if (this.#found === undefined) {
      await this.#refuseNetwork(path, call);
      const real = await this.#files.realpath(path);
      const tree = new Directories(this.#files, real, this.#settings, this.#flusher);
      const realStats = await this.#files.lstat(real);
      // Another call may have found it meanwhile, and the root may be another directory since.
      if (this.#found === undefined) this.#found = { tree, stats: realStats };
    }
    const found = this.#found;
    if (!isSameDirectory(found.stats, stats)) throw this.#exchanged(call, found.stats, stats);
    if (!knowsBirth(found.stats)) found.stats = stats;
    return found.tree;
  }

  /** The tree, whose root is made if it is not there. If that fails, the next call tries again. */
  async make(call: FileCall): Promise<Directories> {
    const found = await this.find(call);
    if (found === undefined && this.#isMade) {
      this.#making = undefined;
      this.#isMade = false;
    }
    this.#making ??= this.#make(call);
    const making = this.#making;
    try {
      return await making;
    } catch (error) {
      if (this.#making === making) this.#making = undefined;
      throw error;
    }
  }

  async #make(call: FileCall): Promise<Directories> {
    const { root } = this.#settings;
    try {
      const isMade = await this.#maker.make(root, (existing) => this.#refuseNetwork(existing, call));
      // The one that was found is gone, and this one is the store's own.
      if (isMade) this.#found = undefined;
    } catch (error) {
      // A file is in its place, or a symbolic link that leads nowhere.
      if (!hasErrno(error, "EEXIST", "ENOTDIR")) throw error;
      const advice = "remove what is in its place";
      throw refusal(
        call,
        { code: "Misconfigured", advice },
        `the root ${root} cannot be made a directory`,
        error,
      );
    }
    const tree = await this.find(call);
    if (tree === undefined)
      throw refusal(call, { code: "Unavailable" }, `the root ${root} was removed as soon as it was made`);
    await tree.staging.prepare(call);
    this.#isMade = true;
    return tree;
  }

  async #refuseNetwork(directory: string, call: FileCall): Promise<void> {
    if (!this.#settings.networkFileSystem) await refuseNetwork(this.#files, directory, call);
  }

  #exchanged(call: FileCall, first: FileStats, now: FileStats): Error {
    const why = `the root ${this.#settings.root} was ${shown(first)} when it was found, and is ${shown(now)} now`;
    const advice = "put the first one back, or open the store again if the exchange is meant";
    return refusal(call, { code: "Misconfigured", advice }, why);
  }
}

/**
 * An inode that was freed may be taken again at once, so a directory is known by its time of birth too. Where a file system
 * has none, Node gives 0, or the time of the last change in its place.
 */
function knowsBirth({ birthtimeNs, ctimeNs }: FileStats): boolean {
  return birthtimeNs !== 0n && birthtimeNs !== ctimeNs;
}

function isSameDirectory(first: FileStats, now: FileStats): boolean {
  const isSameInode = first.dev === now.dev && first.ino === now.ino;
  return isSameInode && (!knowsBirth(first) || first.birthtimeNs === now.birthtimeNs);
}

function shown({ dev, ino, birthtimeNs }: FileStats): string {
  const born =
    birthtimeNs === 0n ? "" : ` made at ${new Date(Number(birthtimeNs / 1_000_000n)).toISOString()}`;
  return `inode ${ino} of device ${dev}${born}`;
}

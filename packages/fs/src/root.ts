import { Directories } from "./directories.ts";
import { hasErrno, storeError } from "./errors.ts";
import type { Operation } from "./errors.ts";
import type { FileSystem } from "./file-system.ts";
import type { Settings } from "./options.ts";
import { RootMaker } from "./root-maker.ts";

/** The root of a store: readers find it, and the first create makes it. */
export class Root {
  readonly #files: FileSystem;
  readonly #settings: Settings;
  readonly #store: string;
  readonly #maker: RootMaker;
  readonly #onMade: (path: string) => Promise<void>;
  #tree: Directories | undefined;
  #making: Promise<Directories> | undefined;

  /** @param onMade runs once, with the root's real path, before the first `make` resolves */
  constructor(files: FileSystem, settings: Settings, store: string, onMade: (path: string) => Promise<void>) {
    this.#files = files;
    this.#settings = settings;
    this.#store = store;
    this.#maker = new RootMaker(files, settings.fsync);
    this.#onMade = onMade;
  }

  /** The tree, or `undefined` if its root is not there. Once found, it is remembered. */
  async find(): Promise<Directories | undefined> {
    if (this.#tree !== undefined) return this.#tree;
    const path = this.#settings.root;
    let root: string;
    try {
      root = await this.#files.realpath(path);
    } catch (error) {
      if (hasErrno(error, "ENOENT")) return undefined;
      throw error;
    }
    if (!(await this.#files.lstat(root)).isDirectory()) {
      const opening: Operation = { store: this.#store, name: "open", key: "", path };
      throw storeError("Misconfigured", opening, "the root is not a directory");
    }
    this.#tree ??= new Directories(this.#files, root, this.#settings.fsync);
    return this.#tree;
  }

  /** The tree, whose root is made if it is not there. If that fails, the next call tries again. */
  async make(operation: Operation): Promise<Directories> {
    this.#making ??= this.#make(operation);
    try {
      return await this.#making;
    } catch (error) {
      this.#making = undefined;
      throw error;
    }
  }

  async #make(operation: Operation): Promise<Directories> {
    const { root } = this.#settings;
    try {
      await this.#maker.make(root);
    } catch (error) {
      // A file is in its place, or a symbolic link that leads nowhere.
      if (!hasErrno(error, "EEXIST", "ENOTDIR")) throw error;
      throw storeError("Misconfigured", operation, `the root ${root} cannot be made a directory`, error);
    }
    const tree = await this.find();
    if (tree === undefined)
      throw storeError("Unavailable", operation, `the root ${root} was removed as soon as it was made`);
    await this.#onMade(tree.root);
    return tree;
  }
}

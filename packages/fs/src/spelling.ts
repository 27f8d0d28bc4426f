import { join, relative, sep } from "node:path";
import { orAbsent } from "./errors.ts";
import type { FileStats, FileSystem } from "./file-system.ts";
import { stagingName } from "./names.ts";

/** How the real spelling of a path is found. `none`: the file system tells names by case, so it is the path's own. */
type Way = "none" | "realpath" | "names";

/**
 * How the entries beneath a root are really spelled. On a file system that folds case, a look at `a/Key` finds `a/key`,
 * which is another object.
 */
export class Spelling {
  readonly #files: FileSystem;
  readonly #root: string;
  #way: Way | undefined;

  constructor(files: FileSystem, root: string) {
    this.#files = files;
    this.#root = root;
  }

  /** Whether the file system takes names that differ in case for one, or it is not known yet. */
  async mayFold(): Promise<boolean> {
    this.#way ??= await this.#findWay();
    return this.#way !== "none";
  }

  /** The path beneath the root as its entries are spelled; `undefined` if nothing is there. */
  async of(path: string): Promise<string | undefined> {
    if (!(await this.mayFold())) return path;
    if (this.#way === "realpath") return orAbsent(this.#files.realpath(path), undefined);
    let spelled = this.#root;
    for (const name of relative(this.#root, path).split(sep)) {
      if (name === "") continue;
      const entries = await orAbsent(this.#files.readdir(spelled), []);
      const names = new Set(entries.map((entry) => entry.name));
      const found = names.has(name)
        ? name
        : [...names].find((other) => other.toLowerCase() === name.toLowerCase());
      if (found === undefined) return undefined;
      spelled = join(spelled, found);
    }
    return spelled;
  }

  /**
   * Looks for an entry of the root by another spelling. If the root has no entry with a letter, or the entry goes away
   * meanwhile, then nothing is known yet.
   */
  async #findWay(): Promise<Way | undefined> {
    const name = await this.#anyName();
    if (name === undefined) return undefined;
    const path = join(this.#root, name);
    const other = join(this.#root, flipped(name));
    const before = await this.#look(path);
    const found = await this.#look(other);
    const after = await this.#look(path);
    if (before === undefined || after === undefined || !isSame(before, after)) return undefined;
    if (found === undefined) return "none";
    const names = new Set((await this.#files.readdir(this.#root)).map((entry) => entry.name));
    if (names.has(flipped(name))) return "none";
    // macOS and Windows tell the real spelling. Linux returns the path as it was spelled.
    return (await this.#files.realpath(other)) === path ? "realpath" : "names";
  }

  async #anyName(): Promise<string | undefined> {
    if ((await this.#look(join(this.#root, stagingName))) !== undefined) return stagingName;
    for await (const { name } of (await orAbsent(this.#files.opendir(this.#root), undefined)) ?? [])
      if (flipped(name) !== name) return name;
    return undefined;
  }

  #look(path: string): Promise<FileStats | undefined> {
    return orAbsent(this.#files.lstat(path), undefined);
  }
}

function isSame(one: FileStats, other: FileStats): boolean {
  return one.dev === other.dev && one.ino === other.ino && one.birthtimeNs === other.birthtimeNs;
}

function flipped(name: string): string {
  return name.replaceAll(/[a-z]/gi, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  );
}

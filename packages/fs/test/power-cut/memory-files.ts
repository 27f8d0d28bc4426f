import { constants } from "node:fs";
import type { Entry, FileStats, FileSystem, OpenFile } from "../../src/file-system.ts";
import type { Tree } from "./disk.ts";

interface File {
  readonly ino: bigint;
  bytes: Uint8Array;
  names: bigint;
}

type Node = File | "folder";

/**
 * How a file system that folds case tells the real spelling of a path: by `realpath`, as macOS and Windows do, or only by
 * the names of a directory's entries, as Linux does.
 */
export type Folding = "realpath" | "names";

/**
 * A file system in memory, of absolute paths, without links that are symbolic; started from what a
 * power cut left.
 */
export class MemoryFiles implements FileSystem {
  readonly #nodes = new Map<string, Node>([["", "folder"]]);
  /** The names in each folder, by what they are found by. */
  readonly #children = new Map<string, Map<string, string>>([["", new Map()]]);
  readonly #now: number;
  readonly #folding: Folding | undefined;
  #inodes = 0n;

  constructor(tree: Tree, now: number, folding?: Folding) {
    this.#now = now;
    this.#folding = folding;
    for (const [path, bytes] of tree)
      this.#put(`/${path}`, bytes === undefined ? "folder" : this.#file(bytes));
  }

  /** Everything that is there now. */
  tree(): Tree {
    return new Map(
      Array.from(
        this.#nodes,
        ([path, node]) => [path.slice(1), node === "folder" ? undefined : node.bytes] as const,
      ).filter(([path]) => path !== ""),
    );
  }

  readonly now = (): number => this.#now;

  readonly open = async (path: string, flags: string | number): Promise<OpenFile> => {
    if (flags === "wx") {
      this.#vacant(path);
      this.#put(path, this.#file(new Uint8Array()));
    }
    const node = this.#at(path);
    const wantsFolder = typeof flags === "number" && (flags & constants.O_DIRECTORY) !== 0;
    if (wantsFolder && node !== "folder") throw fault("ENOTDIR", path);
    return handle(node);
  };

  readonly mkdir = async (path: string): Promise<void> => {
    this.#vacant(path);
    this.#put(path, "folder");
  };

  readonly link = async (existing: string, path: string): Promise<void> => {
    const node = this.#at(existing);
    this.#vacant(path);
    if (node !== "folder") node.names += 1n;
    this.#put(path, node);
  };

  readonly unlink = async (path: string): Promise<void> => {
    const node = this.#at(path);
    if (node === "folder") throw fault("EISDIR", path);
    node.names -= 1n;
    this.#remove(path);
  };

  readonly rmdir = async (path: string): Promise<void> => {
    if (this.#at(path) !== "folder") throw fault("ENOTDIR", path);
    if ((this.#children.get(this.#folded(path))?.size ?? 0) > 0) throw fault("ENOTEMPTY", path);
    this.#remove(path);
  };

  readonly lstat = async (path: string): Promise<FileStats> => statsOf(this.#at(path));

  readonly stat = async (path: string): Promise<FileStats> => statsOf(this.#at(path));

  readonly statfs = async (): Promise<number> => 0;

  readonly realpath = async (path: string): Promise<string> => {
    this.#at(path);
    if (this.#folding !== "realpath") return path;
    let real = "";
    for (const name of path.split("/").slice(1))
      real += `/${this.#children.get(this.#folded(real))?.get(this.#folded(name))}`;
    return real;
  };

  readonly readdir = async (path: string): Promise<readonly Entry[]> => {
    if (this.#at(path) !== "folder") throw fault("ENOTDIR", path);
    return [...(this.#children.get(this.#folded(path))?.values() ?? [])].map((name) => ({
      name,
      ...kindOf(this.#at(`${path}/${name}`)),
    }));
  };

  readonly opendir = async (path: string): Promise<AsyncIterable<Entry>> => {
    const entries = await this.readdir(path);
    return (async function* each() {
      yield* entries;
    })();
  };

  #at(path: string): Node {
    const node = this.#nodes.get(path === "/" ? "" : this.#folded(path));
    if (node !== undefined) return node;
    if (path === "") throw fault("ENOENT", path);
    if (this.#at(parentOf(path)) !== "folder") throw fault("ENOTDIR", path);
    throw fault("ENOENT", path);
  }

  #vacant(path: string): void {
    if (this.#nodes.has(this.#folded(path))) throw fault("EEXIST", path);
    if (this.#at(parentOf(path)) !== "folder") throw fault("ENOTDIR", path);
  }

  #put(path: string, node: Node): void {
    const name = path.slice(path.lastIndexOf("/") + 1);
    this.#nodes.set(this.#folded(path), node);
    if (node === "folder") this.#children.set(this.#folded(path), new Map());
    this.#children.get(this.#folded(parentOf(path)))?.set(this.#folded(name), name);
  }

  #remove(path: string): void {
    const folded = this.#folded(path);
    this.#nodes.delete(folded);
    this.#children.delete(folded);
    this.#children.get(parentOf(folded))?.delete(folded.slice(folded.lastIndexOf("/") + 1));
  }

  #folded(text: string): string {
    return this.#folding === undefined ? text : text.toLowerCase();
  }

  #file(bytes: Uint8Array): File {
    this.#inodes += 1n;
    return { ino: this.#inodes, bytes, names: 1n };
  }
}

function handle(node: Node): OpenFile {
  const file = node === "folder" ? undefined : node;
  return {
    read: async (bytes, offset, length, position) => {
      const read = file?.bytes.subarray(position, position + length) ?? new Uint8Array();
      bytes.set(read, offset);
      return { bytesRead: read.length };
    },
    write: async (bytes, offset, length) => {
      if (file !== undefined)
        file.bytes = Buffer.concat([file.bytes, bytes.subarray(offset, offset + length)]);
      return { bytesWritten: length };
    },
    sync: async () => undefined,
    close: async () => undefined,
    stat: async () => statsOf(node),
  };
}

function statsOf(node: Node): FileStats {
  const { ino, bytes, names } = node === "folder" ? { ino: 0n, bytes: undefined, names: 2n } : node;
  const size = BigInt(bytes?.length ?? 0);
  // Every file has the oldest time, and folders have no identity that a store could remember.
  return { ...kindOf(node), dev: 1n, ino, nlink: names, size, mtimeMs: 0n, birthtimeNs: 0n, ctimeNs: 0n };
}

function kindOf(node: Node): Pick<Entry, "isFile" | "isDirectory" | "isSymbolicLink"> {
  return {
    isFile: () => node !== "folder",
    isDirectory: () => node === "folder",
    isSymbolicLink: () => false,
  };
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

function fault(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

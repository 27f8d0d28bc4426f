import type { Change } from "./recorder.ts";

/**
 * What a restart finds: the bytes of each file and `undefined` for each directory, by path, parents
 * first.
 */
export type Tree = ReadonlyMap<string, Uint8Array | undefined>;

/**
 * Bounded: every combination while there are few, else the extremes, each one alone, and some at
 * random.
 */
export interface Bound {
  readonly combinations: number;
  /** From 0 up to 1. */
  readonly random: () => number;
}

interface File {
  readonly kind: "file";
  bytes: Uint8Array;
  flushed: Uint8Array | undefined;
}

interface Folder {
  readonly kind: "folder";
  readonly entries: Map<string, Node>;
  /** The entries at the last flush, and each change since. */
  flushed: ReadonlyMap<string, Node>;
  changes: { readonly name: string; readonly node: Node | undefined }[];
}

type Node = File | Folder;

/**
 * A POSIX file system that guarantees nothing but what fsync says: until its folder is flushed,
 * each change of an entry may be on the disk or not, whatever came before or after it; until a file
 * is flushed, its bytes may be there, or not, or the first of them, or zeros in their place.
 */
export class Disk {
  readonly #base: Folder = folder();
  readonly #open = new Map<number, File>();

  apply(step: Change): void {
    switch (step.kind) {
      case "mkdir":
        return this.#set(step.path, folder());
      case "open": {
        const file: File = { kind: "file", bytes: new Uint8Array(), flushed: undefined };
        this.#open.set(step.file, file);
        return this.#set(step.path, file);
      }
      case "link":
        return this.#set(step.path, this.#at(step.from));
      case "unlink":
      case "rmdir":
        return this.#set(step.path, undefined);
      case "write": {
        const file = this.#file(step.file);
        file.bytes = Buffer.concat([file.bytes, step.bytes]);
        return undefined;
      }
      case "sync file": {
        const file = this.#file(step.file);
        file.flushed = file.bytes;
        return undefined;
      }
      case "sync directory": {
        const node = this.#at(step.path);
        if (node.kind !== "folder") throw new Error(`${step.path} is no directory`);
        node.flushed = new Map(node.entries);
        node.changes = [];
        return undefined;
      }
    }
  }

  /** The trees that a power cut may leave now. */
  *outcomes(bound: Bound): Generator<Tree> {
    const uncertain = this.#uncertain();
    for (const fates of combinations(uncertain.map(fatesOf), bound)) {
      const chosen = new Map<object, number>(uncertain.map((each, index) => [each, fates[index] ?? 0]));
      const tree = new Map<string, Uint8Array | undefined>();
      collect(this.#base, "", chosen, tree);
      yield tree;
    }
  }

  /** The changes and files that are not flushed, as far as anything may lead to them. */
  #uncertain(): (Folder["changes"][number] | File)[] {
    const found = new Set<Folder["changes"][number] | File>();
    const visited = new Set<Node>();
    const visit = (node: Node): void => {
      if (visited.has(node)) return;
      visited.add(node);
      if (node.kind === "file") {
        if (node.flushed !== node.bytes && node.bytes.length > 0) found.add(node);
        return;
      }
      for (const change of node.changes) found.add(change);
      for (const child of node.flushed.values()) visit(child);
      for (const { node: child } of node.changes) if (child !== undefined) visit(child);
    };
    visit(this.#base);
    return [...found];
  }

  #set(path: string, node: Node | undefined): void {
    const cut = path.lastIndexOf("/");
    const parent = cut === -1 ? this.#base : this.#at(path.slice(0, cut));
    if (parent.kind !== "folder") throw new Error(`${path} is beneath a file`);
    const name = path.slice(cut + 1);
    if (node === undefined) parent.entries.delete(name);
    else parent.entries.set(name, node);
    parent.changes.push({ name, node });
  }

  #at(path: string): Node {
    let node: Node | undefined = this.#base;
    for (const name of path.split("/").filter((part) => part !== "")) {
      node = node?.kind === "folder" ? node.entries.get(name) : undefined;
    }
    if (node === undefined) throw new Error(`nothing is at ${path}`);
    return node;
  }

  #file(number: number): File {
    const file = this.#open.get(number);
    if (file === undefined) throw new Error(`file ${number} was never opened`);
    return file;
  }
}

function folder(): Folder {
  return { kind: "folder", entries: new Map(), flushed: new Map(), changes: [] };
}

/** How many things may have become of it; 0 is that all went well. */
function fatesOf(uncertain: { readonly name: string } | File): number {
  return "kind" in uncertain ? 4 : 2;
}

function bytesOf(file: File, fate: number): Uint8Array {
  if (file.flushed === file.bytes) return file.bytes;
  const survived = file.flushed?.length ?? 0;
  if (fate === 1) return file.bytes.subarray(0, survived);
  if (fate === 2) return file.bytes.subarray(0, Math.max(survived, file.bytes.length >> 1));
  return fate === 3 ? file.bytes.map((byte, index) => (index < survived ? byte : 0)) : file.bytes;
}

function collect(
  from: Folder,
  path: string,
  fates: ReadonlyMap<object, number>,
  tree: Map<string, Uint8Array | undefined>,
): void {
  const entries = new Map(from.flushed);
  for (const change of from.changes) {
    if (fates.get(change) !== 0) continue;
    if (change.node === undefined) entries.delete(change.name);
    else entries.set(change.name, change.node);
  }
  for (const [name, node] of entries) {
    const at = path === "" ? name : `${path}/${name}`;
    tree.set(at, node.kind === "file" ? bytesOf(node, fates.get(node) ?? 0) : undefined);
    if (node.kind === "folder") collect(node, at, fates, tree);
  }
}

function* combinations(sizes: readonly number[], bound: Bound): Generator<readonly number[]> {
  const all = sizes.reduce((product, size) => product * size, 1);
  if (all <= bound.combinations) {
    for (let number = 0; number < all; number += 1) {
      let rest = number;
      yield sizes.map((size) => {
        const fate = rest % size;
        rest = (rest - fate) / size;
        return fate;
      });
    }
    return;
  }
  yield sizes.map(() => 0);
  yield sizes.map(() => 1);
  for (const [at, size] of sizes.entries()) {
    for (let fate = 1; fate < size; fate += 1) yield sizes.map((_, index) => (index === at ? fate : 0));
    yield sizes.map((_, index) => (index === at ? 0 : 1));
  }
  for (let number = 0; number < bound.combinations; number += 1) {
    yield sizes.map((size) => Math.floor(bound.random() * size));
  }
}

import { root } from "./checkpoints.ts";
import type { Tree } from "./disk.ts";
import type { Contents, Word } from "./recorder.ts";

/** What callers were told up to some moment, which no power cut may take back. */
export class Promises {
  /** Epochs that were answered complete, and those that may be sealed besides. */
  readonly completed: Map<number, Contents> = new Map();
  readonly attempted: Map<number, Contents> = new Map();
  claimed = 0;
  /** The floor that was answered, and the highest that was asked for. */
  floor = 0;
  highestFloor = 0;
  /** How many words there were. */
  revision = 0;
  readonly #bodies: Map<string, Set<string>> = new Map();
  readonly #present: Map<string, string | undefined> = new Map();
  readonly #absent: Set<string> = new Set();

  apply(word: Word): void {
    this.revision += 1;
    switch (word.kind) {
      case "creating":
        this.#bodies.set(word.key, (this.#bodies.get(word.key) ?? new Set()).add(latin1(word.body)));
        return void this.#absent.delete(word.key);
      case "created":
        return void this.#present.set(word.key, latin1(word.body));
      case "exists":
        return void this.#present.set(word.key, this.#present.get(word.key));
      case "deleting":
        for (const key of word.keys) this.#present.delete(key);
        return undefined;
      case "deleted":
        for (const key of word.keys) this.#absent.add(key);
        return undefined;
      case "completing":
        return void this.attempted.set(word.epoch, word.contents);
      case "completed":
        return void this.completed.set(word.epoch, word.contents);
      case "claimed":
        this.claimed = word.version;
        return undefined;
      case "pruning":
        this.highestFloor = word.floor;
        return undefined;
      case "pruned":
        this.floor = word.floor;
        return undefined;
    }
  }

  /** What a disk lacks of what the store answered, or has though it never should. */
  broken(tree: Tree): string | undefined {
    const objects = objectsOf(tree);
    for (const [key, body] of this.#present) {
      const found = objects.get(key);
      if (found === undefined) return `${key} is lost`;
      if (body !== undefined && found !== body) return `${key} is not what was written`;
    }
    for (const [key, found] of objects) {
      if (this.#absent.has(key)) return `${key} was deleted and is back`;
      if (this.#bodies.get(key)?.has(found) !== true) return `${key} shows what nobody wrote`;
    }
    return undefined;
  }
}

/** The bodies of the objects, by key; staging files are none. */
export function objectsOf(tree: Tree): ReadonlyMap<string, string> {
  const objects = new Map<string, string>();
  for (const [path, bytes] of tree) {
    if (bytes === undefined || !path.startsWith(`${root}/`) || path.includes(".staging-")) continue;
    objects.set(path.slice(root.length + 1), latin1(bytes));
  }
  return objects;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

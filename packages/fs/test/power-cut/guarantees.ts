import { root } from "./checkpoints.ts";
import type { Tree } from "./disk.ts";
import type { CallEvent, Contents } from "./recorder.ts";

/** What the store and the backend have reported up to some moment. No power cut may undo it. */
export class Guarantees {
  /** Epochs that were reported complete, and those that may be sealed besides. */
  readonly completed: Map<number, Contents> = new Map();
  readonly attempted: Map<number, Contents> = new Map();
  claimed = 0;
  /** The floor that a prune returned, and the highest one that was requested. */
  floor = 0;
  highestFloor = 0;
  /** How many events there were. */
  revision = 0;
  readonly #bodies: Map<string, Set<string>> = new Map();
  readonly #present: Map<string, string | undefined> = new Map();
  readonly #absent: Set<string> = new Set();

  apply(event: CallEvent): void {
    this.revision += 1;
    switch (event.kind) {
      case "creating":
        this.#bodies.set(event.key, (this.#bodies.get(event.key) ?? new Set()).add(latin1(event.body)));
        return void this.#absent.delete(event.key);
      case "created":
        return void this.#present.set(event.key, latin1(event.body));
      case "exists":
        return void this.#present.set(event.key, this.#present.get(event.key));
      case "deleting":
        for (const key of event.keys) this.#present.delete(key);
        return undefined;
      case "deleted":
        for (const key of event.keys) this.#absent.add(key);
        return undefined;
      case "completing":
        return void this.attempted.set(event.epoch, event.contents);
      case "completed":
        return void this.completed.set(event.epoch, event.contents);
      case "claimed":
        this.claimed = event.version;
        return undefined;
      case "pruning":
        this.highestFloor = event.floor;
        return undefined;
      case "pruned":
        this.floor = event.floor;
        return undefined;
    }
  }

  /** What is wrong with a disk: an object that it lacks, or one that it should not have. */
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
    if (bytes === undefined || !path.startsWith(`${root}/`) || path.includes("/.staging-state/")) continue;
    objects.set(path.slice(root.length + 1), latin1(bytes));
  }
  return objects;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

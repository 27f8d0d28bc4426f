/** What a step reads or changes. A folder of the root is a key that ends in `/`. */
export type Access =
  | { readonly kind: "begin" }
  | { readonly kind: "give up" }
  | { readonly kind: "read"; readonly key: string }
  | { readonly kind: "write"; readonly changes: readonly Change[] }
  | { readonly kind: "names"; readonly prefix: string; readonly ofRoot: boolean };

/** A key that comes or goes. */
export interface Change {
  readonly key: string;
  readonly folder: string;
  /** Whether its folder comes or goes with it. */
  readonly changesFolder: boolean;
}

/** Whether two steps can come to other results in the other order. */
export function conflict(a: Access, b: Access): boolean {
  // When a call begins decides what it must see.
  if (a.kind === "begin" || a.kind === "give up" || b.kind === "begin" || b.kind === "give up") return true;
  if (a.kind !== "write") return b.kind === "write" && isSeen(a, b.changes);
  if (b.kind !== "write") return isSeen(b, a.changes);
  const keys = new Set(a.changes.map(({ key }) => key));
  return b.changes.some(({ key }) => keys.has(key));
}

function isSeen(look: Extract<Access, { kind: "read" | "names" }>, changes: readonly Change[]): boolean {
  return changes.some(({ key, folder, changesFolder }) => {
    if (look.kind === "read") return look.key === key || (changesFolder && look.key === folder);
    return look.ofRoot ? changesFolder : key.startsWith(look.prefix);
  });
}

/** Where the threads of a run are: the number of the call that each is in, `Infinity` for one that does nothing more. */
export type Positions = (thread: string) => number;

/** By key: the last of its calls in which a thread has touched it. */
type Touched = Map<string, Map<string, number>>;

/**
 * Who has read and written what, in every schedule so far. A step that no step to come of another thread was ever seen to
 * conflict with is taken at once, without a choice. If a later schedule shows a conflict that was not known, then the
 * search begins again with it: at its end, what was taken for granted has held in every schedule.
 */
export class Conflicts {
  readonly #writers: Touched = new Map();
  readonly #readers: Touched = new Map();
  readonly #listers: Touched = new Map();
  /** How often something was learnt. */
  learnt = 0;

  record(thread: string, call: number, access: Access): void {
    if (access.kind === "read") this.#note(this.#readers, access.key, thread, call);
    if (access.kind === "names") this.#note(this.#listers, access.ofRoot ? "/" : access.prefix, thread, call);
    if (access.kind !== "write") return;
    for (const { key, folder, changesFolder } of access.changes) {
      this.#note(this.#writers, key, thread, call);
      if (changesFolder) this.#note(this.#writers, folder, thread, call);
    }
  }

  isAlone(thread: string, access: Access, positions: Positions): boolean {
    const others = (touched: ReadonlyMap<string, number> | undefined): boolean => {
      for (const [other, last] of touched ?? [])
        if (other !== thread && last >= positions(other)) return true;
      return false;
    };
    const isUntouched = (key: string): boolean =>
      !others(this.#readers.get(key)) && !others(this.#writers.get(key));
    switch (access.kind) {
      case "read":
        return !others(this.#writers.get(access.key));
      case "write":
        return access.changes.every(({ key, folder, changesFolder }) => {
          if (!isUntouched(key)) return false;
          for (const [prefix, listers] of this.#listers)
            if (prefix !== "/" && key.startsWith(prefix) && others(listers)) return false;
          if (!changesFolder && !others(this.#writers.get(folder))) return true;
          return isUntouched(folder) && !others(this.#listers.get("/"));
        });
      case "names":
        for (const [key, writers] of this.#writers) {
          const isFolder = key.endsWith("/");
          if (isFolder !== access.ofRoot || (!isFolder && !key.startsWith(access.prefix))) continue;
          if (others(writers)) return false;
        }
        return true;
      case "begin":
      case "give up":
        break;
    }
    return false;
  }

  #note(table: Touched, key: string, thread: string, call: number): void {
    const threads = table.get(key) ?? new Map<string, number>();
    table.set(key, threads);
    if ((threads.get(thread) ?? -1) >= call) return;
    threads.set(thread, call);
    this.learnt += 1;
  }
}

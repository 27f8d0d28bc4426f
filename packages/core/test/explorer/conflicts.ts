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

/**
 * Who has read and written what, in every schedule so far. A step that no other thread's step was ever seen to conflict
 * with is taken at once, without a choice. If a later schedule shows a conflict that was not known, then the search begins
 * again with it: at its end, what was taken for granted has held in every schedule.
 */
export class Conflicts {
  readonly #writers = new Map<string, Set<string>>();
  readonly #readers = new Map<string, Set<string>>();
  readonly #listers = new Map<string, Set<string>>();
  /** How many facts are known. */
  size = 0;

  record(thread: string, access: Access): void {
    switch (access.kind) {
      case "read":
        this.#note(this.#readers, access.key, thread);
        break;
      case "write":
        for (const { key, folder, changesFolder } of access.changes) {
          this.#note(this.#writers, key, thread);
          if (changesFolder) this.#note(this.#writers, folder, thread);
        }
        break;
      case "names":
        this.#note(this.#listers, access.ofRoot ? "/" : access.prefix, thread);
        break;
      case "begin":
      case "give up":
        break;
    }
  }

  isAlone(thread: string, access: Access): boolean {
    switch (access.kind) {
      case "read":
        return !others(this.#writers.get(access.key), thread);
      case "write":
        return access.changes.every((change) => this.#isOwn(thread, change));
      case "names":
        return ![...this.#writers].some(
          ([key, writers]) =>
            (access.ofRoot ? key.endsWith("/") : !key.endsWith("/") && key.startsWith(access.prefix)) &&
            others(writers, thread),
        );
      case "begin":
      case "give up":
        return false;
    }
  }

  #isOwn(thread: string, { key, folder, changesFolder }: Change): boolean {
    if (!this.#isUnread(thread, key) || this.#isListed(thread, key)) return false;
    if (!changesFolder && !others(this.#writers.get(folder), thread)) return true;
    return this.#isUnread(thread, folder) && !others(this.#listers.get("/"), thread);
  }

  #isUnread(thread: string, key: string): boolean {
    return !others(this.#readers.get(key), thread) && !others(this.#writers.get(key), thread);
  }

  #isListed(thread: string, key: string): boolean {
    return [...this.#listers].some(
      ([prefix, listers]) => prefix !== "/" && key.startsWith(prefix) && others(listers, thread),
    );
  }

  #note(table: Map<string, Set<string>>, key: string, thread: string): void {
    const threads = table.get(key) ?? new Set<string>();
    table.set(key, threads);
    if (threads.has(thread)) return;
    threads.add(thread);
    this.size += 1;
  }
}

function others(threads: ReadonlySet<string> | undefined, thread: string): boolean {
  return threads !== undefined && (threads.size > 1 || (threads.size === 1 && !threads.has(thread)));
}

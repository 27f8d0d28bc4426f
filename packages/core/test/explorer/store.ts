import { AsyncLocalStorage } from "node:async_hooks";
import { StoreError } from "../../src/errors.ts";
import type { DeleteFailure, ListOptions, ListPage, ObjectStore, OperationOptions } from "../../src/store.ts";
import type { Access, Change } from "./conflicts.ts";
import { fingerprint, SetFingerprint } from "./fingerprint.ts";
import type { Fate, Step, Thread } from "./scheduler.ts";
import { Request, type Part } from "./request.ts";

/** Is told of every change when it takes effect. */
export interface Watcher {
  created(key: string, body: Uint8Array, sentAt: number): void;
  deleted(key: string): void;
}

/** A create, or a delete where there is no body. */
export interface StoreChange {
  readonly key: string;
  readonly body: Uint8Array | undefined;
}

/** What a store holds. */
export class Content {
  readonly objects: Map<string, Uint8Array> = new Map();
  readonly fingerprint: SetFingerprint = new SetFingerprint();
  /** How it came to hold it. */
  readonly changes: StoreChange[] = [];
  readonly #watcher: Watcher;

  constructor(watcher: Watcher) {
    this.#watcher = watcher;
  }

  create(key: string, body: Uint8Array, sentAt: number): "created" | "exists" {
    if (this.objects.has(key)) return "exists";
    this.objects.set(key, body);
    this.changes.push({ key, body });
    this.fingerprint.add(`${key} ${bodyId(body)}`);
    this.#watcher.created(key, body, sentAt);
    return "created";
  }

  delete(key: string): void {
    const body = this.objects.get(key);
    if (body === undefined) return;
    this.objects.delete(key);
    this.changes.push({ key, body: undefined });
    this.fingerprint.remove(`${key} ${bodyId(body)}`);
    this.#watcher.deleted(key);
  }

  /** With the delimiter: what stands in the root, folders as names that end in `/`. */
  names(prefix: string, delimiter: "/" | undefined): readonly string[] {
    const names = new Set<string>();
    for (const key of this.objects.keys()) {
      if (!key.startsWith(prefix)) continue;
      names.add(delimiter === undefined ? key : folderOf(key, prefix));
    }
    return [...names].toSorted();
  }

  has(name: string): boolean {
    return name.endsWith("/") ? this.#hasFolder(name) : this.objects.has(name);
  }

  /** What a create or a delete of the key would change now; `undefined` if nothing. */
  change(key: string, creates: boolean): Change | undefined {
    if (this.objects.has(key) === creates) return undefined;
    const folder = folderOf(key, "");
    return { key, folder, changesFolder: !this.#hasFolder(folder, key) };
  }

  #hasFolder(folder: string, besides = ""): boolean {
    for (const key of this.objects.keys()) if (key.startsWith(folder) && key !== besides) return true;
    return false;
  }
}

function folderOf(key: string, prefix: string): string {
  return key.slice(0, key.indexOf("/", prefix.length) + 1 || undefined);
}

const bodyIds = new WeakMap<Uint8Array, string>();

export function bodyId(body: Uint8Array): string {
  const found = bodyIds.get(body) ?? fingerprint(Buffer.from(body).toString("latin1"));
  bodyIds.set(body, found);
  return found;
}

/** On whose behalf the code under test runs. Outside of every thread a request takes effect at once. */
export const currentThread: AsyncLocalStorage<Thread> = new AsyncLocalStorage();

/** How the requests of a configuration take effect. */
export interface Habits {
  /** Whether a listing takes names first and looks at each of them later. */
  readonly looks: (prefix: string) => boolean;
  /** Whether the keys of a delete go one by one. */
  readonly deletesOneByOne: boolean;
  /** The faults that a request may meet. */
  readonly fates: (operation: string, key: string) => readonly Fate[];
}

/** What a store needs of the run that it belongs to. */
export interface Run {
  readonly tick: number;
  add(step: Step): void;
  remove(step: Step): void;
  touched(thread: Thread, access: Access): void;
  /** A listing of control takes its names. @returns what stands in control, for the trace */
  looksAtControl(thread: Thread | undefined): string;
  lateThread(sender: Thread): Thread;
}

export interface StoreSurroundings {
  readonly content: Content;
  readonly run: Run;
  readonly habits: Habits;
  /** Is told of every response that the backend gets. */
  readonly responded: (text: string) => void;
}

/** The `ObjectStore` of one backend: its requests become steps. */
export class ExploredStore implements ObjectStore {
  readonly name = "explored";
  readonly #around: StoreSurroundings;

  constructor(around: StoreSurroundings) {
    this.#around = around;
  }

  create(key: string, body: Uint8Array, options?: OperationOptions): Promise<"created" | "exists"> {
    const { content, run } = this.#around;
    const copy = new Uint8Array(body);
    const sentAt = run.tick;
    const land: Part = {
      label: `create ${key}`,
      access: () => changesOf([content.change(key, true)], key),
      run: () => content.create(key, copy, sentAt),
    };
    return this.#request(
      "create",
      key,
      [land],
      options,
      ([response]) => response as "created" | "exists",
      bodyId(copy),
    );
  }

  get(key: string, options?: OperationOptions): Promise<Uint8Array | undefined> {
    const { objects } = this.#around.content;
    let body: Uint8Array | undefined;
    const read: Part = {
      label: `get ${key}`,
      access: () => ({ kind: "read", key }),
      run: () => {
        body = objects.get(key);
        return body === undefined ? "absent" : shownBody(body);
      },
    };
    return this.#request("get", key, [read], options, () =>
      body === undefined ? undefined : new Uint8Array(body),
    );
  }

  list(prefix: string, options?: ListOptions): AsyncIterable<ListPage> {
    let isOver = false;
    const next = async (): Promise<IteratorResult<ListPage, undefined>> => {
      if (isOver) return { done: true, value: undefined };
      isOver = true;
      return { done: false, value: await this.#page(prefix, options) };
    };
    return {
      [Symbol.asyncIterator]: () => ({ next, return: async () => ({ done: true, value: undefined }) }),
    };
  }

  async delete(keys: readonly string[], options?: OperationOptions): Promise<readonly DeleteFailure[]> {
    const { content, habits } = this.#around;
    const remove = (some: readonly string[]): Part => ({
      label: `delete ${some.join(" ")}`,
      access: () =>
        changesOf(
          some.map((key) => content.change(key, false)),
          some[0] ?? "",
        ),
      run: () => {
        for (const key of some) content.delete(key);
        return "done";
      },
    });
    const parts = habits.deletesOneByOne ? keys.map((key) => remove([key])) : [remove(keys)];
    try {
      return await this.#request("delete", keys.join(" "), parts, options, () => []);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return keys.map((key) => ({ key, error }));
    }
  }

  #page(prefix: string, options: ListOptions | undefined): Promise<ListPage> {
    const { content, run, habits } = this.#around;
    const thread = currentThread.getStore();
    const ofRoot = options?.delimiter !== undefined;
    const shown: { name: string; size: number }[] = [];
    const look = (name: string): void => {
      if (content.has(name)) shown.push({ name, size: content.objects.get(name)?.length ?? 0 });
    };
    const lookLater = (name: string): Part => ({
      label: `look at ${name}`,
      access: () => ({ kind: "read", key: name }),
      run: () => {
        look(name);
        return content.has(name) ? "there" : "gone";
      },
    });
    const takeNames: Part = {
      label: `list ${prefix === "" ? "/" : prefix}`,
      access: () => ({ kind: "names", prefix, ofRoot }),
      run: (request) => {
        const control = prefix === "_control/" ? run.looksAtControl(thread) : "";
        const names = content.names(prefix, options?.delimiter);
        if (habits.looks(prefix)) request.append(names.map(lookLater));
        else for (const name of names) look(name);
        return `[${names.join(" ")}]${control}`;
      },
    };
    return this.#request("list", prefix, [takeNames], options, () => {
      const sorted = shown.toSorted((a, b) => (a.name < b.name ? -1 : 1));
      return {
        objects: sorted
          .filter(({ name }) => !name.endsWith("/"))
          .map(({ name, size }) => ({ key: name, size })),
        prefixes: sorted.filter(({ name }) => name.endsWith("/")).map(({ name }) => name),
      };
    });
  }

  #request<T>(
    operation: string,
    key: string,
    parts: readonly Part[],
    options: OperationOptions | undefined,
    response: (outcomes: readonly string[]) => T,
    body = "",
  ): Promise<T> {
    const request = new Request(this.#around, { operation, key, parts, body, signal: options?.signal });
    return request.send(response);
  }
}

function changesOf(changes: readonly (Change | undefined)[], key: string): Access {
  const real = changes.filter((change) => change !== undefined);
  return real.length === 0 ? { kind: "read", key } : { kind: "write", changes: real };
}

function shownBody(body: Uint8Array): string {
  const text = new TextDecoder().decode(body);
  if (!text.startsWith("{")) return text;
  const {
    void: isVoid,
    committer,
    by,
    incarnation = "",
  } = JSON.parse(text) as Record<string, string | undefined>;
  const who = `${committer ?? by ?? ""} ${incarnation.slice(-4)} ${bodyId(body).slice(0, 6)}`;
  return isVoid === undefined ? `{${who}}` : `{void ${who}}`;
}

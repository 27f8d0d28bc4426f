import type {
  DeleteFailure,
  ListedObject,
  ListOptions,
  ListPage,
  ObjectStore,
  OperationOptions,
  StoreError,
} from "@state/core";
import { checkBody, checkKey, checkPrefix, type StoreCall, storeError } from "@state/core/adapter";
import { connect, type Connection, removeAll } from "./database.ts";
import { toStoreError } from "./errors.ts";

export interface SqliteStoreOptions {
  /** The database's file. Its directory must exist. Every process that opens the file shares the store. */
  readonly path: string;
}

const pageSize = 1_000;

/** An object store in one SQLite file, for the processes of one machine. */
export class SqliteStore implements ObjectStore {
  readonly name: string;
  readonly #path: string;
  #connection: Connection | undefined;
  #isClosed = false;

  constructor(options: SqliteStoreOptions) {
    this.#path = options.path;
    this.name = `sqlite:${options.path}`;
  }

  async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<"created" | "exists"> {
    options?.signal?.throwIfAborted();
    checkKey(key);
    checkBody(key, body);
    // One statement is one transaction: of all who insert the key, in whatever process, one changes a row.
    const { changes } = this.#run("create", key, ({ insert }) => insert.run(key, body.byteLength, body));
    return Number(changes) === 1 ? "created" : "exists";
  }

  async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    options?.signal?.throwIfAborted();
    checkKey(key);
    const row = this.#run("get", key, ({ select }) => select.get(key));
    return row === undefined ? undefined : (row["body"] as Uint8Array<ArrayBuffer>);
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage, void, undefined> {
    checkPrefix(prefix);
    // The cursor is a key, not an offset: what is created or deleted between two pages moves nothing.
    for (let cursor: string | undefined = prefix; cursor !== undefined;) {
      options?.signal?.throwIfAborted();
      const { page, next } = this.#page(prefix, cursor, options?.delimiter);
      yield page;
      cursor = next;
    }
  }

  async delete(keys: readonly string[], options?: OperationOptions): Promise<readonly DeleteFailure[]> {
    options?.signal?.throwIfAborted();
    for (const key of keys) checkKey(key);
    if (keys.length === 0) return [];
    try {
      this.#run("delete", keys[0] ?? "", (connection) => removeAll(connection, keys));
      return [];
    } catch (error) {
      // All or none: if it fails, it has failed for each key.
      return keys.map((key) => ({ key, error: error as StoreError }));
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#connection?.database.close();
    this.#connection = undefined;
  }

  #page(
    prefix: string,
    from: string,
    delimiter: "/" | undefined,
  ): { page: ListPage; next: string | undefined } {
    const objects: ListedObject[] = [];
    const prefixes: string[] = [];
    let cursor = from;
    while (objects.length + prefixes.length < pageSize) {
      const row = this.#run("list", prefix, ({ next }) => next.get(cursor));
      const key = row?.["key"] as string | undefined;
      if (key === undefined || !key.startsWith(prefix))
        return { page: { objects, prefixes }, next: undefined };
      const slash = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length);
      if (slash < 0) {
        objects.push({ key, size: row?.["size"] as number });
        cursor = `${key}-`; // "-" is the lowest character of a key: the next key in byte order, or what is past it
      } else {
        prefixes.push(key.slice(0, slash + 1));
        cursor = `${key.slice(0, slash)}0`; // "0" follows "/": past everything in the folder, at one step
      }
    }
    return { page: { objects, prefixes }, next: cursor };
  }

  /** Runs `action` on the open database; whatever SQLite throws becomes a `StoreError`. */
  #run<T>(operation: StoreCall["operation"], key: string, action: (connection: Connection) => T): T {
    const call = { store: this.name, operation, key };
    if (this.#isClosed)
      throw storeError(call, { code: "Failed", advice: "open another" }, "the store is closed");
    try {
      this.#connection ??= connect(this.#path);
      return action(this.#connection);
    } catch (error) {
      throw toStoreError(error, call);
    }
  }
}

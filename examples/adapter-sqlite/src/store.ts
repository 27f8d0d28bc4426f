import { checkKey, checkPrefix, StoreError } from "@state/core";
import type {
  DeleteFailure,
  ListedObject,
  ListOptions,
  ListPage,
  ObjectStore,
  OperationOptions,
} from "@state/core";
import { connect, type Connection, removeAll } from "./database.ts";
import { toStoreError } from "./errors.ts";

export interface SqliteStoreOptions {
  /** The database's file. Its directory must exist. Every process that opens the file shares the store. */
  readonly path: string;
}

const bodyLimit = 2 ** 31;
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
    if (body.byteLength >= bodyLimit) {
      throw new RangeError(`the body of ${JSON.stringify(key)} is ${body.byteLength} bytes, 2^31 or more`);
    }
    // One statement is one transaction: of all who insert the key, in whatever process, one changes a row.
    const { changes } = this.#run(key, ({ insert }) => insert.run(key, body.byteLength, body));
    return Number(changes) === 1 ? "created" : "exists";
  }

  async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    options?.signal?.throwIfAborted();
    checkKey(key);
    const row = this.#run(key, ({ select }) => select.get(key));
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
      this.#run(undefined, (connection) => removeAll(connection, keys));
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
      const row = this.#run(prefix, ({ next }) => next.get(cursor));
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
  #run<T>(key: string | undefined, action: (connection: Connection) => T): T {
    if (this.#isClosed) throw new StoreError("Failed", `${this.name} is closed`, { store: this.name, key });
    try {
      this.#connection ??= connect(this.#path);
      return action(this.#connection);
    } catch (error) {
      throw toStoreError(error, this.name, key);
    }
  }
}

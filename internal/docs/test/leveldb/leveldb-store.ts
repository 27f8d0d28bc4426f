import {
  type DeleteFailure,
  isStoreError,
  type ListedObject,
  type ListOptions,
  type ListPage,
  type ObjectStore,
  type OperationOptions,
  type StoreError,
  type StoreErrorCode,
} from "@state/core";
import {
  checkBody,
  checkKey,
  checkPrefix,
  failuresOf,
  OnDemand,
  poolOf,
  runRequest,
  type StoreCall,
  storeError,
} from "@state/core/adapter";
import { Connection } from "./connection.ts";

const pageSize = 1_000;

const codes: ReadonlyMap<unknown, StoreErrorCode> = new Map([
  ["LEVEL_LOCKED", "Unavailable"], // another client has it, which may end
  ["LEVEL_IO_ERROR", "Unavailable"],
  ["LEVEL_CORRUPTION", "Corrupt"],
]);

function toStoreError(error: unknown, call: StoreCall): StoreError {
  // An error of opening wraps the reason.
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = codes.get(Reflect.get(Object(cause), "code")) ?? "Failed";
  return storeError(call, { code }, cause instanceof Error ? cause.message : String(cause), { cause });
}

/** What the guide says of a store that one process owns, on LevelDB. */
export class LeveldbStore implements ObjectStore {
  readonly name: string;
  readonly path: string;
  readonly #connection: OnDemand<Connection>;
  readonly #oneAtATime = poolOf(1);
  #isClosed = false;

  constructor({ path }: { readonly path: string }) {
    this.path = path;
    this.name = `leveldb:${path}`;
    this.#connection = new OnDemand(() => Connection.open(path));
  }

  async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<"created" | "exists"> {
    options?.signal?.throwIfAborted();
    checkKey(key);
    checkBody(key, body);
    const own = new Uint8Array(body); // it may wait, and the caller may use its body again after an abort
    return this.#run("create", key, options, (connection) =>
      this.#oneAtATime(async () => {
        if (await connection.has(key)) return "exists";
        await connection.put(key, own);
        return "created";
      }),
    );
  }

  async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    options?.signal?.throwIfAborted();
    checkKey(key);
    return this.#run("get", key, options, (connection) => connection.body(key));
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage, void, undefined> {
    checkPrefix(prefix);
    for (let first: string | undefined = prefix; first !== undefined;) {
      options?.signal?.throwIfAborted();
      const from: string = first;
      const { page, next } = await this.#run("list", prefix, options, (connection) =>
        pageOf(connection, prefix, from, options?.delimiter),
      );
      yield page;
      first = next;
    }
  }

  async delete(keys: readonly string[], options?: OperationOptions): Promise<readonly DeleteFailure[]> {
    options?.signal?.throwIfAborted();
    for (const key of keys) checkKey(key);
    if (keys.length === 0) return [];
    const own = [...keys];
    try {
      await this.#run("delete", own[0] ?? "", options, (connection) =>
        this.#oneAtATime(() => connection.remove(own)),
      );
      return [];
    } catch (error) {
      options?.signal?.throwIfAborted();
      if (!isStoreError(error)) throw error;
      return failuresOf(own, error);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const { made } = this.#connection;
    // What is under way ends first.
    await this.#oneAtATime(async () => made?.close());
  }

  async #run<T>(
    operation: StoreCall["operation"],
    key: string,
    options: OperationOptions | undefined,
    action: (connection: Connection) => Promise<T>,
  ): Promise<T> {
    const call = { store: this.name, operation, key };
    if (this.#isClosed)
      throw storeError(call, { code: "Failed", advice: "open another" }, "the store is closed");
    try {
      const run = async (): Promise<T> => action(await this.#connection.get());
      return await runRequest(run, { signal: options?.signal });
    } catch (error) {
      options?.signal?.throwIfAborted();
      throw toStoreError(error, call);
    }
  }
}

async function pageOf(
  connection: Connection,
  prefix: string,
  first: string,
  delimiter: "/" | undefined,
): Promise<{ page: ListPage; next: string | undefined }> {
  const objects: ListedObject[] = [];
  const prefixes: string[] = [];
  // A folder is passed over at one step, so that what is read for a page of folders stays small.
  const limit = delimiter === undefined ? pageSize : 100;
  let cursor = first;
  while (objects.length + prefixes.length < pageSize) {
    const entries = await connection.from(cursor, prefix, limit);
    for (const [key, size] of entries) {
      if (key < cursor) continue;
      const slash = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length);
      if (slash < 0) objects.push({ key, size });
      else prefixes.push(key.slice(0, slash + 1));
      cursor = slash < 0 ? `${key}-` : `${key.slice(0, slash)}0`;
    }
    if (entries.length < limit) return { page: { objects, prefixes }, next: undefined };
  }
  return { page: { objects, prefixes }, next: cursor };
}

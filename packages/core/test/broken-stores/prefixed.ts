import { checkKey, checkPrefix } from "../../src/keys.ts";
import type { DeleteFailure, ListOptions, ListPage, OperationOptions } from "../../src/store.ts";
import { OpenStore } from "./open-store.ts";

/** Keys lie in one bucket, each store's under a prefix of its own. */
export class Prefixed extends OpenStore {
  readonly #prefix: string;
  readonly #forgets: "slash" | "get" | "delete";

  constructor(bucket: Map<string, Uint8Array>, number: number, forgets: "slash" | "get" | "delete") {
    super(bucket);
    // The second store's prefix begins with the first store's.
    this.#prefix = "p".repeat(number);
    this.#forgets = forgets;
  }

  override async create(
    key: string,
    body: Uint8Array,
    options?: OperationOptions,
  ): Promise<"created" | "exists"> {
    this.check(key, body, options);
    const joined = this.#join(key);
    if (this.bodies.has(joined)) return "exists";
    this.bodies.set(joined, new Uint8Array(body));
    return "created";
  }

  override async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    options?.signal?.throwIfAborted();
    checkKey(key);
    const body = this.bodies.get(this.#forgets === "get" ? this.#found(key) : this.#join(key));
    return body === undefined ? undefined : new Uint8Array(body);
  }

  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    options?.signal?.throwIfAborted();
    checkPrefix(prefix);
    const own = `${this.#prefix}/`;
    const others = this.#forgets === "slash" && prefix === "" ? `${this.#prefix}p/` : undefined;
    for await (const page of super.list(`${own}${prefix}`, options)) yield relative(page, own);
    if (others === undefined || options?.delimiter !== undefined) return;
    for await (const page of super.list(others, options)) yield relative(page, this.#prefix);
  }

  override async delete(
    keys: readonly string[],
    options?: OperationOptions,
  ): Promise<readonly DeleteFailure[]> {
    options?.signal?.throwIfAborted();
    for (const key of keys) checkKey(key);
    for (const key of keys) this.bodies.delete(this.#join(key));
    if (this.#forgets === "delete") {
      for (const key of keys) for (const other of ["p", "pp"]) this.bodies.delete(`${other}/${key}`);
    }
    return [];
  }

  #join(key: string): string {
    return `${this.#prefix}/${key}`;
  }

  /** The key beneath whichever prefix has it. */
  #found(key: string): string {
    return (
      ["p", "pp"].map((prefix) => `${prefix}/${key}`).find((each) => this.bodies.has(each)) ?? this.#join(key)
    );
  }
}

function relative({ objects, prefixes }: ListPage, prefix: string): ListPage {
  return {
    objects: objects.map(({ key, size }) => ({ key: key.slice(prefix.length), size })),
    prefixes: prefixes.map((folder) => folder.slice(prefix.length)),
  };
}

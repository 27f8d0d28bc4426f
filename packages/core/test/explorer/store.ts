import { StoreError } from "../../src/errors.ts";
import type { DeleteFailure, ListOptions, ListPage, ObjectStore, OperationOptions } from "../../src/store.ts";
import type { Access, Change } from "./conflicts.ts";
import { bodyId, shownBody } from "./content.ts";
import { currentThread, type Part, PendingRequest, type StoreSurroundings } from "./request.ts";

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

  get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
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
    const request = new PendingRequest(this.#around, {
      operation,
      key,
      parts,
      body,
      signal: options?.signal,
    });
    return request.send(response);
  }
}

function changesOf(changes: readonly (Change | undefined)[], key: string): Access {
  const real = changes.filter((change) => change !== undefined);
  return real.length === 0 ? { kind: "read", key } : { kind: "write", changes: real };
}

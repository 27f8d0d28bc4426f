import type { ObjectStore } from "@state/core";
import { MemoryStore } from "@state/memory";
import type { TopicPartition } from "../../src/record.ts";
import { nameOf } from "../../src/record.ts";

/** The stores of all partitions, which all members share. */
export class Bucket {
  readonly #stores = new Map<string, MemoryStore>();

  readonly store = (partition: TopicPartition): ObjectStore => {
    const name = nameOf(partition);
    let store = this.#stores.get(name);
    if (store === undefined) this.#stores.set(name, (store = new MemoryStore()));
    return store;
  };
}

/** What a member's requests meet on their way. */
export interface Requests {
  /** Carries the request out by `effect`, before or after which it may wait for ever, or fail. */
  step<T>(name: string, effect: () => Promise<T>): Promise<T>;
}

/** The store as one member reaches it. */
export function through(requests: Requests, store: ObjectStore): ObjectStore {
  return {
    name: store.name,
    create: (key, body, options) => requests.step(`create ${key}`, () => store.create(key, body, options)),
    get: (key, options) => requests.step(`get ${key}`, () => store.get(key, options)),
    delete: (keys, options) => requests.step("delete", () => store.delete(keys, options)),
    async *list(prefix, options) {
      const pages = store.list(prefix, options)[Symbol.asyncIterator]();
      for (;;) {
        const page = await requests.step(`list ${prefix}`, () => pages.next());
        if (page.done === true) return;
        yield page.value;
      }
    },
  };
}

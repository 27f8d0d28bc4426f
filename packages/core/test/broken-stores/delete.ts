import { StoreError } from "../../src/errors.ts";
import { checkKey } from "../../src/keys.ts";
import type { DeleteFailure, OperationOptions } from "../../src/store.ts";
import { MapStore } from "../support/map-store.ts";
import type { BrokenStore } from "./broken-store.ts";

type Choose = (keys: readonly string[], all: readonly string[]) => readonly string[];

/** Deletes the keys that `choose` makes of those that it was given. */
class Deletes extends MapStore {
  readonly #choose: Choose;

  constructor(bodies: Map<string, Uint8Array>, choose: Choose) {
    super(bodies);
    this.#choose = choose;
  }

  override async delete(
    keys: readonly string[],
    options?: OperationOptions,
  ): Promise<readonly DeleteFailure[]> {
    // Bad keys and aborts are treated as the contract says: the store is wrong in one way only.
    options?.signal?.throwIfAborted();
    for (const key of keys) checkKey(key);
    return super.delete(this.#choose(keys, [...this.entries().keys()]));
  }
}

function deleting(choose: Choose): BrokenStore["open"] {
  return ({ bodies }) => new Deletes(bodies, choose);
}

function folderOf(key: string): string {
  return key.slice(0, Math.max(0, key.lastIndexOf("/")));
}

class FailsForAbsentKeys extends MapStore {
  override async delete(
    keys: readonly string[],
    options?: OperationOptions,
  ): Promise<readonly DeleteFailure[]> {
    const absent = keys.filter((key) => !this.entries().has(key));
    await super.delete(keys, options);
    return absent.map((key) => ({ key, error: new StoreError("Failed", `404: "${key}"`) }));
  }
}

class FailsForRepeatedKeys extends MapStore {
  override async delete(
    keys: readonly string[],
    options?: OperationOptions,
  ): Promise<readonly DeleteFailure[]> {
    const repeated = keys.filter((key, index) => keys.indexOf(key) < index);
    await super.delete(keys, options);
    return repeated.map((key) => ({ key, error: new StoreError("Failed", `"${key}" is named twice`) }));
  }
}

class RefusesMoreThanAThousand extends MapStore {
  override async delete(
    keys: readonly string[],
    options?: OperationOptions,
  ): Promise<readonly DeleteFailure[]> {
    if (keys.length <= 1_000) return super.delete(keys, options);
    return keys.map((key) => ({ key, error: new StoreError("Failed", "MalformedXML") }));
  }
}

class TakesTheArrayApart extends MapStore {
  override async delete(
    keys: readonly string[],
    options?: OperationOptions,
  ): Promise<readonly DeleteFailure[]> {
    const failures = await super.delete(keys, options);
    (keys as string[]).splice(0);
    return failures;
  }
}

class SortsTheArray extends MapStore {
  override delete(keys: readonly string[], options?: OperationOptions): Promise<readonly DeleteFailure[]> {
    (keys as string[]).splice(0, keys.length, ...keys.toSorted());
    return super.delete(keys, options);
  }
}

export const brokenDeletes: readonly BrokenStore[] = [
  {
    fault: "deletes nothing",
    caughtBy: "delete.gone",
    alsoSeenBy: [
      "create.after-delete",
      "delete.folder",
      "delete.idempotent",
      "delete.many",
      "delete.neighbours",
      "durability.deletes",
      "durability.exists",
      "durability.unclosed",
      "errors.works-on",
      "freshness.clients",
      "freshness.concurrent",
      "freshness.own",
      "keys.allowed",
      "list.empty",
    ],
    open: deleting(() => []),
  },
  {
    fault: "leaves the last of several keys",
    caughtBy: "delete.gone",
    alsoSeenBy: [
      "delete.folder",
      "delete.idempotent",
      "delete.many",
      "durability.deletes",
      "durability.exists",
      "durability.unclosed",
      "keys.allowed",
    ],
    open: deleting((keys) => (keys.length > 1 ? keys.slice(0, -1) : keys)),
  },
  {
    fault: "stops at the first key that is absent",
    caughtBy: "delete.idempotent",
    open: deleting((keys, all) => {
      const absent = keys.findIndex((key) => !all.includes(key));
      return absent < 0 ? keys : keys.slice(0, absent);
    }),
  },
  {
    fault: "takes an absent key for a failure",
    caughtBy: "delete.idempotent",
    alsoSeenBy: ["delete.children"],
    open: ({ bodies }) => new FailsForAbsentKeys(bodies),
  },
  {
    fault: "takes a key named twice for a failure",
    caughtBy: "delete.idempotent",
    open: ({ bodies }) => new FailsForRepeatedKeys(bodies),
  },
  {
    fault: "takes no keys for all keys",
    caughtBy: "delete.nothing",
    open: deleting((keys, all) => (keys.length === 0 ? all : keys)),
  },
  {
    fault: "deletes 1,000 keys of more",
    caughtBy: "delete.many",
    alsoSeenBy: ["delete.folder"],
    open: deleting((keys) => keys.slice(0, 1_000)),
  },
  {
    fault: "leaves the last key of each full batch",
    caughtBy: "delete.many",
    alsoSeenBy: ["delete.folder"],
    open: deleting((keys) => keys.filter((_, index) => index % 1_000 !== 999)),
  },
  {
    fault: "leaves what does not fill a batch",
    caughtBy: "delete.many",
    alsoSeenBy: ["delete.folder"],
    open: deleting((keys) =>
      keys.length < 1_000 ? keys : keys.slice(0, keys.length - (keys.length % 1_000)),
    ),
  },
  {
    fault: "sends more than 1,000 keys in one request",
    caughtBy: "delete.many",
    alsoSeenBy: ["delete.folder"],
    open: ({ bodies }) => new RefusesMoreThanAThousand(bodies),
  },
  {
    fault: "takes a folder's children",
    caughtBy: "delete.children",
    open: deleting((keys, all) => [
      ...keys,
      ...all.filter((each) => keys.some((key) => each.startsWith(`${key}/`))),
    ]),
  },
  {
    fault: "deletes a folder of 1,000 keys by its name, and what begins like it",
    caughtBy: "delete.folder",
    open: deleting((keys, all) => {
      const counts = new Map<string, number>();
      for (const key of keys) counts.set(folderOf(key), (counts.get(folderOf(key)) ?? 0) + 1);
      const whole = [...counts].filter(([, count]) => count >= 1_000).map(([folder]) => folder);
      return [...keys, ...all.filter((each) => whole.some((folder) => each.startsWith(folder)))];
    }),
  },
  {
    fault: "takes the keys that begin like the one deleted",
    caughtBy: "delete.neighbours",
    open: deleting((keys, all) =>
      keys.length > 1
        ? keys
        : [
            ...keys,
            ...all.filter((each) => keys.some((key) => each.startsWith(key) && !each.includes(`${key}/`))),
          ],
    ),
  },
  {
    fault: "empties the caller's array",
    caughtBy: "delete.array",
    open: ({ bodies }) => new TakesTheArrayApart(bodies),
  },
  {
    fault: "sorts the caller's array",
    caughtBy: "delete.array",
    open: ({ bodies }) => new SortsTheArray(bodies),
  },
];

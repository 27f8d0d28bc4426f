import { checkKey } from "../../src/keys.ts";
import { StoreError } from "../../src/errors.ts";
import type { DeleteFailure, ListOptions, ListPage, OperationOptions } from "../../src/store.ts";
import { MapStore } from "../support/map-store.ts";
import type { BrokenStore, Created } from "./broken-store.ts";
import { OpenStore } from "./open-store.ts";
import { Prefixed } from "./prefixed.ts";

type Rename = (key: string) => string;

/** Keeps each key under the name that `rename` gives it. */
class Renames extends MapStore {
  readonly #rename: Rename;

  constructor(bodies: Map<string, Uint8Array>, rename: Rename) {
    super(bodies);
    this.#rename = rename;
  }

  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    return super.create(this.#renamed(key, options), body, options);
  }

  override async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return super.get(this.#renamed(key, options), options);
  }

  override async delete(
    keys: readonly string[],
    options?: OperationOptions,
  ): Promise<readonly DeleteFailure[]> {
    return super.delete(
      keys.map((key) => this.#renamed(key, options)),
      options,
    );
  }

  #renamed(key: string, options: OperationOptions | undefined): string {
    options?.signal?.throwIfAborted();
    checkKey(key);
    return this.#rename(key);
  }
}

function renaming(rename: Rename): BrokenStore["open"] {
  return ({ bodies }) => new Renames(bodies, rename);
}

/** Lists each key as `rename` makes it. Reads and writes keep the contract. */
class ListsOtherNames extends MapStore {
  readonly #rename: (key: string) => string | undefined;

  constructor(bodies: Map<string, Uint8Array>, rename: (key: string) => string | undefined) {
    super(bodies);
    this.#rename = rename;
  }

  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    for await (const { objects, prefixes } of super.list(prefix, options)) {
      yield {
        objects: objects.flatMap(({ key, size }) => {
          const name = this.#rename(key);
          return name === undefined ? [] : [{ key: name, size }];
        }),
        prefixes,
      };
    }
  }
}

/** Refuses keys that the contract allows. */
class Refuses extends MapStore {
  readonly #isRefused: (key: string) => boolean;

  constructor(bodies: Map<string, Uint8Array>, isRefused: (key: string) => boolean) {
    super(bodies);
    this.#isRefused = isRefused;
  }

  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    options?.signal?.throwIfAborted();
    if (this.#isRefused(key)) throw new StoreError("InvalidKey", `"${key}" is not allowed`, { key });
    return super.create(key, body, options);
  }
}

class CreatesUnderAnyKey extends OpenStore {
  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    options?.signal?.throwIfAborted();
    if (body.byteLength >= 2 ** 31) throw new RangeError("too large");
    if (this.bodies.has(key)) return "exists";
    this.bodies.set(key, new Uint8Array(body));
    return "created";
  }
}

class ReadsAnyKey extends OpenStore {
  override async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    options?.signal?.throwIfAborted();
    const body = this.bodies.get(key);
    return body === undefined ? undefined : new Uint8Array(body);
  }
}

class DeletesAnyKey extends OpenStore {
  override async delete(
    keys: readonly string[],
    options?: OperationOptions,
  ): Promise<readonly DeleteFailure[]> {
    options?.signal?.throwIfAborted();
    for (const key of keys) this.bodies.delete(key);
    return [];
  }
}

class ChecksTheKeyTooLate extends OpenStore {
  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    options?.signal?.throwIfAborted();
    try {
      return await super.create(key, body, options);
    } catch (error) {
      if (!(error instanceof RangeError)) this.bodies.set(key, new Uint8Array(body));
      throw error;
    }
  }
}

class DeletesUpToABadKey extends MapStore {
  override async delete(
    keys: readonly string[],
    options?: OperationOptions,
  ): Promise<readonly DeleteFailure[]> {
    options?.signal?.throwIfAborted();
    for (const key of keys) await super.delete([key]);
    return [];
  }
}

class ReportsABadKeyAmongOthers extends MapStore {
  override async delete(
    keys: readonly string[],
    options?: OperationOptions,
  ): Promise<readonly DeleteFailure[]> {
    if (keys.length === 1) return super.delete(keys, options);
    options?.signal?.throwIfAborted();
    const bad = keys.filter((key) => key.includes("//"));
    await super.delete(
      keys.filter((key) => !key.includes("//")),
      options,
    );
    return bad.map((key) => ({ key, error: new StoreError("InvalidKey", `"${key}" is not allowed`) }));
  }
}

/** Makes a directory of the object that is in its way. */
class PutsAFolderOverAnObject extends OpenStore {
  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    const response = await super.create(key, body, options);
    for (let slash = key.indexOf("/"); slash > 0; slash = key.indexOf("/", slash + 1)) {
      this.bodies.delete(key.slice(0, slash));
    }
    return response;
  }
}

class PutsAnObjectOverAFolder extends OpenStore {
  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    const response = await super.create(key, body, options);
    for (const each of this.bodies.keys()) if (each.startsWith(`${key}/`)) this.bodies.delete(each);
    return response;
  }
}

class TakesAFolderForTheObject extends MapStore {
  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    if ([...this.entries().keys()].some((each) => each.startsWith(`${key}/`))) return "exists";
    return super.create(key, body, options);
  }
}

class LetsTheFileSystemsErrorThrough extends MapStore {
  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    const folder = key.slice(0, Math.max(0, key.lastIndexOf("/")));
    if (this.entries().has(folder)) throw new Error("ENOTDIR: not a directory");
    return super.create(key, body, options);
  }
}

const refusing =
  (isRefused: (key: string) => boolean): BrokenStore["open"] =>
  ({ bodies }) =>
    new Refuses(bodies, isRefused);

const listing =
  (rename: (key: string) => string | undefined): BrokenStore["open"] =>
  ({ bodies }) =>
    new ListsOtherNames(bodies, rename);

const isDotted = /(^|\/)\.[^/]*$/;

/** Refuses a key that differs only in case from one that is there, though its harness does not say so. */
class RefusesOtherCase extends MapStore {
  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    options?.signal?.throwIfAborted();
    checkKey(key);
    const other = [...this.entries().keys()].find(
      (each) => each !== key && each.toLowerCase() === key.toLowerCase(),
    );
    if (other !== undefined) throw new StoreError("InvalidKey", `${other} is there`, { key });
    return super.create(key, body, options);
  }
}

/** Deletes a key, and what differs from it in case too. */
class DeletesOtherCase extends MapStore {
  override async delete(
    keys: readonly string[],
    options?: OperationOptions,
  ): Promise<readonly DeleteFailure[]> {
    const folded = new Set(keys.map((key) => key.toLowerCase()));
    const others = [...this.entries().keys()].filter((key) => folded.has(key.toLowerCase()));
    return super.delete([...keys, ...others], options);
  }
}

export const brokenKeys: readonly BrokenStore[] = [
  {
    fault: "folds case",
    caughtBy: "keys.distinct",
    alsoSeenBy: ["keys.allowed", "keys.case", "list.order"],
    open: renaming((key) => key.toLowerCase()),
  },
  {
    fault: "refuses a key that differs in case, and says not that it does",
    caughtBy: "keys.case",
    alsoSeenBy: ["keys.allowed", "keys.distinct", "list.order"],
    open: ({ bodies }) => new RefusesOtherCase(bodies),
  },
  {
    fault: "deletes what differs in case too",
    caughtBy: "keys.case",
    open: ({ bodies }) => new DeletesOtherCase(bodies),
  },
  {
    fault: "loses a dot at a key's end",
    caughtBy: "keys.distinct",
    alsoSeenBy: ["keys.allowed", "list.order"],
    open: renaming((key) => key.replace(/([^./])\.$/, "$1")),
  },
  {
    fault: "loses leading zeros",
    caughtBy: "keys.distinct",
    alsoSeenBy: ["delete.many", "keys.allowed", "list.moving", "list.restart"],
    open: renaming((key) => key.replaceAll(/(^|\/)0+(\d)$/g, "$1$2")),
  },
  {
    fault: "takes `=` for `-`",
    caughtBy: "keys.distinct",
    alsoSeenBy: ["list.order"],
    open: renaming((key) => key.replace(/^a=/, "a-")),
  },
  {
    fault: "cuts keys at 255 bytes",
    caughtBy: "keys.allowed",
    open: renaming((key) => key.slice(0, 255)),
  },
  {
    fault: "reads numbers in keys into 32 bits",
    caughtBy: "keys.allowed",
    open: renaming((key) =>
      key.replace(/^epoch=(\d{11,})/, (_, digits: string) => `epoch=${Number(digits) % 2 ** 32}`),
    ),
  },
  {
    fault: "lists `=` as %3D",
    caughtBy: "keys.allowed",
    alsoSeenBy: [
      "delete.folder",
      "freshness.clients",
      "freshness.concurrent",
      "freshness.own",
      "keys.distinct",
      "list.order",
      "list.pages",
      "list.prefix",
    ],
    open: listing((key) => key.replaceAll("=", "%3D")),
  },
  {
    fault: "does not list names that begin with a dot",
    caughtBy: "keys.allowed",
    alsoSeenBy: ["keys.distinct"],
    open: listing((key) => (isDotted.test(key) ? undefined : key)),
  },
  {
    fault: "refuses names that Windows reserves",
    caughtBy: "keys.allowed",
    open: refusing((key) => key.split("/").includes("CON")),
  },
  {
    fault: "refuses more than 254 segments",
    caughtBy: "keys.allowed",
    open: refusing((key) => key.split("/").length > 254 && key.length <= 900),
  },
  {
    fault: "refuses three dots as it refuses two",
    caughtBy: "keys.allowed",
    open: refusing((key) => key.split("/").includes("...")),
  },
  {
    fault: "creates under any key",
    caughtBy: "keys.forbidden",
    alsoSeenBy: ["errors.store-error"],
    open: ({ bodies }) => new CreatesUnderAnyKey(bodies),
  },
  {
    fault: "reads any key",
    caughtBy: "keys.forbidden",
    alsoSeenBy: ["errors.store-error", "errors.works-on"],
    open: ({ bodies }) => new ReadsAnyKey(bodies),
  },
  {
    fault: "deletes any key",
    caughtBy: "keys.forbidden",
    alsoSeenBy: ["errors.store-error", "keys.one-bad"],
    open: ({ bodies }) => new DeletesAnyKey(bodies),
  },
  {
    fault: "checks a key when it has written",
    caughtBy: "keys.forbidden",
    open: ({ bodies }) => new ChecksTheKeyTooLate(bodies),
  },
  {
    fault: "deletes up to a bad key",
    caughtBy: "keys.one-bad",
    open: ({ bodies }) => new DeletesUpToABadKey(bodies),
  },
  {
    fault: "reports a bad key among others as a failure of its own",
    caughtBy: "keys.one-bad",
    open: ({ bodies }) => new ReportsABadKeyAmongOthers(bodies),
  },
  {
    fault: "makes a folder of an object",
    caughtBy: "keys.nested",
    open: ({ bodies }) => new PutsAFolderOverAnObject(bodies),
  },
  {
    fault: "puts an object in a folder's place",
    caughtBy: "keys.nested",
    open: ({ bodies }) => new PutsAnObjectOverAFolder(bodies),
  },
  {
    fault: "takes a folder for the object of its name",
    caughtBy: "keys.nested",
    open: ({ bodies }) => new TakesAFolderForTheObject(bodies),
  },
  {
    fault: "lets ENOTDIR through",
    caughtBy: "keys.nested",
    open: ({ bodies }) => new LetsTheFileSystemsErrorThrough(bodies),
  },
  {
    fault: "keeps two stores' keys as one",
    caughtBy: "keys.separate",
    open: ({ bucket }) => new MapStore(bucket),
  },
  {
    fault: "lists without the slash after its own prefix",
    caughtBy: "keys.separate",
    open: ({ bucket, number }) => new Prefixed(bucket, number, "slash"),
  },
  {
    fault: "reads beneath other stores' prefixes",
    caughtBy: "keys.separate",
    open: ({ bucket, number }) => new Prefixed(bucket, number, "get"),
  },
  {
    fault: "deletes beneath other stores' prefixes",
    caughtBy: "keys.separate",
    open: ({ bucket, number }) => new Prefixed(bucket, number, "delete"),
  },
];

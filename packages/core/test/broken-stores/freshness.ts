import type { DeleteFailure, ListOptions, ListPage, OperationOptions } from "../../src/store.ts";
import { MapStore } from "../support/map-store.ts";
import type { BrokenStore, Created } from "./broken-store.ts";
import { nextIteration } from "../../src/conformance/store-suite/operations.ts";
import { OpenStore } from "./open-store.ts";

/** What the client caches. */
interface Memory {
  readonly bodies?: boolean;
  readonly absences?: boolean;
  readonly listings?: "all" | "folders";
  /** Whether the client's own writes empty its cache. It cannot know of another client's writes. */
  readonly forgets: boolean;
}

/** A cache in the client. */
class Remembers extends MapStore {
  readonly #memory: Memory;
  readonly #bodies: Map<string, Uint8Array | undefined> = new Map();
  readonly #listings: Map<string, readonly ListPage[]> = new Map();

  constructor(bodies: Map<string, Uint8Array>, memory: Memory) {
    super(bodies);
    this.#memory = memory;
  }

  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    const response = await super.create(key, body, options);
    this.#forget();
    return response;
  }

  override async delete(
    keys: readonly string[],
    options?: OperationOptions,
  ): Promise<readonly DeleteFailure[]> {
    const failures = await super.delete(keys, options);
    this.#forget();
    return failures;
  }

  override async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const body = await super.get(key, options);
    if (this.#bodies.has(key)) {
      const cached = this.#bodies.get(key);
      return cached === undefined ? undefined : new Uint8Array(cached);
    }
    const isKept = body === undefined ? this.#memory.absences : this.#memory.bodies;
    if (isKept === true) this.#bodies.set(key, body);
    return body === undefined ? undefined : new Uint8Array(body);
  }

  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    const isKept =
      this.#memory.listings === "all" ||
      (this.#memory.listings === "folders" && options?.delimiter !== undefined);
    if (!isKept) {
      yield* super.list(prefix, options);
      return;
    }
    const name = `${options?.delimiter ?? ""}${prefix}`;
    const cached = this.#listings.get(name);
    const pages: ListPage[] = [];
    for await (const page of super.list(prefix, options)) {
      pages.push(page);
      if (cached === undefined) yield page;
    }
    if (cached === undefined) this.#listings.set(name, pages);
    else yield* cached;
  }

  #forget(): void {
    if (!this.#memory.forgets) return;
    this.#bodies.clear();
    this.#listings.clear();
  }
}

function remembering(memory: Memory): BrokenStore["open"] {
  return ({ bodies }) => new Remembers(bodies, memory);
}

/** Lists the latest created key only from the next iteration of the event loop on. */
class ListsLate extends MapStore {
  #latest: { readonly key: string; readonly isThere: boolean } | undefined;

  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    const response = await super.create(key, body, options);
    if (response === "created") this.#note(key, true);
    return response;
  }

  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    const late = this.#latest?.key;
    for await (const { objects, prefixes } of super.list(prefix, options)) {
      yield { objects: objects.filter(({ key }) => key !== late), prefixes };
    }
  }

  #note(key: string, isThere: boolean): void {
    const latest = { key, isThere };
    this.#latest = latest;
    setImmediate(() => {
      if (this.#latest === latest) this.#latest = undefined;
    });
  }
}

class ReturnsFromADeleteTooEarly extends OpenStore {
  override async delete(
    keys: readonly string[],
    options?: OperationOptions,
  ): Promise<readonly DeleteFailure[]> {
    await super.delete([], options);
    const there = keys.filter((key) => this.bodies.has(key));
    // What is not to be deleted is met as it should be.
    await super.delete(keys.filter((key) => !this.bodies.has(key)));
    setImmediate(() => {
      for (const key of there) this.bodies.delete(key);
    });
    return [];
  }
}

/** Another client sees a create when the replica has it. */
class ReplicatesLate extends MapStore {
  static readonly #owners: WeakMap<Uint8Array, ReplicatesLate> = new WeakMap();

  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    const response = await super.create(key, body, options);
    const there = this.entries().get(key);
    if (response === "created" && there !== undefined) {
      ReplicatesLate.#owners.set(there, this);
      setImmediate(() => ReplicatesLate.#owners.delete(there));
    }
    return response;
  }

  override async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const body = await super.get(key, options);
    const there = this.entries().get(key);
    const owner = there === undefined ? undefined : ReplicatesLate.#owners.get(there);
    return owner === undefined || owner === this ? body : undefined;
  }
}

/** Takes the name at once, and brings the body later. */
class ReservesTheName extends OpenStore {
  readonly #reserved: Set<string> = new Set();

  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    this.check(key, body, options);
    if (this.bodies.has(key) || this.#reserved.has(key)) return "exists";
    this.#reserved.add(key);
    const copy = new Uint8Array(body);
    await Promise.resolve();
    await nextIteration();
    this.bodies.set(key, copy);
    this.#reserved.delete(key);
    return "created";
  }
}

/** Which keys are being created in a medium, and what a listing says of their sizes. */
const unfinished: WeakMap<Map<string, Uint8Array>, Map<string, number>> = new WeakMap();

/** Writes the name with its size in one step, and the body in another. Listings go by the first. */
class WritesInTwoSteps extends OpenStore {
  readonly #first: "size" | "body";
  readonly #unfinished: Map<string, number>;

  constructor(bodies: Map<string, Uint8Array>, first: "size" | "body") {
    super(bodies);
    this.#first = first;
    this.#unfinished = unfinished.get(bodies) ?? new Map();
    unfinished.set(bodies, this.#unfinished);
  }

  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    this.check(key, body, options);
    while (this.#unfinished.has(key)) {
      await nextIteration();
      options?.signal?.throwIfAborted();
    }
    if (this.bodies.has(key)) return "exists";
    // The size is not known before the body is there, if that is the first step.
    this.#unfinished.set(key, this.#first === "size" ? body.length : 0);
    try {
      if (this.#first === "body") this.bodies.set(key, new Uint8Array(body));
      await nextIteration();
      await nextIteration();
      if (this.#first === "size") options?.signal?.throwIfAborted();
      this.bodies.set(key, new Uint8Array(body));
      return "created";
    } finally {
      this.#unfinished.delete(key);
    }
  }

  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    const objects = [...this.#unfinished].filter(([key]) => key.startsWith(prefix));
    if (objects.length > 0 && options?.delimiter === undefined)
      yield { objects: objects.map(([key, size]) => ({ key, size })), prefixes: [] };
    for await (const page of super.list(prefix, options)) {
      yield { ...page, objects: page.objects.filter(({ key }) => !this.#unfinished.has(key)) };
    }
  }
}

/** Keeps an index beside the bodies. It takes 40 concurrent changes, and drops further ones. */
class DropsChangesOfItsIndex extends MapStore {
  readonly #dropped: Set<string> = new Set();
  #changing = 0;

  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    const response = await super.create(key, body, options);
    if (response === "exists") return response;
    this.#changing += 1;
    if (this.#changing > 40) this.#dropped.add(key);
    await nextIteration();
    this.#changing -= 1;
    return response;
  }

  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    for await (const { objects, prefixes } of super.list(prefix, options)) {
      yield { objects: objects.filter(({ key }) => !this.#dropped.has(key)), prefixes };
    }
  }
}

/** If several deletes run concurrently, then the index keeps the keys of all but the first. */
class ForgetsOtherDeletes extends MapStore {
  readonly #undead: Set<string> = new Set();
  #deleting = 0;

  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    const response = await super.create(key, body, options);
    this.#undead.delete(key);
    return response;
  }

  override async delete(
    keys: readonly string[],
    options?: OperationOptions,
  ): Promise<readonly DeleteFailure[]> {
    const there = keys.filter((key) => this.entries().has(key));
    const failures = await super.delete(keys, options);
    this.#deleting += 1;
    if (this.#deleting > 1) for (const key of there) this.#undead.add(key);
    await nextIteration();
    this.#deleting -= 1;
    return failures;
  }

  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    yield* super.list(prefix, options);
    if (options?.delimiter !== undefined) return;
    const undead = [...this.#undead].filter((key) => key.startsWith(prefix));
    yield { objects: undead.map((key) => ({ key, size: 0 })), prefixes: [] };
  }
}

export const brokenFreshness: readonly BrokenStore[] = [
  {
    fault: "reads a body from its cache after the delete",
    caughtBy: "freshness.own",
    alsoSeenBy: ["errors.works-on", "freshness.clients", "freshness.concurrent"],
    open: remembering({ bodies: true, forgets: false }),
  },
  {
    fault: "remembers that a key was absent",
    caughtBy: "freshness.own",
    alsoSeenBy: ["freshness.clients", "keys.separate"],
    open: remembering({ absences: true, forgets: false }),
  },
  {
    fault: "gives a listing from its cache",
    caughtBy: "freshness.own",
    alsoSeenBy: [
      "abort.between-pages",
      "delete.folder",
      "errors.works-on",
      "freshness.clients",
      "freshness.concurrent",
      "keys.allowed",
      "list.whole",
      "list.whole-clients",
    ],
    open: remembering({ listings: "all", forgets: false }),
  },
  {
    fault: "gives folders from its cache",
    caughtBy: "freshness.own",
    alsoSeenBy: ["freshness.clients", "freshness.concurrent"],
    open: remembering({ listings: "folders", forgets: false }),
  },
  {
    fault: "lists a key a little after it was created",
    caughtBy: "freshness.own",
    alsoSeenBy: [
      "create.empty",
      "create.huge",
      "create.large",
      "delete.children",
      "delete.folder",
      "delete.many",
      "errors.works-on",
      "freshness.clients",
      "freshness.concurrent",
      "keys.allowed",
      "keys.distinct",
      "keys.one-bad",
      "keys.separate",
      "list.at-next",
      "list.moving",
      "list.order",
      "list.pages",
      "list.restart",
      "list.whole",
    ],
    open: ({ bodies }) => new ListsLate(bodies),
  },
  {
    fault: "returns from a delete before it is done",
    caughtBy: "freshness.own",
    alsoSeenBy: [
      "create.after-delete",
      "delete.folder",
      "delete.gone",
      "delete.idempotent",
      "delete.many",
      "delete.neighbours",
      "durability.deletes",
      "durability.exists",
      "durability.unclosed",
      "errors.works-on",
      "freshness.clients",
      "freshness.concurrent",
      "keys.allowed",
      "list.empty",
    ],
    open: ({ bodies }) => new ReturnsFromADeleteTooEarly(bodies),
  },
  {
    fault: "reads a body from its cache after another client's delete",
    caughtBy: "freshness.clients",
    open: remembering({ bodies: true, forgets: true }),
  },
  {
    fault: "remembers that a key was absent, until it writes itself",
    caughtBy: "freshness.clients",
    open: remembering({ absences: true, forgets: true }),
  },
  {
    fault: "gives a listing from its cache, until it writes itself",
    caughtBy: "freshness.clients",
    alsoSeenBy: ["abort.between-pages", "list.whole", "list.whole-clients"],
    open: remembering({ listings: "all", forgets: true }),
  },
  {
    fault: "reads from a replica that has another client's create a little later",
    caughtBy: "freshness.clients",
    alsoSeenBy: [
      "create.race-clients",
      "durability.again",
      "durability.exists",
      "durability.reopen",
      "durability.unclosed",
    ],
    open: ({ bodies }) => new ReplicatesLate(bodies),
  },
  {
    fault: "reserves a name before the body is there",
    caughtBy: "freshness.loser",
    alsoSeenBy: ["create.race-clients"],
    open: ({ bodies }) => new ReservesTheName(bodies),
  },
  {
    fault: "writes the size record, which listings go by, before the body",
    caughtBy: "freshness.listed",
    open: ({ bodies }) => new WritesInTwoSteps(bodies, "size"),
  },
  {
    fault: "lists a size of 0 until the size record is written, after the body",
    caughtBy: "freshness.listed",
    alsoSeenBy: ["create.whole"],
    open: ({ bodies }) => new WritesInTwoSteps(bodies, "body"),
  },
  {
    fault: "loses creates from its index when many come at once",
    caughtBy: "freshness.concurrent",
    open: ({ bodies }) => new DropsChangesOfItsIndex(bodies),
  },
  {
    fault: "loses deletes from its index when several come at once",
    caughtBy: "freshness.concurrent",
    open: ({ bodies }) => new ForgetsOtherDeletes(bodies),
  },
];

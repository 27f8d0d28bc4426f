import { nextIteration } from "../../src/conformance/store-suite/operations.ts";
import type { ListedObject, ListOptions, ListPage } from "../../src/store.ts";
import { MapStore } from "../support/map-store.ts";
import type { BrokenStore, Created } from "./broken-store.ts";

type Order = "ascending" | "descending";

/** In how many iterations of the event loop the names of a full page are looked at. */
const iterations = 8;

/** Takes the names of a page at once, and looks at them one after another, some in each iteration of the event loop. */
class LooksLater extends MapStore {
  readonly #order: Order;

  constructor(bodies: Map<string, Uint8Array>, order: Order) {
    super(bodies);
    this.#order = order;
  }

  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    for await (const { objects, prefixes } of super.list(prefix, options)) {
      yield { objects: await this.look(objects, options?.signal), prefixes };
    }
  }

  /** Those of the names that are there when they are looked at. */
  protected async look(
    names: readonly ListedObject[],
    signal: AbortSignal | undefined,
  ): Promise<readonly ListedObject[]> {
    const there: ListedObject[] = [];
    const queue = this.#order === "ascending" ? names : names.toReversed();
    const batch = Math.ceil(names.length / iterations);
    for (const [index, object] of queue.entries()) {
      if (index % batch === 0) await nextIteration();
      signal?.throwIfAborted();
      if (this.entries().has(object.key)) there.push(object);
    }
    return this.#order === "ascending" ? there : there.toReversed();
  }
}

/** Takes the names again if one of them is gone, but only once. */
class TakesTheNamesAgainOnce extends LooksLater {
  protected override async look(
    names: readonly ListedObject[],
    signal: AbortSignal | undefined,
  ): Promise<readonly ListedObject[]> {
    const there = await super.look(names, signal);
    const [first, last] = [names.at(0)?.key ?? "", names.at(-1)?.key ?? ""];
    if (there.length === names.length) return there;
    const again = [...this.entries().keys()].filter((key) => key >= first && key <= last).toSorted();
    return super.look(
      again.map((key) => ({ key, size: this.entries().get(key)?.length ?? 0 })),
      signal,
    );
  }
}

/** Reads the keys that end in an even digit at one moment, and the others at a later one. */
class MakesAPageOfTwoMoments extends MapStore {
  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    if (options?.delimiter !== undefined) {
      yield* super.list(prefix, options);
      return;
    }
    await super.list(prefix, options).next();
    for (let last = ""; ;) {
      const first = this.#after(prefix, last).slice(0, 1_000);
      const end = first.length === 1_000 ? (first.at(-1) ?? "") : "~";
      await nextIteration();
      options?.signal?.throwIfAborted();
      const second = this.#after(prefix, last).filter((key) => key <= end);
      const keys = [...first.filter(isEven), ...second.filter((key) => !isEven(key))].toSorted();
      yield {
        objects: keys.map((key) => ({ key, size: this.entries().get(key)?.length ?? 0 })),
        prefixes: [],
      };
      if (end === "~") return;
      last = end;
    }
  }

  #after(prefix: string, last: string): readonly string[] {
    return [...this.entries().keys()].filter((key) => key.startsWith(prefix) && key > last).toSorted();
  }
}

function isEven(key: string): boolean {
  return key.charCodeAt(key.length - 1) % 2 === 0;
}

/** Holds its own writes back while it looks, and not those of another client. */
class LocksItsOwnClientOnly extends LooksLater {
  #looking: Promise<unknown> = Promise.resolve();

  protected override async look(
    names: readonly ListedObject[],
    signal: AbortSignal | undefined,
  ): Promise<readonly ListedObject[]> {
    const found = super.look(names, signal);
    this.#looking = Promise.allSettled([this.#looking, found]);
    return found;
  }

  override async create(...parameters: Parameters<MapStore["create"]>): Promise<Created> {
    await this.#looking;
    return super.create(...parameters);
  }

  override async delete(...parameters: Parameters<MapStore["delete"]>): ReturnType<MapStore["delete"]> {
    await this.#looking;
    return super.delete(...parameters);
  }
}

function undeclared(store: MapStore): MapStore {
  Reflect.deleteProperty(store, "wholeListings");
  return store;
}

export const tornListings: readonly BrokenStore[] = [
  {
    fault: "takes the names of a page first and looks at them in ascending order",
    caughtBy: "list.whole",
    alsoSeenBy: ["list.whole-clients"],
    open: ({ bodies }) => new LooksLater(bodies, "ascending"),
  },
  {
    fault: "takes the names of a page first and looks at them in descending order",
    caughtBy: "list.whole",
    alsoSeenBy: ["list.whole-clients"],
    open: ({ bodies }) => new LooksLater(bodies, "descending"),
  },
  {
    fault: "takes the names again once where one is gone, and not until none is",
    caughtBy: "list.whole",
    alsoSeenBy: ["list.whole-clients"],
    open: ({ bodies }) => new TakesTheNamesAgainOnce(bodies, "ascending"),
  },
  {
    fault: "makes a page of two moments",
    caughtBy: "list.whole",
    open: ({ bodies }) => new MakesAPageOfTwoMoments(bodies),
  },
  {
    fault: "takes the names first, and holds back its own client's writes only",
    caughtBy: "list.whole-clients",
    open: ({ bodies }) => new LocksItsOwnClientOnly(bodies, "ascending"),
  },
  {
    fault: "does not declare that its listings are whole, though its harness says so",
    caughtBy: "list.whole-declared",
    open: ({ bodies }) => undeclared(new MapStore(bodies)),
  },
];

import { StoreError } from "../../src/errors.ts";
import type { ListOptions, ListPage } from "../../src/store.ts";
import { MapStore } from "../support/map-store.ts";
import type { BrokenStore } from "./broken-store.ts";
import { brokenPages } from "./list-pages.ts";
import { brokenOrders } from "./list-order.ts";
import { tornListings } from "./list-whole.ts";

/** Gives what `edit` makes of each page. */
class Edits extends MapStore {
  readonly #edit: (page: ListPage, prefix: string, options: ListOptions | undefined) => ListPage;

  constructor(
    bodies: Map<string, Uint8Array>,
    edit: (page: ListPage, prefix: string, options: ListOptions | undefined) => ListPage,
  ) {
    super(bodies);
    this.#edit = edit;
  }

  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    for await (const page of super.list(prefix, options)) yield this.#edit(page, prefix, options);
  }
}

function editing(
  edit: (page: ListPage, prefix: string, options: ListOptions | undefined) => ListPage,
): BrokenStore["open"] {
  return ({ bodies }) => new Edits(bodies, edit);
}

/** Lists all keys that `matches` says so of. */
class Matches extends MapStore {
  readonly #matches: (key: string, prefix: string) => boolean;

  constructor(bodies: Map<string, Uint8Array>, matches: (key: string, prefix: string) => boolean) {
    super(bodies);
    this.#matches = matches;
  }

  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    if (options?.delimiter !== undefined || prefix === "") {
      yield* super.list(prefix, options);
      return;
    }
    await super.list(prefix, options).next();
    for await (const { objects } of super.list("", options)) {
      yield { objects: objects.filter(({ key }) => this.#matches(key, prefix)), prefixes: [] };
    }
  }
}

class IgnoresTheDelimiter extends MapStore {
  override list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    return super.list(prefix, { signal: options?.signal });
  }
}

class FailsWhereNothingIs extends MapStore {
  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    let isEmpty = true;
    for await (const page of super.list(prefix, options)) {
      isEmpty = false;
      yield page;
    }
    if (isEmpty && prefix !== "") throw new StoreError("Failed", `ENOENT: "${prefix}"`);
  }
}

class KeepsEmptiedFolders extends MapStore {
  readonly #folders: Set<string> = new Set();

  override async create(...parameters: Parameters<MapStore["create"]>): ReturnType<MapStore["create"]> {
    const [key] = parameters;
    const response = await super.create(...parameters);
    if (key.includes("/")) this.#folders.add(`${key.split("/")[0]}/`);
    return response;
  }

  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    const listed = new Set<string>();
    for await (const page of super.list(prefix, options)) {
      for (const folder of page.prefixes) listed.add(folder);
      yield page;
    }
    if (prefix !== "" || options?.delimiter === undefined) return;
    yield { objects: [], prefixes: [...this.#folders].filter((folder) => !listed.has(folder)) };
  }
}

/** Begins a listing at the cursor where the last listing of that prefix stopped. */
class KeepsItsCursor extends MapStore {
  readonly #cursors: Map<string, number> = new Map();

  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    let page = 0;
    for await (const each of super.list(prefix, options)) {
      page += 1;
      if (page <= (this.#cursors.get(prefix) ?? 0)) continue;
      this.#cursors.set(prefix, page);
      yield each;
    }
    this.#cursors.delete(prefix);
  }
}

class ReadsTheFirstPageAtOnce extends MapStore {
  override list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    const listing = super.list(prefix, options);
    const first = listing.next();
    first.catch(() => "reported at next()");
    return (async function* (): AsyncGenerator<ListPage> {
      const page = await first;
      if (page.done === true) return;
      yield page.value;
      yield* listing;
    })();
  }
}

class TakesAnyPrefix extends MapStore {
  override list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    return super.list(prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`, options);
  }
}

export const brokenLists: readonly BrokenStore[] = [
  ...brokenPages,
  ...brokenOrders,
  ...tornListings,
  {
    fault: "matches epoch=10/ by epoch=1/",
    caughtBy: "list.prefix",
    alsoSeenBy: ["delete.folder", "list.empty"],
    open: ({ bodies }) => new Matches(bodies, (key, prefix) => key.startsWith(prefix.slice(0, -1))),
  },
  {
    fault: "matches a prefix anywhere in a key",
    caughtBy: "list.prefix",
    open: ({ bodies }) => new Matches(bodies, (key, prefix) => key.includes(prefix)),
  },
  {
    fault: "takes a prefix without its slash",
    caughtBy: "list.bad-prefix",
    open: ({ bodies }) => new TakesAnyPrefix(bodies),
  },
  {
    fault: "lists a marker of the folder itself",
    caughtBy: "list.delimiter",
    alsoSeenBy: ["list.folders"],
    open: editing(({ objects, prefixes }, prefix, options) => ({
      objects:
        options?.delimiter === undefined || prefix === "" ? objects : [{ key: prefix, size: 0 }, ...objects],
      prefixes,
    })),
  },
  {
    fault: "gives folders relative to the prefix",
    caughtBy: "list.delimiter",
    alsoSeenBy: ["freshness.clients", "freshness.concurrent", "freshness.own", "list.folders", "list.order"],
    open: editing(({ objects, prefixes }, prefix) => ({
      objects,
      prefixes: prefixes.map((folder) => folder.slice(prefix.length)),
    })),
  },
  {
    fault: "gives folders without their slash",
    caughtBy: "list.delimiter",
    alsoSeenBy: [
      "freshness.clients",
      "freshness.concurrent",
      "freshness.own",
      "keys.separate",
      "list.folders",
      "list.order",
    ],
    open: editing(({ objects, prefixes }) => ({
      objects,
      prefixes: prefixes.map((folder) => folder.slice(0, -1)),
    })),
  },
  {
    fault: "gives each child twice: as a key, and as a folder of its name",
    caughtBy: "list.delimiter",
    alsoSeenBy: ["list.folders"],
    open: editing(({ objects, prefixes }, _, options) => ({
      objects,
      prefixes:
        options?.delimiter === undefined ? prefixes : [...objects.map(({ key }) => `${key}/`), ...prefixes],
    })),
  },
  {
    fault: "ignores the delimiter",
    caughtBy: "list.delimiter",
    alsoSeenBy: [
      "freshness.clients",
      "freshness.concurrent",
      "freshness.own",
      "keys.separate",
      "list.folders",
      "list.order",
    ],
    open: ({ bodies }) => new IgnoresTheDelimiter(bodies),
  },
  {
    fault: "fails where a prefix has no keys",
    caughtBy: "list.empty",
    alsoSeenBy: ["delete.folder", "freshness.clients", "freshness.own", "list.prefix"],
    open: ({ bodies }) => new FailsWhereNothingIs(bodies),
  },
  {
    fault: "still lists a folder that was emptied",
    caughtBy: "list.empty",
    open: ({ bodies }) => new KeepsEmptiedFolders(bodies),
  },
  {
    fault: "goes on where the last listing was stopped",
    caughtBy: "list.restart",
    alsoSeenBy: ["list.whole-clients"],
    open: ({ bodies }) => new KeepsItsCursor(bodies),
  },
  {
    fault: "reads the first page at list()",
    caughtBy: "list.at-next",
    open: ({ bodies }) => new ReadsTheFirstPageAtOnce(bodies),
  },
];

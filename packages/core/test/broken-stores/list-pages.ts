import type { ListedObject, ListOptions, ListPage } from "../../src/store.ts";
import { MapStore } from "../support/map-store.ts";
import type { BrokenStore } from "./broken-store.ts";

/** A page, and what came before it in the same listing. */
interface Place {
  /** 0 for the first page. */
  readonly index: number;
  readonly before: readonly ListPage[];
}

type Edit = (page: ListPage, place: Place) => ListPage;

class Edits extends MapStore {
  readonly #edit: Edit;

  constructor(bodies: Map<string, Uint8Array>, edit: Edit) {
    super(bodies);
    this.#edit = edit;
  }

  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    const before: ListPage[] = [];
    for await (const page of super.list(prefix, options)) {
      yield this.#edit(page, { index: before.length, before });
      before.push(page);
    }
  }
}

function editing(edit: Edit): BrokenStore["open"] {
  return ({ bodies }) => new Edits(bodies, edit);
}

function editingObjects(
  edit: (objects: readonly ListedObject[], place: Place) => ListedObject[],
): BrokenStore["open"] {
  return editing(({ objects, prefixes }, place) => ({ objects: edit(objects, place), prefixes }));
}

/** Continues each page at a position. If a key before it is deleted, then the next page skips a key. */
class CountsWhereItWas extends MapStore {
  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    if (options?.delimiter !== undefined) {
      yield* super.list(prefix, options);
      return;
    }
    await super.list(prefix, options).next();
    for (let from = 0; ; from += 1_000) {
      options?.signal?.throwIfAborted();
      const keys = [...this.entries().keys()].filter((key) => key.startsWith(prefix)).toSorted();
      const page = keys.slice(from, from + 1_000);
      if (page.length === 0) return;
      yield {
        objects: page.map((key) => ({ key, size: this.entries().get(key)?.length ?? 0 })),
        prefixes: [],
      };
    }
  }
}

/** Continues behind the last key that it gave. If that key was deleted, then the listing ends. */
class EndsWhenItsKeyIsGone extends MapStore {
  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    for await (const page of super.list(prefix, options)) {
      yield page;
      const last = page.objects.at(-1)?.key;
      if (last !== undefined && !this.entries().has(last)) return;
    }
  }
}

/** Takes the keys when the listing begins, and gives them page by page later. */
class GathersAllPages extends MapStore {
  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    const pages: ListPage[] = [];
    for await (const page of super.list(prefix, options)) pages.push(page);
    yield {
      objects: pages.flatMap(({ objects }) => objects),
      prefixes: pages.flatMap(({ prefixes }) => prefixes),
    };
  }
}

class GivesFoldersWithTheLastPage extends MapStore {
  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    let held: ListPage | undefined;
    for await (const page of super.list(prefix, options)) {
      if (held !== undefined) yield { objects: held.objects, prefixes: [] };
      held = page;
    }
    if (held !== undefined) yield held;
  }
}

/** Asks for further pages without the prefix's slash. */
class WidensFurtherPages extends MapStore {
  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    let last = "";
    for await (const { objects, prefixes } of super.list(prefix, options)) {
      yield { objects, prefixes };
      last = objects.at(-1)?.key ?? "";
      if (objects.length === full && options?.delimiter === undefined) break;
      last = "";
    }
    if (last === "") return;
    const keys = [...this.entries().keys()].filter(
      (key) => key.startsWith(prefix.slice(0, -1)) && key > last,
    );
    for (let from = 0; from < keys.length; from += full) {
      options?.signal?.throwIfAborted();
      const page = keys.toSorted().slice(from, from + full);
      yield {
        objects: page.map((key) => ({ key, size: this.entries().get(key)?.length ?? 0 })),
        prefixes: [],
      };
    }
  }
}

const full = 1_000;

export const brokenPages: readonly BrokenStore[] = [
  {
    fault: "loses a page's last key",
    caughtBy: "list.pages",
    alsoSeenBy: ["delete.folder"],
    open: editingObjects((objects) => (objects.length < full ? [...objects] : objects.slice(0, -1))),
  },
  {
    fault: "skips a further page's first key",
    caughtBy: "list.pages",
    alsoSeenBy: ["delete.folder", "list.folders"],
    open: editingObjects((objects, { index }) => (index === 0 ? [...objects] : objects.slice(1))),
  },
  {
    fault: "gives a page's last key again on the next",
    caughtBy: "list.pages",
    alsoSeenBy: ["delete.folder", "list.folders", "list.moving"],
    open: editingObjects((objects, { before }) => [...(before.at(-1)?.objects.slice(-1) ?? []), ...objects]),
  },
  {
    fault: "loses the second page",
    caughtBy: "list.pages",
    alsoSeenBy: ["delete.folder", "list.folders", "list.moving"],
    open: editingObjects((objects, { index }) => (index === 1 ? [] : [...objects])),
  },
  {
    fault: "gives the first page only",
    caughtBy: "list.pages",
    alsoSeenBy: ["delete.folder", "list.folders", "list.moving"],
    open: editingObjects((objects, { index }) => (index > 0 ? [] : [...objects])),
  },
  {
    fault: "gives a page twice",
    caughtBy: "list.pages",
    alsoSeenBy: ["delete.folder", "list.folders", "list.moving"],
    open: editingObjects((objects, { index, before }) =>
      index === 1 ? [...(before[0]?.objects ?? []), ...objects] : [...objects],
    ),
  },
  {
    fault: "lists sizes in blocks of 512 bytes",
    caughtBy: "list.pages",
    alsoSeenBy: ["create.large", "freshness.listed"],
    open: editingObjects((objects) =>
      objects.map(({ key, size }) => ({ key, size: Math.ceil(size / 512) * 512 })),
    ),
  },
  {
    fault: "lists each key with the size of the one before it",
    caughtBy: "list.pages",
    alsoSeenBy: ["freshness.listed"],
    open: editingObjects((objects) =>
      objects.map(({ key, size }, index) => ({ key, size: objects[index - 1]?.size ?? size })),
    ),
  },
  {
    fault: "asks for a further page without the prefix's slash",
    caughtBy: "delete.folder",
    open: ({ bodies }) => new WidensFurtherPages(bodies),
  },
  {
    fault: "counts where it was, and not which key was the last",
    caughtBy: "list.moving",
    open: ({ bodies }) => new CountsWhereItWas(bodies),
  },
  {
    fault: "ends when the key that it goes on from is deleted",
    caughtBy: "list.moving",
    open: ({ bodies }) => new EndsWhenItsKeyIsGone(bodies),
  },
  {
    fault: "gathers all pages before it gives one",
    caughtBy: "list.page-size",
    open: ({ bodies }) => new GathersAllPages(bodies),
  },
  {
    fault: "gives the folders of the last page only",
    caughtBy: "list.folders",
    open: ({ bodies }) => new GivesFoldersWithTheLastPage(bodies),
  },
  {
    fault: "gives a folder again on each page that it is on",
    caughtBy: "list.folders",
    open: editing(({ objects, prefixes }, { before }) => ({
      objects,
      prefixes: [...(before.at(-1)?.prefixes.slice(-1) ?? []), ...prefixes],
    })),
  },
];

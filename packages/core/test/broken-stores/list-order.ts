import type { ListOptions, ListPage } from "../../src/store.ts";
import { MapStore } from "../support/map-store.ts";
import type { BrokenStore } from "./broken-store.ts";

type Compare = (left: string, right: string) => number;

/** Lists in an order of its own, in pages of 1,000. */
class Orders extends MapStore {
  readonly #compare: Compare;

  constructor(bodies: Map<string, Uint8Array>, compare: Compare) {
    super(bodies);
    this.#compare = compare;
  }

  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    const pages: ListPage[] = [];
    for await (const page of super.list(prefix, options)) pages.push(page);
    const objects = pages
      .flatMap((page) => page.objects)
      .toSorted((left, right) => this.#compare(left.key, right.key));
    const prefixes = pages.flatMap((page) => page.prefixes).toSorted(this.#compare);
    for (let from = 0; from < objects.length || from < prefixes.length; from += 1_000) {
      options?.signal?.throwIfAborted();
      yield { objects: objects.slice(from, from + 1_000), prefixes: prefixes.slice(from, from + 1_000) };
    }
  }
}

function ordering(compare: Compare): BrokenStore["open"] {
  return ({ bodies }) => new Orders(bodies, compare);
}

/** A Map is in the order in which its keys were set. */
class ListsInTheOrderOfCreation extends MapStore {
  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    const ranks = new Map([...this.entries().keys()].map((key, rank) => [key, rank]));
    for await (const { objects, prefixes } of super.list(prefix, options)) {
      const rank = (key: string): number => ranks.get(key) ?? 0;
      yield { objects: objects.toSorted((left, right) => rank(left.key) - rank(right.key)), prefixes };
    }
  }
}

/** Makes its pages in the order of creation, and sorts within each page only. */
class SortsEachPageAlone extends MapStore {
  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    if (options?.delimiter !== undefined) {
      yield* super.list(prefix, options);
      return;
    }
    await super.list(prefix, options).next();
    const keys = [...this.entries().keys()].filter((key) => key.startsWith(prefix));
    for (let from = 0; from < keys.length; from += 1_000) {
      options?.signal?.throwIfAborted();
      const page = keys.slice(from, from + 1_000).toSorted();
      yield {
        objects: page.map((key) => ({ key, size: this.entries().get(key)?.length ?? 0 })),
        prefixes: [],
      };
    }
  }
}

const byBytes: Compare = (left, right) => (left < right ? -1 : Number(left > right));
const numeric = new Intl.Collator("en", { numeric: true });
const locale = new Intl.Collator("en");

/** "~" comes after every character of a key, and "!" before. */
function slashAs(character: string): Compare {
  return (left, right) => byBytes(left.replaceAll("/", character), right.replaceAll("/", character));
}

function digitsAsNumbers(left: string, right: string): number {
  const [, leftName = "", leftNumber = ""] = /^(.*?)(\d+)$/.exec(left) ?? [];
  const [, rightName = "", rightNumber = ""] = /^(.*?)(\d+)$/.exec(right) ?? [];
  if (leftName === "" || leftName !== rightName) return byBytes(left, right);
  return Number(leftNumber) - Number(rightNumber);
}

export const brokenOrders: readonly BrokenStore[] = [
  {
    fault: "sorts by locale",
    caughtBy: "list.order",
    open: ordering((left, right) => locale.compare(left, right)),
  },
  {
    fault: "sorts by locale, and digits as numbers",
    caughtBy: "list.order",
    alsoSeenBy: ["delete.folder"],
    open: ordering((left, right) => numeric.compare(left, right)),
  },
  {
    fault: "sorts digits at a key's end as numbers",
    caughtBy: "list.order",
    open: ordering(digitsAsNumbers),
  },
  {
    fault: "sorts without regard to case",
    caughtBy: "list.order",
    open: ordering((left, right) => byBytes(left.toLowerCase(), right.toLowerCase())),
  },
  {
    fault: "sorts what is in a folder first",
    caughtBy: "list.order",
    alsoSeenBy: ["delete.folder"],
    open: ordering(slashAs("!")),
  },
  {
    fault: "sorts what is in a folder last",
    caughtBy: "list.order",
    alsoSeenBy: ["delete.folder"],
    open: ordering(slashAs("~")),
  },
  {
    fault: "lists in the order of creation",
    caughtBy: "list.order",
    alsoSeenBy: ["delete.folder", "list.moving", "list.pages"],
    open: ({ bodies }) => new ListsInTheOrderOfCreation(bodies),
  },
  {
    fault: "sorts each page alone",
    caughtBy: "list.pages",
    alsoSeenBy: ["delete.folder"],
    open: ({ bodies }) => new SortsEachPageAlone(bodies),
  },
];

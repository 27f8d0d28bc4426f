import { expect, long } from "../store-case.ts";
import type { StoreCase } from "../store-case.ts";
import {
  createAll,
  deleteAll,
  expectListing,
  expectOrder,
  expectSame,
  listAll,
  show,
} from "../operations.ts";
import { fill, hasEdge, numbered, severalPages } from "../several-pages.ts";

const edge = "a page's last key lost, repeated or taken as included by the next page's cursor";

/** What can go wrong where one page ends and the next begins. */
export const pagingCases: readonly StoreCase[] = [
  {
    id: "list.pages",
    title: "2,500 keys are listed over several pages, each once, in order, with its size",
    family: "list",
    must: "L1",
    timeoutMs: long,
    async run({ store, notReached }) {
      const paged = await fill(store, "epoch=1/", partials, [2_500, severalPages]);
      hasEdge({ notReached }, paged);
      const { objects } = await expectListing(store, "epoch=1/", paged.keys.toSorted(), [], edge);
      const wrong = objects.find(({ key, size }) => size !== key.length);
      expect(
        wrong === undefined,
        `${show(wrong?.key)} was listed with size ${wrong?.size}, not ${wrong?.key.length}`,
        "sizes shifted between keys, or sizes on disk",
      );
    },
  },
  {
    id: "list.page-size",
    title: "of 5,001 keys no page holds more than 5,000",
    family: "list",
    must: "L7",
    timeoutMs: long,
    async run({ store }) {
      const { pages } = await fill(store, "a/", plain, [2_500, 5_001]);
      expect(
        Math.max(...pages) <= 5_000,
        `pages of ${pages.join(", ")} keys`,
        "all pages gathered before the first is given: the memory of a listing grows with the store",
      );
    },
  },
  {
    id: "list.folders",
    title:
      "1,300 keys and 1,300 folders side by side are listed with the delimiter over several pages, each once",
    family: "list",
    must: "L3",
    timeoutMs: long,
    async run({ store, notReached }) {
      const options = { delimiter: "/" } as const;
      const paged = await fill(store, "a/", neighbours, [1_300, severalPages / 2], options);
      hasEdge({ notReached }, paged);
      const listing = await listAll(store, "a/", options);
      expectSame(
        listing.keys,
        paged.keys.filter((key) => !isFolded(key)).toSorted(),
        `the keys in list("a/", "/")`,
        edge,
      );
      expectSame(
        listing.prefixes,
        paged.keys
          .filter(isFolded)
          .map((key) => key.slice(0, -1))
          .toSorted(),
        `the prefixes in list("a/", "/")`,
        "folders of the last page only, or a folder given again on each page",
      );
    },
  },
  {
    id: "list.moving",
    title:
      "keys that are there throughout are listed once and in order, whatever is created and deleted around the cursor",
    family: "list",
    must: "L1",
    timeoutMs: long,
    async run({ store, notReached }) {
      const paged = await fill(store, "a/", plain, [2_500, severalPages]);
      hasEdge({ notReached }, paged);
      const staying = new Set(paged.keys);
      const known = new Set(paged.keys);
      const seen = new Set<string>();
      let cursor = "";
      for await (const page of store.list("a/")) {
        const names = page.objects.map(({ key }) => key);
        expectOrder([cursor, ...names], "a listing among writes");
        if (names.length === 0) continue;
        for (const name of names) seen.add(name);
        cursor = names.at(-1) ?? cursor;
        const following = paged.keys.find((key) => key > cursor);
        // No key behind the last of the first keys: the listing would go on for as long as such keys are created.
        const behind = following === undefined ? [] : [`${cursor}-`, `a/9999.${seen.size}`];
        const born = [`a/0000.${seen.size}`, ...behind];
        for (const key of born) known.add(key);
        await createAll(store, born);
        const going = new Set([
          ...names.slice(0, 20),
          cursor,
          ...(following === undefined ? [] : [following]),
        ]);
        for (const key of going) staying.delete(key);
        await deleteAll(store, [...going]);
      }
      const lost = [...staying].filter((key) => !seen.has(key));
      expect(
        lost.length === 0,
        `${lost.length} keys that were there throughout were not listed: ${show(lost)}`,
        "a cursor that is a position and not a key: what is deleted before it moves everything",
      );
      const invented = [...seen].filter((key) => !known.has(key));
      expect(
        invented.length === 0,
        `keys were listed that never were: ${show(invented)}`,
        "unfinished writes listed",
      );
    },
  },
];

function plain(count: number): string[] {
  return numbered(count, (number) => `a/${number}`);
}

/** Keys of different lengths. A body is its key, so that the sizes differ too. */
function partials(count: number): string[] {
  return numbered(
    count,
    (number) => `epoch=1/vnode=${number.slice(2)}/partial.${padding(number)}.${number}.bin`,
  );
}

function padding(number: string): string {
  return "x".repeat(Number(number) % 100);
}

function neighbours(count: number): string[] {
  return numbered(count, (number) => `a/${number}`).flatMap((name) => [`${name}.bin`, `${name}/x`]);
}

function isFolded(key: string): boolean {
  return key.endsWith("/x");
}

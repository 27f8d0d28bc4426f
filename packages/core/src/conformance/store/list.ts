import type { ListPage, ObjectStore } from "../../store.ts";
import { isStoreError } from "../../errors.ts";
import { expect, long, short } from "./case.ts";
import type { StoreCase } from "./case.ts";
import { fill, hasEdge, numbered, severalPages } from "./pages.ts";
import {
  createAll,
  deleteAll,
  expectOrder,
  expectSame,
  listAll,
  seen,
  settled,
  show,
  utf8,
} from "./operations.ts";

const edge = "a page's last key lost, repeated or taken as included by the next page's cursor";

export const listCases: readonly StoreCase[] = [
  {
    id: "list.empty",
    title: "an empty store and a prefix without keys list nothing",
    family: "list",
    must: "L1",
    timeoutMs: short,
    async run({ store }) {
      const cause = "a missing folder taken for an error, or something of the store's own that is listed";
      await expectListing(store, "", [], [], cause);
      await createAll(store, ["a/b"]);
      await expectListing(store, "b/", [], [], cause);
      await expectListing(store, "a/b/", [], [], cause);
      await deleteAll(store, ["a/b"]);
      await expectListing(store, "", [], [], "an emptied folder that stays behind as an object");
      const folders = await listAll(store, "", { delimiter: "/" });
      expectSame(
        folders.prefixes,
        [],
        "the folders of an emptied store",
        "an emptied folder that is still listed",
      );
    },
  },
  {
    id: "list.pages",
    title: "2,500 keys are listed over several pages, each once, in order, with its size",
    family: "list",
    must: "L1",
    timeoutMs: long,
    async run({ store }) {
      const keysOf = (count: number): string[] =>
        numbered(
          count,
          (number) =>
            `epoch=1/vnode=${number.slice(2)}/partial.${"x".repeat(Number(number) % 100)}.${number}.bin`,
        );
      const paged = await fill(store, "epoch=1/", keysOf, [2_500, severalPages]);
      hasEdge("list.pages", paged);
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
      const keysOf = (count: number): string[] => numbered(count, (number) => `a/${number}`);
      const { pages } = await fill(store, "a/", keysOf, [2_500, 5_001]);
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
    async run({ store }) {
      const options = { delimiter: "/" } as const;
      const keysOf = (count: number): string[] =>
        numbered(count, (number) => `a/${number}`).flatMap((name) => [`${name}.bin`, `${name}/x`]);
      const paged = await fill(store, "a/", keysOf, [1_300, severalPages / 2], options);
      hasEdge("list.folders", paged);
      const listing = await listAll(store, "a/", options);
      const isFolded = (key: string): boolean => key.endsWith("/x");
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
    id: "list.delimiter",
    title: "with the delimiter only children are given: keys, and folders whole and once",
    family: "list",
    must: "L3",
    timeoutMs: short,
    async run({ store }) {
      await createAll(store, ["x", "a/k", "a/b/1", "a/b/2", "a/b/c/3", "a/d/e/f/4", "b/5"]);
      const cause =
        "folders relative to the prefix, without their slash, or grandchildren among the children";
      for (const [prefix, keys, prefixes] of [
        ["", ["x"], ["a/", "b/"]],
        ["a/", ["a/k"], ["a/b/", "a/d/"]],
        ["a/b/", ["a/b/1", "a/b/2"], ["a/b/c/"]],
        ["a/d/", [], ["a/d/e/"]],
      ] as const) {
        const listing = await listAll(store, prefix, { delimiter: "/" });
        expectSame(listing.keys, keys, `the keys in list(${show(prefix)}, "/")`, cause);
        expectSame(listing.prefixes, prefixes, `the prefixes in list(${show(prefix)}, "/")`, cause);
      }
    },
  },
  {
    id: "list.order",
    title: "keys come in byte order, in which / stands between . and 0",
    family: "list",
    must: "L2",
    timeoutMs: short,
    async run({ store }) {
      const keys = [
        "A",
        "Z",
        "_",
        "a-b",
        "a.b",
        "a/b-",
        "a/b.c",
        "a/b/c",
        "a/b0",
        "a0",
        "a=",
        "aA",
        "a_",
        "aa",
      ];
      keys.push("n/1", "n/10", "n/2", "n/=", "n/Z", "n/z");
      // Each begins with the first: a cursor that is only nearly the key before skips one.
      keys.push("p/x", "p/x-", "p/x-.", "p/x.", "p/x0", "p/x=");
      await createAll(store, keys.toReversed());
      const cause = "an order by locale, by number or by directory";
      await expectListing(store, "", keys, [], cause);
      const folders = ["c-/", "c./", "c/", "c0/"];
      await createAll(store, folders.map((folder) => `f/${folder}x`).toReversed());
      const { prefixes } = await listAll(store, "f/", { delimiter: "/" });
      expectSame(
        prefixes,
        folders.map((folder) => `f/${folder}`),
        "the folders beneath f/",
        cause,
      );
      expectOrder(prefixes, "the folders beneath f/");
    },
  },
  {
    id: "list.prefix",
    title: "epoch=1/ matches neither epoch=10/ nor epoch=1.x",
    family: "list",
    must: "L4",
    timeoutMs: short,
    async run({ store }) {
      await createAll(store, [
        "epoch=1/a",
        "epoch=1/b/c",
        "epoch=10/a",
        "epoch=1.x",
        "epoch=1-/a",
        "nepoch=1/a",
      ]);
      const cause = "the prefix matched without its slash, or anywhere in the key";
      await expectListing(store, "epoch=1/", ["epoch=1/a", "epoch=1/b/c"], [], cause);
      await expectListing(store, "epoch=1/b/", ["epoch=1/b/c"], [], cause);
      await expectListing(store, "epoch=/", [], [], cause);
    },
  },
  {
    id: "list.bad-prefix",
    title: "a prefix without its slash, or with a bad segment, is InvalidKey at next()",
    family: "list",
    must: "L4",
    timeoutMs: short,
    async run({ store }) {
      for (const prefix of ["a", "/", "a//", "/a/", "../", "a/../", "a b/", "ü/", ".staging-x/"]) {
        const pages = store.list(prefix)[Symbol.asyncIterator]();
        const result = await settled(() => pages.next());
        expect(
          result.rejected && isStoreError(result.reason) && result.reason.code === "InvalidKey",
          `next() of list(${show(prefix)}) settled as ${seen(result)}`,
          "the prefix is not checked, or not by checkPrefix",
        );
      }
    },
  },
  {
    id: "list.moving",
    title:
      "keys that are there throughout are listed once and in order, whatever is created and deleted around the cursor",
    family: "list",
    must: "L1",
    timeoutMs: long,
    async run({ store }) {
      const keysOf = (count: number): string[] => numbered(count, (number) => `a/${number}`);
      const paged = await fill(store, "a/", keysOf, [2_500, severalPages]);
      hasEdge("list.moving", paged);
      const staying = new Set(paged.keys);
      const known = new Set(paged.keys);
      const seen = new Set<string>();
      let cursor = "";
      for await (const page of store.list("a/")) {
        const names = page.objects.map(({ key }) => key);
        expectOrder([cursor, ...names], "a listing among writes");
        for (const name of names) seen.add(name);
        cursor = names.at(-1) ?? cursor;
        const following = paged.keys.find((key) => key > cursor);
        // Nothing behind the last of the first keys, or the listing would go on for as long as keys are created.
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
  {
    id: "list.restart",
    title: "a listing can be stopped early and begun again, and two can run side by side",
    family: "list",
    must: "L5",
    timeoutMs: short,
    async run({ store }) {
      const keys = numbered(60, (number) => `a/${number}`);
      await createAll(store, keys);
      const listing = store.list("a/");
      for await (const page of listing) {
        if (page.objects.length > 0) break;
      }
      await expectListing(store, "a/", keys, [], "a cursor that is kept in the store and not in the listing");
      const [left, right] = await Promise.all([listAll(store, "a/"), listAll(store, "a/")]);
      expectSame(left.keys, keys, "the first of two listings", "a cursor shared between listings");
      expectSame(right.keys, keys, "the second of two listings", "a cursor shared between listings");
    },
  },
  {
    id: "list.at-next",
    title: "list() itself throws nothing and asks nothing of the store before next()",
    family: "list",
    must: "L5",
    timeoutMs: short,
    async run({ store }) {
      const listing: AsyncIterable<ListPage> = store.list("a/");
      await createAll(store, ["a/later"], () => utf8("later"));
      const keys: string[] = [];
      for await (const page of listing) keys.push(...page.objects.map(({ key }) => key));
      expectSame(
        keys,
        ["a/later"],
        "a listing made before the create, and read after it",
        "the first page is read at list()",
      );
    },
  },
];

async function expectListing(
  store: ObjectStore,
  prefix: string,
  keys: readonly string[],
  prefixes: readonly string[],
  usualCause: string,
): Promise<Awaited<ReturnType<typeof listAll>>> {
  const listing = await listAll(store, prefix);
  expectSame(listing.keys, keys, `the keys in list(${show(prefix)})`, usualCause);
  expectSame(listing.prefixes, prefixes, `the prefixes in list(${show(prefix)})`, usualCause);
  return listing;
}

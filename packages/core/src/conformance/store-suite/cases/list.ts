import type { ListPage } from "../../../store.ts";
import { isStoreError } from "../../../errors.ts";
import { expect, short } from "../store-case.ts";
import type { StoreCase } from "../store-case.ts";
import { numbered } from "../several-pages.ts";
import { pagingCases } from "./list-pages.ts";
import { wholeListingCases } from "./list-whole.ts";
import {
  createAll,
  deleteAll,
  expectListing,
  expectOrder,
  expectSame,
  listAll,
  showOutcome,
  outcomeOf,
  show,
  utf8,
  withoutOtherCase,
} from "../operations.ts";

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
    async run({ store, foldsCase }) {
      const all = [
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
      all.push("n/1", "n/10", "n/2", "n/=", "n/Z", "n/z");
      // All begin with the first: if a cursor is not exactly the key before, then a name is skipped.
      all.push("p/x", "p/x-", "p/x-.", "p/x.", "p/x0", "p/x=");
      const keys = foldsCase ? withoutOtherCase(all.toReversed()).toReversed() : all;
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
        const result = await outcomeOf(() => pages.next());
        expect(
          result.rejected && isStoreError(result.reason) && result.reason.code === "InvalidKey",
          `next() of list(${show(prefix)}) ended with ${showOutcome(result)}`,
          "the prefix is not checked, or not by checkPrefix",
        );
      }
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
  ...pagingCases,
  ...wholeListingCases,
];

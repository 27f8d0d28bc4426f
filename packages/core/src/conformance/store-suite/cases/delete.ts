import { createHash } from "node:crypto";
import { numbered } from "../several-pages.ts";
import { expect, long, short } from "../store-case.ts";
import type { StoreCase } from "../store-case.ts";
import {
  createAll,
  deleteAll,
  expectAbsent,
  expectBody,
  expectKeys,
  expectListing,
  show,
  utf8,
} from "../operations.ts";

export const deleteCases: readonly StoreCase[] = [
  {
    id: "delete.idempotent",
    title: "an absent key, a key deleted before and a key named twice are successes",
    family: "delete",
    must: "D1",
    timeoutMs: short,
    async run({ store }) {
      await deleteAll(store, ["never/was/there", "nor-this"]);
      await createAll(store, ["a/b", "a/c"]);
      await deleteAll(store, ["a/absent", "a/b", "a/b", "a/c"]);
      const cause = "the rest given up at the first key that is absent";
      await expectKeys(store, "", [], cause);
      await deleteAll(store, ["a/b"]);
    },
  },
  {
    id: "delete.nothing",
    title: "no keys are no work and no failure",
    family: "delete",
    must: "D1",
    timeoutMs: short,
    async run({ store }) {
      await createAll(store, ["a/b"]);
      await deleteAll(store, []);
      await expectBody(store, "a/b", utf8("a/b"), "an empty list taken for all keys");
    },
  },
  {
    id: "delete.gone",
    title: "a deleted key is gone for get and for list",
    family: "delete",
    must: "D2",
    timeoutMs: short,
    async run({ store }) {
      await createAll(store, ["a/1", "a/2", "a/3"]);
      await deleteAll(store, ["a/3", "a/1"]);
      const cause = "a delete that returns before, or without, doing it";
      await expectAbsent(store, "a/1", cause);
      await expectAbsent(store, "a/3", cause);
      await expectKeys(store, "a/", ["a/2"], cause);
    },
  },
  {
    id: "delete.array",
    title: "the caller's array of keys is left as it was",
    family: "delete",
    must: "D3",
    timeoutMs: short,
    async run({ store }) {
      const keys = ["a/3", "a/1", "a/2", "a/1"];
      await createAll(store, ["a/1", "a/2", "a/3"]);
      await store.delete(keys);
      expect(
        show(keys) === show(["a/3", "a/1", "a/2", "a/1"]),
        `the caller's array became ${show(keys)}`,
        "the array taken apart into batches, or sorted, in place",
      );
    },
  },
  {
    id: "delete.many",
    title: "2,500 keys go in one call, and those between them stay",
    family: "delete",
    must: "D2",
    timeoutMs: long,
    async run({ store }) {
      const doomed = Array.from({ length: 2_500 }, (_, number) => `a/${number % 25}/${number}`);
      const staying = ["a/0/0-", "a/0/00", "a/24/2500", "a/25", "b"];
      await createAll(store, [...doomed, ...staying]);
      const failures = await store.delete(doomed);
      const failed = new Set(failures.map(({ key }) => key));
      expect(
        failed.size === 0,
        `failures: ${show(failures)}`,
        "more keys in a request than the service takes",
      );
      await expectKeys(store, "", staying, "only the first batch sent, or a batch's edge lost");
    },
  },
  {
    id: "delete.neighbours",
    title: "a delete leaves keys that begin or end like the one deleted",
    family: "delete",
    must: "D3",
    timeoutMs: short,
    async run({ store }) {
      const staying = ["a/b-", "a/b.c", "a/b0", "a/bb", "aa/b", "b", "c/a/b"];
      await createAll(store, [...staying, "a/b"]);
      await deleteAll(store, ["a/b"]);
      await expectKeys(store, "", staying, "the key taken for a prefix");
    },
  },
  {
    id: "delete.children",
    title: "deleting a folder's name is deleting an absent key: its children stay",
    family: "delete",
    must: "D3",
    timeoutMs: short,
    async run({ store }) {
      await createAll(store, ["a/b/c", "a/b/d/e"]);
      await deleteAll(store, ["a", "a/b", "a/b/d", "a/b/c/beneath"]);
      const cause = "a directory removed with what is in it";
      await expectKeys(store, "", ["a/b/c", "a/b/d/e"], cause);
      await expectBody(store, "a/b/c", utf8("a/b/c"), cause);
    },
  },
  {
    id: "delete.folder",
    title:
      "a folder of 1,200 chunks is listed, each once and in order, and deleted; the folders beside it stay",
    family: "delete",
    must: "D3",
    timeoutMs: long,
    async run({ store }) {
      const folder = "epoch=1/vnode=1/";
      const beside = ["epoch=1/vnode=0/", "epoch=1/vnode=10/", "epoch=1/vnode=1-/"];
      const staying = beside.flatMap((each) => chunks(each, 3)).toSorted();
      await createAll(store, staying, () => utf8("3"));
      // Several pages of most services. Where a page holds more, deleting so many would be slow for nothing.
      const listed = chunks(folder, 1_200).toSorted();
      await createAll(store, listed);
      await expectListing(
        store,
        folder,
        listed,
        [],
        "a further page that is asked for without the prefix's slash",
      );
      await expectListing(
        store,
        "epoch=1/",
        [...listed, ...staying].toSorted(),
        [],
        "folders listed out of order",
      );
      await deleteAll(store, listed);
      const cause = "the folder deleted by its name, or what begins like it with it";
      await expectKeys(store, folder, [], "only a part of the batches sent");
      await expectKeys(store, "", staying, cause);
      for (const key of staying) await expectBody(store, key, utf8("3"), cause);
    },
  },
];

/** Names as those of chunks: of 64 digits, in no order. */
function chunks(folder: string, count: number): string[] {
  return numbered(
    count,
    (number) => `${folder}chunk.${createHash("sha256").update(number).digest("hex")}.bin`,
  );
}

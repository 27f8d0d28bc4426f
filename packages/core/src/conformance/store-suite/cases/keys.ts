import { isStoreError } from "../../../errors.ts";
import { expect, short } from "../store-case.ts";
import type { StoreCase } from "../store-case.ts";
import {
  createAll,
  deleteAll,
  expectAbsent,
  expectBody,
  expectKeys,
  expectSame,
  forEach,
  listAll,
  showOutcome,
  outcomeOf,
  show,
  utf8,
  withoutOtherCase,
} from "../operations.ts";

const allowed = [
  "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
  "abcdefghijklmnopqrstuvwxyz",
  "0123456789",
  "=_.-",
  "=",
  "-",
  "_",
  "...",
  ".hidden",
  "trailing.",
  "staging-x",
  "CON",
  "0",
  "00",
  "epoch=9007199254740991/vnode=65535/partial.bin",
  `${"a".repeat(239)}1`,
  `${"a".repeat(239)}2`,
  `${"long/".repeat(179)}12345`,
  `${"long/".repeat(179)}12346`,
  `${"s/".repeat(449)}01`,
];

const forbidden = [
  "",
  "/",
  "/a",
  "a/",
  "a//b",
  ".",
  "..",
  "a/./b",
  "a/../b",
  "../a",
  ".staging-",
  "a/.staging-b/c",
  "a b",
  "a\nb",
  "a\0b",
  "a\\b",
  "a:b",
  "a%2Fb",
  "a+b",
  "a*b",
  "ü",
  "a".repeat(241),
  `${"long/".repeat(180)}1`,
];

export const keyCases: readonly StoreCase[] = [
  {
    id: "keys.allowed",
    title: "every character, 240 to a segment, 900 bytes, and 450 segments are held",
    family: "keys",
    must: "K1",
    timeoutMs: short,
    async run({ store, foldsCase }) {
      const keys = foldsCase ? withoutOtherCase(allowed) : allowed;
      await createAll(store, keys);
      const cause = "a key escaped one way only, cut at the length of a file's name, or normalised";
      await forEach(keys, (key) => expectBody(store, key, utf8(key), cause));
      await expectKeys(store, "", keys, cause);
      await deleteAll(store, keys);
      await expectKeys(store, "", [], cause);
    },
  },
  {
    id: "keys.distinct",
    title: "keys that differ in case, in a dot or in a leading zero are different keys",
    family: "keys",
    must: "K1",
    timeoutMs: short,
    async run({ store, foldsCase }) {
      const different = [
        "a/Key",
        "a/KEY",
        "a/key",
        "a/key.",
        "a/.key",
        "a/1",
        "a/01",
        "a/1.0",
        "a=b/c",
        "a-b/c",
        "A/key",
      ];
      const keys = foldsCase ? withoutOtherCase(different) : different;
      await createAll(store, keys);
      const cause = "a file system or a service that folds names";
      await forEach(keys, (key) => expectBody(store, key, utf8(key), cause));
      await expectAbsent(store, "a/kEY", cause);
      await expectKeys(store, "", keys, cause);
    },
  },
  {
    id: "keys.forbidden",
    title: "a key outside the grammar is InvalidKey in create, get and delete, and nothing is there",
    family: "keys",
    must: "K2",
    timeoutMs: short,
    async run({ store }) {
      for (const key of forbidden) {
        for (const [call, result] of [
          ["create", await outcomeOf(() => store.create(key, utf8("body")))],
          ["get", await outcomeOf(() => store.get(key))],
          ["delete", await outcomeOf(() => store.delete([key]))],
        ] as const) {
          expect(
            result.rejected && isStoreError(result.reason) && result.reason.code === "InvalidKey",
            `${call} of ${show(key)} ended with ${showOutcome(result)}`,
            "the key is not checked, or not by checkKey",
          );
        }
      }
      await expectKeys(store, "", [], "the key is checked after the write");
    },
  },
  {
    id: "keys.one-bad",
    title: "a delete with one bad key among good ones is InvalidKey, and deletes nothing",
    family: "keys",
    must: "K2",
    timeoutMs: short,
    async run({ store }) {
      await createAll(store, ["a/1", "a/2"]);
      const result = await outcomeOf(() => store.delete(["a/1", "a//", "a/2"]));
      expect(
        result.rejected && isStoreError(result.reason) && result.reason.code === "InvalidKey",
        `delete ended with ${showOutcome(result)}`,
        "the bad key reported as one failure of many",
      );
      await expectKeys(store, "", ["a/1", "a/2"], "keys are checked one by one");
    },
  },
  {
    id: "keys.nested",
    title:
      "of two keys of which one is a folder of the other both are held, or one is InvalidKey, and neither is damaged",
    family: "keys",
    must: "K5",
    timeoutMs: short,
    async run({ store }) {
      for (const [first, second] of [
        ["a/b", "a/b/c"],
        ["d/e/f", "d/e"],
      ] as const) {
        await createAll(store, [first]);
        const result = await outcomeOf(() => store.create(second, utf8(second)));
        const isRefused =
          result.rejected && isStoreError(result.reason) && result.reason.code === "InvalidKey";
        expect(
          isRefused || (!result.rejected && result.value === "created"),
          `create(${show(second)}) next to ${show(first)} ended with ${showOutcome(result)}`,
          "a directory taken for an object, or the file system's own error let through",
        );
        const cause = "a directory made over an object, or an object over a directory";
        await expectBody(store, first, utf8(first), cause);
        if (isRefused) await expectAbsent(store, second, cause);
        else await expectBody(store, second, utf8(second), cause);
      }
    },
  },
  {
    id: "keys.case",
    title:
      "of two keys that differ only in case both are held, or the later is InvalidKey if the harness says so",
    family: "keys",
    must: "K6",
    timeoutMs: short,
    async run({ store, foldsCase }) {
      for (const [first, second, folder] of [
        ["a/Key", "a/KEY", "a/KEY/"],
        ["b/x/1", "B/x/2", "B/"],
        ["c/d/1", "c/D/1", "c/D/"],
      ] as const) {
        const cause = foldsCase
          ? "a key looked up as the medium finds it, whatever its spelling"
          : "a harness without foldsCase, or a delete that folds case";
        await createAll(store, [first]);
        const result = await outcomeOf(() => store.create(second, utf8(second)));
        const isRefused =
          result.rejected && isStoreError(result.reason) && result.reason.code === "InvalidKey";
        expect(
          foldsCase ? isRefused : !result.rejected && result.value === "created",
          `create(${show(second)}) next to ${show(first)} ended with ${showOutcome(result)}`,
          cause,
        );
        if (foldsCase) {
          await expectAbsent(store, second, cause);
          await expectKeys(store, folder, [], cause);
        } else {
          await expectBody(store, second, utf8(second), cause);
        }
        await deleteAll(store, [second]);
        await expectBody(store, first, utf8(first), cause);
        if (foldsCase) {
          await deleteAll(store, [first]);
          await createAll(store, [second]);
          await expectAbsent(store, first, cause);
          await expectBody(store, second, utf8(second), cause);
        }
      }
    },
  },
  {
    id: "keys.separate",
    title: "two stores hold the same key apart",
    family: "keys",
    must: "K3",
    timeoutMs: short,
    async run({ store, another }) {
      const other = await another();
      const cause = "the prefix left out of a request, or joined without its slash";
      await createAll(store, ["a/b"], () => utf8("one"));
      await expectKeys(other, "", [], cause);
      await expectAbsent(other, "a/b", cause);
      await createAll(other, ["a/b"], () => utf8("other"));
      await expectBody(store, "a/b", utf8("one"), cause);
      await expectBody(other, "a/b", utf8("other"), cause);
      await createAll(other, ["a/c"]);
      await expectKeys(store, "", ["a/b"], cause);
      await expectKeys(store, "a/", ["a/b"], cause);
      const { prefixes } = await listAll(store, "", { delimiter: "/" });
      expectSame(prefixes, ["a/"], "its folders", cause);
      await deleteAll(other, ["a/b"]);
      await expectBody(store, "a/b", utf8("one"), cause);
    },
  },
];

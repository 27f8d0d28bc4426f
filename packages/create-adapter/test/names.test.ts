import { describe, expect, test } from "vitest";
import { defaultName, namesOf } from "../src/names.ts";

describe("the names of a project", () => {
  test.each([
    ["@me/state-my-store", "my-store", "MyStore"],
    ["state-leveldb", "leveldb", "LeveldbStore"],
    ["foundation.db_cluster", "foundation.db_cluster", "FoundationDbClusterStore"],
    ["state-store", "store", "Store"],
    ["state-", "state-", "StateStore"],
  ])("of %s are %s and %s", (packageName, shortName, className) => {
    expect(namesOf(packageName)).toEqual({ packageName, shortName, className });
  });

  test.each(["", "My-Store", "@me", "@me/", "../escape", "a b", ".hidden", "a".repeat(215)])(
    "cannot come from %j, which npm would not publish",
    (name) => {
      expect(() => namesOf(name)).toThrow(/is no name of an npm package.*--name/);
    },
  );

  test("cannot come from a name that begins with a digit", () => {
    expect(() => namesOf("@me/state-3fs")).toThrow(/begins with a digit.*--name/);
  });

  test("come from the folder by default", () => {
    expect([defaultName("leveldb"), defaultName("state-leveldb")]).toEqual([
      "state-leveldb",
      "state-leveldb",
    ]);
  });
});

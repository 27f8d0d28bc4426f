import { closeSync, linkSync, mkdirSync, openSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FsStore } from "../src/index.ts";
import { bytes, scratch } from "./support/scratch.ts";

const count = 100_000;
/** ext4 gives one file at most 65,000 names. */
const namesOfOneFile = 50_000;

test(
  "a folder of 100,000 keys is listed in order and in pages, written, read and emptied like any other",
  { timeout: 120_000 },
  async () => {
    const root = await scratch();
    crowd(join(root, "a"));
    const store = new FsStore({ root });

    const pages: number[] = [];
    const keys: string[] = [];
    for await (const { objects } of store.list("a/")) {
      pages.push(objects.length);
      for (const { key } of objects) keys.push(key);
    }
    expect(new Set(pages)).toEqual(new Set([1_000]));
    expect(keys).toHaveLength(count);
    expect(keys.every((key, index) => key === keyOf(index))).toBe(true);

    expect(await store.create(keyOf(0), bytes("body"))).toBe("exists");
    expect(await store.create("a/new", bytes("body"))).toBe("created");
    expect(await store.get("a/new")).toEqual(bytes("body"));
    expect(await store.get(keyOf(count - 1))).toHaveLength(0);
    const { value } = await store.list("", { delimiter: "/" }).next();
    expect(value).toEqual({ objects: [], prefixes: ["a/"] });

    expect(await store.delete(keys)).toEqual([]);
    expect(await readdir(join(root, "a"))).toEqual(["new"]);
    expect(await store.delete(["a/new"])).toEqual([]);
    expect(await readdir(root)).toEqual([".staging-state"]);
  },
);

/** Names are quicker made than files. */
function crowd(folder: string): void {
  mkdirSync(folder);
  for (let start = 0; start < count; start += namesOfOneFile) {
    const first = join(folder, "..", keyOf(start));
    closeSync(openSync(first, "wx"));
    for (let number = start + 1; number < start + namesOfOneFile; number += 1) {
      linkSync(first, join(folder, "..", keyOf(number)));
    }
  }
}

function keyOf(number: number): string {
  return `a/${String(number).padStart(6, "0")}`;
}

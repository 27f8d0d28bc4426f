import { describe, expect, test } from "vitest";
import { pageReader, type ServicePage, type StoreCall } from "../../src/adapter/index.ts";

function page(objects: readonly string[], more: Partial<ServicePage> = {}): ServicePage {
  const listed = objects.map((name) => ({ name, size: 1 }));
  return { objects: listed, prefixes: [], next: undefined, ...more };
}

function reader(delimiter?: "/"): ReturnType<typeof pageReader> {
  return pageReader({
    root: "job/",
    prefix: "e/",
    delimiter,
    call: { ...call, operation: "list", key: "e/" },
  });
}

const call: StoreCall = { store: "store:here", operation: "get", key: "a/1" };

describe("a listing", () => {
  test("takes the store's prefix off, and leaves out what is no key", () => {
    const read = reader("/");
    const names = ["job/e/a", "job/e/b c", "job/e/.staging-1", "job/e/z"];
    expect(read(page(names, { prefixes: ["job/e/f/", "job/e/ /"] }))).toEqual({
      objects: [
        { key: "e/a", size: 1 },
        { key: "e/z", size: 1 },
      ],
      prefixes: ["e/f/"],
    });
  });

  test.each([
    ["another prefix", ["job/f/a"], {}, "Failed", "not under the prefix"],
    ["a page again", ["job/e/a", "job/e/a"], {}, "Unavailable", '"e/a" was listed after "e/a"'],
    ["another order", ["job/e/b", "job/e/a"], {}, "Unavailable", '"e/a" was listed after "e/b"'],
    ["folders", [], { prefixes: ["job/e/f/"] }, "Failed", "without a delimiter"],
    ["no size", [], { objects: [{ name: "job/e/a", size: undefined }] }, "Unavailable", "without its size"],
  ])("of %s is refused", (_, objects, more, code, why) => {
    const read = reader();
    expect(() => read(page(objects, more))).toThrow(expect.objectContaining({ code }));
    expect(() => reader()(page(objects, more))).toThrow(why);
  });

  test("of a deeper level, with the delimiter, is refused", () => {
    expect(() => reader("/")(page(["job/e/f/a"]))).toThrow("although a delimiter was given");
  });

  test("is checked from page to page, and may have any number of empty pages that lead on", () => {
    const read = reader();
    read(page(["job/e/b"], { next: "1" }));
    for (const next of ["2", "3", "4"]) read(page([], { next }));
    expect(() => read(page([], { next: "2" }))).toThrow("leads to an earlier one");
    const other = reader();
    other(page(["job/e/b"], { next: "1" }));
    expect(() => other(page(["job/e/a"]))).toThrow('"e/a" was listed after "e/b"');
  });
});

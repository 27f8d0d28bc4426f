import { describe, expect, test } from "vitest";
import { MemoryStore, storeFromUrl, urlSchemes } from "../src/index.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("MemoryStore", () => {
  test("has created the object by the time that create returns its promise", async () => {
    const store = new MemoryStore();
    const body = bytes("first");
    const outcomes = [store.create("a", body), store.create("a", bytes("second"))];
    body.fill(0);
    expect(await Promise.all(outcomes)).toEqual(["created", "exists"]);
    expect(await store.get("a")).toEqual(bytes("first"));
  });

  test("gives pages of at most 1,000 keys and folders, and no empty page", async () => {
    const store = new MemoryStore();
    for (let number = 0; number < 1_500; number += 1) {
      await store.create(`key-${number}`, bytes("x"));
      await store.create(`folder-${number}/key`, bytes("x"));
    }
    expect(await sizes(store.list(""))).toEqual([1_000, 1_000, 1_000]);
    expect(await sizes(store.list("", { delimiter: "/" }))).toEqual([1_000, 1_000, 1_000]);
    expect(await sizes(store.list("absent/"))).toEqual([]);
  });

  test("looks at each page's keys when the page is asked for", async () => {
    const store = new MemoryStore();
    for (let number = 0; number < 1_000; number += 1) await store.create(`a/${number}`, bytes("x"));
    const pages = store.list("");
    expect((await pages.next()).value).toMatchObject({ prefixes: [] });
    await store.create("a/z", bytes("later"));
    await store.create("a/-", bytes("before the cursor"));
    expect((await pages.next()).value).toEqual({ objects: [{ key: "a/z", size: 5 }], prefixes: [] });
    expect((await pages.next()).done).toBe(true);
  });

  test("shares nothing with another", async () => {
    const store = new MemoryStore();
    await store.create("a", bytes("x"));
    expect(await new MemoryStore().get("a")).toBeUndefined();
  });
});

describe("maxBytes", () => {
  test("refuses a create beyond it as Unavailable, with advice, and keeps nothing of it", async () => {
    const store = new MemoryStore({ maxBytes: 10 });
    await store.create("a", bytes("123456"));
    await expect(store.create("b", bytes("12345"))).rejects.toMatchObject({
      code: "Unavailable",
      key: "b",
      message: expect.stringMatching(/11 bytes, and maxBytes is 10; prune, or raise maxBytes/),
    });
    expect(await store.get("b")).toBeUndefined();
    expect(await sizes(store.list(""))).toEqual([1]);
    expect(await store.create("a", bytes("another that is there already"))).toBe("exists");
    expect(await store.create("b", bytes("1234"))).toBe("created");
  });

  test("counts what is there: a delete makes room, once", async () => {
    const store = new MemoryStore({ maxBytes: 10 });
    await store.create("a", bytes("1234567890"));
    await store.delete(["a", "a", "absent"]);
    expect(await store.create("b", bytes("1234567890"))).toBe("created");
    await expect(store.create("c", bytes("1"))).rejects.toMatchObject({ code: "Unavailable" });
  });

  test.each([-1, Number.NaN, "10"])("of %j is a TypeError", (maxBytes) => {
    expect(() => new MemoryStore({ maxBytes: maxBytes as number })).toThrow(TypeError);
  });
});

test("clear removes everything, and makes room", async () => {
  const store = new MemoryStore({ maxBytes: 4 });
  await store.create("a/b", bytes("body"));
  store.clear();
  expect(await store.get("a/b")).toBeUndefined();
  expect(await sizes(store.list(""))).toEqual([]);
  expect(await store.create("c", bytes("body"))).toBe("created");
});

describe("a URL", () => {
  test("makes a new store each time, whose name it is", async () => {
    const store = storeFromUrl("memory:");
    await store.create("a", bytes("x"));
    expect(await MemoryStore.fromUrl(new URL(store.name)).get("a")).toBeUndefined();
    expect(urlSchemes).toEqual(["memory"]);
    const small = MemoryStore.fromUrl("memory:", { maxBytes: 0 });
    await expect(small.create("a", bytes("x"))).rejects.toMatchObject({ code: "Unavailable" });
  });

  test.each(["memory:name", "memory://host", "memory:?maxBytes=1", "fs:", "memory"])(
    "%s is a TypeError",
    (url) => {
      expect(() => MemoryStore.fromUrl(url)).toThrow(TypeError);
    },
  );
});

async function sizes(
  pages: AsyncIterable<{ objects: readonly unknown[]; prefixes: readonly unknown[] }>,
): Promise<number[]> {
  const all: number[] = [];
  for await (const { objects, prefixes } of pages) all.push(objects.length + prefixes.length);
  return all;
}

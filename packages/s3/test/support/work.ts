import type { ObjectStore } from "@state/core";
import { pagesOf } from "@state/servers/testing";
import { expect } from "vitest";

/** Each operation of the store, on a double that checks signatures. */
export async function workOn(store: ObjectStore): Promise<void> {
  const large = new Uint8Array(2 ** 20).map((_, index) => index % 251);
  await expect(store.create("a/1", large)).resolves.toBe("created");
  await expect(store.create("a/1", large)).resolves.toBe("exists");
  await expect(store.create("a/2", new Uint8Array())).resolves.toBe("created");
  await expect(store.get("a/1")).resolves.toEqual(large);
  await expect(store.get("a/3")).resolves.toBeUndefined();
  await expect(pagesOf(store.list("", { delimiter: "/" }))).resolves.toEqual([
    { objects: [], prefixes: ["a/"] },
  ]);
  await expect(store.delete(["a/1", "a/2", "a/3"])).resolves.toEqual([]);
  await expect(pagesOf(store.list("a/"))).resolves.toEqual([{ objects: [], prefixes: [] }]);
}

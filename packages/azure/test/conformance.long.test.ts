import type { ObjectStore } from "@state/core";
import { backendConformance, storeConformance } from "@state/core/conformance";
import { serialRunner } from "@state/servers/testing";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { AzureStore } from "../src/index.ts";
import { parseTarget, type Place, startTarget } from "./support/target.ts";

const target = await startTarget();
const places = new WeakMap<ObjectStore, Place>();
const taken = new Set<Place>();

afterEach(async () => {
  for (const place of taken) await target.leave(place);
  taken.clear();
}, 300_000);
afterAll(() => target.end(), 300_000);

const harness = {
  name: "AzureStore",
  open: async (): Promise<ObjectStore> => {
    const place = await target.place();
    taken.add(place);
    return at(place);
  },
  reopen: async (store: ObjectStore): Promise<ObjectStore> =>
    at(places.get(store) ?? { containerName: "none", prefix: "" }),
};

// Azurite is one process that all cases would wait for, and each leaves its place empty for the
// next.
storeConformance(serialRunner, harness);
backendConformance(serialRunner, harness);

describe("the target of the suites", () => {
  test("is a prefix, never a whole container", () => {
    expect(parseTarget("azure://account/box/a/b/")).toEqual({ containerName: "box", prefix: "a/b" });
    for (const address of [
      "azure://account/box",
      "azure://account/box/",
      "azure://account/box//",
      "azure://account/box/a/..",
      "azure://account/box/%2F",
    ]) {
      expect(() => parseTarget(address)).toThrow("needs a prefix");
    }
    for (const address of [
      "s3://account/box/a",
      "azure:///box/a",
      "azure://account",
      "azure://account/box/a?b",
      "azure://account/box/a#b",
    ]) {
      expect(() => parseTarget(address)).toThrow("no azure://account/container/prefix");
    }
  });
});

function at(place: Place): AzureStore {
  const { connectionString } = target;
  const store = new AzureStore({ connectionString, ...place });
  places.set(store, place);
  return store;
}

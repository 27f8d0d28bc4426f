import type { ObjectStore } from "@state/core";
import { backendConformance, type Runner, storeConformance } from "@state/core/conformance";
import { afterAll, afterEach, describe, test } from "vitest";
import { AzureStore } from "../src/index.ts";
import { type Place, startTarget } from "./support/target.ts";

const target = await startTarget();
const places = new WeakMap<ObjectStore, Place>();
const taken = new Set<Place>();

afterEach(async () => {
  for (const place of taken) await target.leave(place);
  taken.clear();
});
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

// One after another: Azurite is one process that all cases would wait for, and each leaves its place empty for the next.
const runner: Runner = {
  describe,
  test: Object.assign((name: string, body: () => Promise<void>, ms?: number) => test(name, body, ms), {
    skip: test.skip,
  }),
};
storeConformance(runner, harness);
backendConformance(runner, harness);

function at(place: Place): AzureStore {
  const store = new AzureStore({ connectionString: target.connectionString, ...place });
  places.set(store, place);
  return store;
}

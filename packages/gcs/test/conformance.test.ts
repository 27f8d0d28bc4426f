import type { ObjectStore } from "@state/core";
import { backendConformance, storeConformance } from "@state/core/conformance";
import { afterAll, describe, test } from "vitest";
import { GcsStore } from "../src/index.ts";
import { startTarget } from "./support/target.ts";

const target = await startTarget();
const prefixes = new WeakMap<ObjectStore, string>();
afterAll(() => target.end(), 300_000);

const harness = {
  name: "GcsStore",
  open: async (): Promise<ObjectStore> => at(crypto.randomUUID()),
  reopen: async (store: ObjectStore): Promise<ObjectStore> => at(prefixes.get(store) ?? "none"),
};

storeConformance({ describe, test }, harness);
backendConformance({ describe, test }, harness);

function at(run: string): GcsStore {
  const { bucket, prefix, storageOptions } = target;
  const store = new GcsStore({ bucket, prefix: `${prefix}/${run}`, storageOptions });
  prefixes.set(store, run);
  return store;
}

import type { ObjectStore } from "@state/core";
import { backendConformance, storeConformance } from "@state/core/conformance";
import { afterAll, describe, test } from "vitest";
import { AzureStore } from "../src/index.ts";
import { startTarget } from "./support/target.ts";

const target = await startTarget();
const prefixes = new WeakMap<ObjectStore, string>();
afterAll(() => target.end(), 300_000);

const harness = {
  name: "AzureStore",
  open: async (): Promise<ObjectStore> => at(crypto.randomUUID()),
  reopen: async (store: ObjectStore): Promise<ObjectStore> => at(prefixes.get(store) ?? "none"),
};

storeConformance({ describe, test }, harness);
backendConformance({ describe, test }, harness);

function at(run: string): AzureStore {
  const { connectionString, containerName, prefix } = target;
  const store = new AzureStore({ connectionString, containerName, prefix: `${prefix}/${run}` });
  prefixes.set(store, run);
  return store;
}

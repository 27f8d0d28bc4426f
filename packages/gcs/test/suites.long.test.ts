import type { ObjectStore } from "@state/core";
import { backendConformance, storeConformance } from "@state/core/conformance";
import { serialRunner } from "@state/servers/testing";
import { afterAll, afterEach } from "vitest";
import { GcsStore } from "../src/index.ts";
import { startTarget } from "./support/target.ts";

const target = await startTarget();
const prefixes = new WeakMap<ObjectStore, string>();
// Not when a store is closed: a case may close one and open another on what it left.
afterEach(() => target.clear(), 300_000);
afterAll(() => target.end(), 300_000);

const harness = {
  name: "GcsStore",
  open: async (): Promise<ObjectStore> => at(crypto.randomUUID()),
  reopen: async (store: ObjectStore): Promise<ObjectStore> => at(prefixes.get(store) ?? "none"),
};

// fake-gcs-server looks through all it holds at every request, and each case clears up for the
// next.
storeConformance(serialRunner, harness);
backendConformance(serialRunner, harness);

function at(run: string): GcsStore {
  const { bucket, prefix, storageOptions } = target;
  const store = new GcsStore({ bucket, prefix: `${prefix}/${run}`, storageOptions });
  prefixes.set(store, run);
  return store;
}

import type { ObjectStore } from "@state/core";
import { backendConformance, storeConformance } from "@state/core/conformance";
import { startGcsDouble } from "@state/servers";
import { serialRunner } from "@state/servers/testing";
import { afterAll, afterEach } from "vitest";
import { GcsStore } from "../src/index.ts";
import { fetchOptionsFor, startTarget, type Target } from "./support/target.ts";

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

// Wherever the others run, this one runs on a double.
const double = await startGcsDouble();
afterAll(() => double.stop());
const byFetch = { bucket: double.bucket, prefix: "fetch", storageOptions: fetchOptionsFor(double) };
storeConformance(serialRunner, {
  name: "GcsStore by the SDK's fetch",
  open: async (): Promise<ObjectStore> => at(crypto.randomUUID(), byFetch),
  reopen: async (store: ObjectStore): Promise<ObjectStore> => at(prefixes.get(store) ?? "none", byFetch),
});

function at(run: string, place: Pick<Target, "bucket" | "prefix" | "storageOptions"> = target): GcsStore {
  const { bucket, prefix, storageOptions } = place;
  const store = new GcsStore({ bucket, prefix: `${prefix}/${run}`, storageOptions });
  prefixes.set(store, run);
  return store;
}

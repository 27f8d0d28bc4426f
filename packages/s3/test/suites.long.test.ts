import type { ObjectStore } from "@state/core";
import { backendConformance, storeConformance } from "@state/core/conformance";
import { serialRunner } from "@state/servers/testing";
import { afterAll } from "vitest";
import { S3Store } from "../src/index.ts";
import { startTarget } from "./support/target.ts";

const target = await startTarget();
const prefixes = new WeakMap<ObjectStore, string>();
afterAll(() => target.end(), 300_000);

const harness = {
  name: "S3Store",
  open: async (): Promise<ObjectStore> => at(crypto.randomUUID()),
  reopen: async (store: ObjectStore): Promise<ObjectStore> => at(prefixes.get(store) ?? "none"),
  close: async (store: ObjectStore): Promise<void> => store.close?.(),
};

// moto responds with 500 to a listing while another request deletes from the bucket.
storeConformance(serialRunner, harness);
backendConformance(serialRunner, harness);

function at(run: string): S3Store {
  const { bucket, prefix, clientConfig } = target;
  const store = new S3Store({ bucket, prefix: `${prefix}/${run}`, clientConfig });
  prefixes.set(store, run);
  return store;
}

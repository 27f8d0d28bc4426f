import type { S3ClientConfig } from "@aws-sdk/client-s3";
import type { ObjectStore } from "@state/core";
import { backendConformance, storeConformance, type StoreHarness } from "@state/core/conformance";
import { serialRunner } from "@state/servers/testing";
import { afterAll } from "vitest";
import { S3Store } from "../src/index.ts";
import { startTarget } from "./support/target.ts";

const target = await startTarget();
const prefixes = new WeakMap<ObjectStore, string>();
afterAll(() => target.end(), 300_000);

const harness = harnessOf("S3Store", {});

// moto responds with 500 to a listing while another request deletes from the bucket.
storeConformance(serialRunner, harness);
storeConformance(serialRunner, harnessOf("S3Store on connections of Node's", { requestHandler: {} }));
backendConformance(serialRunner, harness);

function harnessOf(name: string, more: S3ClientConfig): StoreHarness {
  return {
    name,
    open: async () => at(crypto.randomUUID(), more),
    reopen: async (store) => at(prefixes.get(store) ?? "none", more),
    close: async (store) => store.close?.(),
  };
}

function at(run: string, more: S3ClientConfig): S3Store {
  const { bucket, prefix } = target;
  const clientConfig = { ...target.clientConfig, ...more };
  const store = new S3Store({ bucket, prefix: `${prefix}/${run}`, clientConfig });
  prefixes.set(store, run);
  return store;
}

import { storeConformance } from "@state/core/conformance";
import { startS3Double } from "@state/servers";
import { serialRunner } from "@state/servers/testing";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { S3Store } from "../src/index.ts";
import { configOf } from "./support/target.ts";
import { workOn } from "./support/work.ts";

// The store's own copy of the SDK is the oldest version that its peer range takes.
vi.mock("@aws-sdk/client-s3", () => import("client-s3-floor"));

let double: Awaited<ReturnType<typeof startS3Double>>;
beforeAll(async () => {
  double = await startS3Double();
});
afterAll(() => double.stop());

const prefixes = new Map<object, string>();
function at(prefix: string): S3Store {
  const store = new S3Store({
    bucket: "bucket",
    prefix,
    clientConfig: configOf(double),
    directRequests: false,
  });
  prefixes.set(store, prefix);
  return store;
}

test("requests go directly on the oldest version of the SDK too", async () => {
  const store = new S3Store({ bucket: "bucket", prefix: "direct", clientConfig: configOf(double) });
  await workOn(store);
  expect([store.requestPath, store.requestPathReason]).toEqual(["direct", undefined]);
  await store.close();
});

storeConformance(serialRunner, {
  name: "S3Store through the oldest version of its SDK",
  open: async () => at(crypto.randomUUID()),
  reopen: async (store) => at(prefixes.get(store) ?? ""),
  close: async (store) => store.close?.(),
});

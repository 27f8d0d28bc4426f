import type * as Sdk from "@aws-sdk/client-s3";
import { storeConformance } from "@state/core/conformance";
import { startS3Double } from "@state/servers";
import { serialRunner } from "@state/servers/testing";
import * as floor from "client-s3-floor";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { S3Store } from "../src/index.ts";
import { clientOf, compareRequests } from "./support/requests.ts";
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

test("requests without the pipeline of the oldest version are its own, with their signatures", async () => {
  // The types of the two versions differ where the store reads nothing.
  const oldest = floor as unknown as typeof Sdk;
  const { client, commands } = await clientOf(oldest, configOf(double), {});
  await compareRequests(client, commands, 40, ["create", "get", "list"]);
});

test("requests go directly on the oldest version too, but for its bulk deletes, which carry an MD5", async () => {
  const store = new S3Store({ bucket: "bucket", prefix: "direct", clientConfig: configOf(double) });
  await workOn(store);
  expect(store.requestPathReason).toBe(
    "delete: requests differ in more than what they are for: content-md5, authorization",
  );
  await store.close();
});

storeConformance(serialRunner, {
  name: "S3Store through the oldest version of its SDK",
  open: async () => at(crypto.randomUUID()),
  reopen: async (store) => at(prefixes.get(store) ?? ""),
  close: async (store) => store.close?.(),
});

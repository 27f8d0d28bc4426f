import { storeConformance } from "@state/core/conformance";
import { startS3Double } from "@state/servers";
import { serialRunner } from "@state/servers/testing";
import { S3Client } from "client-s3-floor";
import { afterAll, beforeAll } from "vitest";
import { S3Store } from "../src/index.ts";

let double: Awaited<ReturnType<typeof startS3Double>>;
beforeAll(async () => {
  double = await startS3Double();
});
afterAll(() => double.stop());

const prefixes = new Map<object, string>();
function at(prefix: string): S3Store {
  // A client of the oldest version that is promised, beside the store's own copy of the current one.
  const { endpoint, region, accessKeyId, secretAccessKey } = double;
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region, forcePathStyle: true, credentials });
  const store = new S3Store({ bucket: "bucket", prefix, client });
  prefixes.set(store, prefix);
  return store;
}

storeConformance(serialRunner, {
  name: "S3Store with a client of the oldest version",
  open: async () => at(crypto.randomUUID()),
  reopen: async (store) => at(prefixes.get(store) ?? ""),
});

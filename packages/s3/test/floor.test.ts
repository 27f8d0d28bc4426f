import { startS3Double } from "@state/servers";
import { S3Client } from "client-s3-floor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { S3Store } from "../src/index.ts";
import { workOn } from "./support/work.ts";

let double: Awaited<ReturnType<typeof startS3Double>>;
beforeAll(async () => {
  double = await startS3Double();
});
afterAll(() => double.stop());

test.each([true, false])("a client of the oldest version is taken, direct: %s", async (directRequests) => {
  const { endpoint, region, accessKeyId, secretAccessKey } = double;
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region, forcePathStyle: true, credentials });
  const store = new S3Store({ bucket: "bucket", prefix: `floor-${directRequests}`, client, directRequests });
  await workOn(store);
  expect(store.requestPath).toBe(directRequests ? "direct" : "sdk");
  // Old versions wait for a second, and then send no body at all.
  expect(double.requests.map(({ headers }) => headers["expect"])).toEqual(
    double.requests.map(() => undefined),
  );
  client.destroy();
});

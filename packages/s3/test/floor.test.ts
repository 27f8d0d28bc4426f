import { startS3Double } from "@state/servers";
import { pagesOf } from "@state/servers/testing";
import { S3Client } from "client-s3-floor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { S3Store } from "../src/index.ts";

let double: Awaited<ReturnType<typeof startS3Double>>;
beforeAll(async () => {
  double = await startS3Double();
});
afterAll(() => double.stop());

test("a client of the oldest version is taken beside the store's own copy of the current one", async () => {
  const { endpoint, region, accessKeyId, secretAccessKey } = double;
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region, forcePathStyle: true, credentials });
  const store = new S3Store({ bucket: "bucket", prefix: "floor", client });
  const large = new Uint8Array(2 ** 20).map((_, index) => index % 251);
  await expect(store.create("a/1", large)).resolves.toBe("created");
  await expect(store.create("a/1", new Uint8Array())).resolves.toBe("exists");
  await expect(store.create("a/2", new Uint8Array())).resolves.toBe("created");
  await expect(store.get("a/1")).resolves.toEqual(large);
  await expect(store.get("a/3")).resolves.toBeUndefined();
  await expect(pagesOf(store.list("", { delimiter: "/" }))).resolves.toEqual([
    { objects: [], prefixes: ["a/"] },
  ]);
  await expect(store.delete(["a/1", "a/2", "a/3"])).resolves.toEqual([]);
  await expect(pagesOf(store.list("a/"))).resolves.toEqual([{ objects: [], prefixes: [] }]);
  client.destroy();
});

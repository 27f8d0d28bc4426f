import { resolve } from "node:path";
import { startS3Double } from "@state/servers";
import { openReadme } from "@state/servers/testing";
import { afterAll, describe, expect, test } from "vitest";

const readme = await openReadme(resolve(import.meta.dirname, ".."));
afterAll(() => readme[Symbol.asyncDispose]());

describe("the code in the README", () => {
  test("compiles in the strictest settings", { timeout: 120_000 }, async () => {
    expect(await readme.compile()).toBe("");
  });

  test.each(readme.files)(
    "runs on a bucket that is named by the environment: %s",
    { timeout: 60_000 },
    async (file) => {
      const double = await startS3Double({ bucket: "my-bucket", sessionToken: "token" });
      const printed = await readme.run(file, {
        AWS_ENDPOINT_URL_S3: double.endpoint,
        AWS_REGION: double.region,
        AWS_ACCESS_KEY_ID: double.accessKeyId,
        AWS_SECRET_ACCESS_KEY: double.secretAccessKey,
        AWS_SESSION_TOKEN: "token",
      });
      expect(printed).toBe("");
      const sealed = double.requests.filter(
        ({ key, method }) => method === "PUT" && key.endsWith("/_COMMIT"),
      );
      expect(sealed.map(({ bucket, key }) => `${bucket}/${key}`)).toEqual(
        file === "1.ts" ? ["my-bucket/jobs/flights/epoch=0/_COMMIT"] : [],
      );
      await double.stop();
    },
  );
});

test("the permissions in the README are JSON, and name what the store calls", () => {
  const { Statement: statements } = readme.json as {
    readonly Statement: readonly { readonly Action: string | readonly string[] }[];
  };
  expect(statements.flatMap(({ Action: action }) => action)).toEqual([
    "s3:PutObject",
    "s3:GetObject",
    "s3:DeleteObject",
    "s3:ListBucket",
  ]);
});

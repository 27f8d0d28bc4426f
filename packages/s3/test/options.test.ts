import { createHash } from "node:crypto";
import { S3Client } from "@aws-sdk/client-s3";
import { key, operations, respondWith } from "@state/servers/testing";
import { describe, expect, test } from "vitest";
import { S3Store, type S3StoreOptions, storeFromUrl, urlSchemes } from "../src/index.ts";
import { errorResponse, listBody, scriptedServer } from "./support/scripted-server.ts";

/** The headers of a create, a get, a listing and a delete, in this order. */
async function headersWith(options: Partial<S3StoreOptions>): Promise<readonly Record<string, unknown>[]> {
  await using server = await scriptedServer((request, response, number) => {
    const script = [
      respondWith(200, "", { etag: '"1"' }),
      errorResponse(404, "NoSuchKey"),
      respondWith(200, listBody([]), { "content-type": "application/xml" }),
      respondWith(200, `<DeleteResult><Deleted><Key>job/${key}</Key></Deleted></DeleteResult>`),
    ][number - 1];
    script?.(request, response, number);
  });
  const store = server.store(options);
  await operations.create(store);
  await operations.get(store);
  await operations.list(store);
  await operations.delete(store);
  return server.headers;
}

describe("an option", () => {
  test("that names the bucket's owner, or who pays, goes with every request", async () => {
    const owner = "111122223333";
    for (const headers of await headersWith({ expectedBucketOwner: owner, requesterPays: true }))
      expect(headers).toMatchObject({
        "x-amz-expected-bucket-owner": owner,
        "x-amz-request-payer": "requester",
      });
  });

  test("that is about new objects goes with a create alone", async () => {
    const [create, ...others] = await headersWith({
      storageClass: "STANDARD_IA",
      tags: { team: "streams & more", tier: "" },
      encryption: { type: "aws:kms", keyId: "alias/checkpoints", bucketKey: true },
    });
    expect(create).toMatchObject({
      "x-amz-storage-class": "STANDARD_IA",
      "x-amz-tagging": "team=streams+%26+more&tier=",
      "x-amz-server-side-encryption": "aws:kms",
      "x-amz-server-side-encryption-aws-kms-key-id": "alias/checkpoints",
      "x-amz-server-side-encryption-bucket-key-enabled": "true",
    });
    for (const headers of others) {
      const names = Object.keys(headers).filter((name) => /storage-class|tagging|encryption/.test(name));
      expect(names).toEqual([]);
    }
  });

  test("with a key of the caller's goes with a create and a get", async () => {
    const bytes = new Uint8Array(32).fill(7);
    const sent = {
      "x-amz-server-side-encryption-customer-algorithm": "AES256",
      "x-amz-server-side-encryption-customer-key": Buffer.from(bytes).toString("base64"),
      "x-amz-server-side-encryption-customer-key-md5": createHash("md5").update(bytes).digest("base64"),
    };
    const [create, get, list, remove] = await headersWith({ encryption: { type: "customer", key: bytes } });
    expect(create).toMatchObject(sent);
    expect(get).toMatchObject(sent);
    for (const headers of [list, remove]) expect(Object.keys(headers ?? {}).join()).not.toContain("customer");
  });

  test("of the size of a delete makes that many keys a request", async () => {
    await using server = await scriptedServer(errorResponse(503, "SlowDown"));
    await server.store({ deleteBatchSize: 2 }).delete(["a", "b", "c", "d", "e"]);
    expect(server.requests).toHaveLength(3);
  });

  test.each([
    [{ idleTimeoutMs: 0 }, "idleTimeoutMs must be a whole number from 1 to 2147483647, not 0"],
    [{ idleTimeoutMs: 2 ** 31 }, "idleTimeoutMs must be a whole number from 1 to 2147483647, not 2147483648"],
    [{ deleteBatchSize: 1_001 }, "deleteBatchSize must be a whole number from 1 to 1000, not 1001"],
    [
      { encryption: { type: "customer", key: new Uint8Array(31) } },
      "encryption.key must be a Uint8Array of 32",
    ],
  ] as const)("that cannot be is refused: %j", (options, message) => {
    const clientConfig = { region: "us-east-1" };
    expect(() => new S3Store({ bucket: "bucket", clientConfig, ...options })).toThrow(message);
  });
});

describe("a bucket that cannot hold checkpoints is refused, with what to use instead", () => {
  test.each([
    ["logs--use1-az4--x-s3", "is a directory bucket", "use a general purpose bucket"],
    ["logs--use1-az4--xa-s3", "is a directory bucket", "use a general purpose bucket"],
    [
      "arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap",
      "is a multi-region access point",
      "use the bucket, or an access point, of one region",
    ],
    [
      "arn:aws:s3-object-lambda:us-east-1:123456789012:accesspoint/lambda",
      "is an object lambda access point",
      "use the bucket that is beneath it",
    ],
    ["lambda-abc--ol-s3", "is an object lambda access point", "use the bucket that is beneath it"],
  ])("%s", (bucket, what, instead) => {
    const make = (): S3Store => new S3Store({ bucket, clientConfig: { region: "us-east-1" } });
    expect(make).toThrow(what);
    expect(make).toThrow(instead);
  });

  test("but no access point of one region", () => {
    const bucket = "arn:aws:s3:us-east-1:123456789012:accesspoint/one";
    const store = new S3Store({ bucket, clientConfig: { region: "us-east-1" } });
    expect(store.name).toBe(`s3://${bucket}`);
  });
});

describe("a URL", () => {
  test("names the bucket, the prefix, the region and the endpoint", async () => {
    await using server = await scriptedServer(errorResponse(403, "AccessDenied"));
    const url = `s3://bucket/jobs/a%20b?region=eu-west-1&endpoint=${encodeURIComponent(server.endpoint)}`;
    process.env["AWS_ACCESS_KEY_ID"] = "AKIAEXAMPLE";
    process.env["AWS_SECRET_ACCESS_KEY"] = "secret";
    try {
      for (const store of [S3Store.fromUrl(url), storeFromUrl(new URL(url))]) {
        expect(store.name).toBe("s3://bucket/jobs/a b");
        await store.get("k").catch(() => undefined);
        await store.close();
      }
    } finally {
      delete process.env["AWS_ACCESS_KEY_ID"];
      delete process.env["AWS_SECRET_ACCESS_KEY"];
    }
    expect(server.requests).toEqual(
      Array.from({ length: 2 }, () => "GET /bucket/jobs/a%20b/k?x-id=GetObject"),
    );
    expect(server.headers[0]?.authorization).toContain("/eu-west-1/s3/");
    expect(urlSchemes).toEqual(["s3"]);
  });

  test.each([
    ["s3://user:secret@bucket/a", "the URL must hold no credentials"],
    ["s3://bucket/a?accessKeyId=1", 'the URL has the parameter "accessKeyId"; it knows region, endpoint'],
    ["s3://bucket/a?region=a&region=b", 'the URL has the parameter "region" twice'],
    ["s3://bucket/a?endpoint=ftp://x", "the endpoint must be an http or https address"],
    ["s3://bucket/a?endpoint=http://u:p@x", "the endpoint must hold no credentials"],
    ["gs://bucket/a", "the URL must begin with s3:, not gs:"],
    ["bucket", '"bucket" is not a URL'],
    ["s3:///a", 'bucket must be the name of a bucket, not ""'],
  ])("that cannot be is refused: %s", (url, message) => {
    expect(() => S3Store.fromUrl(url)).toThrow(TypeError);
    expect(() => S3Store.fromUrl(url)).toThrow(message);
  });
});

describe("the middleware of a client that was passed in", () => {
  test("is as its owner has it: what was added is there, what was removed is not", async () => {
    await using server = await scriptedServer(respondWith(200, "", { etag: '"1"' }));
    const client = new S3Client(server.config());
    client.middlewareStack.add(
      (next) => (args) => {
        Object.assign(Object(Reflect.get(Object(args.request), "headers")), { "x-added": "1" });
        return next(args);
      },
      { step: "build", name: "added" },
    );
    client.middlewareStack.remove("getUserAgentMiddleware");
    await operations.create(server.store({ client }));
    expect(server.headers[0]).toMatchObject({ "x-added": "1" });
    expect(server.headers[0]).not.toHaveProperty("x-amz-user-agent");
  });
});

import { startS3Double } from "@state/servers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { S3Store } from "../src/index.ts";
import { configOf, parseTarget } from "./support/target.ts";

let double: Awaited<ReturnType<typeof startS3Double>>;
beforeAll(async () => {
  double = await startS3Double();
});
afterAll(() => double.stop());

function at(prefix?: string): S3Store {
  return new S3Store({ bucket: "bucket", prefix, clientConfig: configOf(double) });
}

async function keysOf(store: S3Store): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { objects } of store.list("")) keys.push(...objects.map((object) => object.key));
  return keys;
}

describe("a store's own prefix", () => {
  test.each([
    "plain",
    "two/parts",
    "a b",
    " edges ",
    "a+b",
    "100%",
    "%2F",
    "ü/日本/🙂",
    "&<>\"'",
    "q?x=1&y#z",
    "a*(b)!~,;:@$",
  ])("may be %j, and comes off again", async (prefix) => {
    const store = at(prefix);
    await expect(store.create("epoch=1/a", new Uint8Array([1]))).resolves.toBe("created");
    expect(double.requests.at(-1)?.key).toBe(`${prefix}/epoch=1/a`);
    await expect(store.get("epoch=1/a")).resolves.toEqual(new Uint8Array([1]));
    await expect(keysOf(store)).resolves.toEqual(["epoch=1/a"]);
    const { value } = await store.list("", { delimiter: "/" })[Symbol.asyncIterator]().next();
    expect(value).toEqual({ objects: [], prefixes: ["epoch=1/"] });
    await expect(store.delete(["epoch=1/a"])).resolves.toEqual([]);
    await expect(store.get("epoch=1/a")).resolves.toBeUndefined();
  });

  test("is the same with a slash at its end and without, and so is none", async () => {
    await at("same").create("a", new Uint8Array());
    expect(at("same/").name).toBe("s3://bucket/same");
    await expect(at("same/").create("a", new Uint8Array())).resolves.toBe("exists");
    expect([at().name, at("").name]).toEqual(["s3://bucket", "s3://bucket"]);
    await expect(at().get("same/a")).resolves.toEqual(new Uint8Array());
  });

  test("is never taken for another that begins like it", async () => {
    await at("job").create("a", new Uint8Array());
    await at("job1").create("b", new Uint8Array());
    await at("jo").create("b1", new Uint8Array());
    await expect(keysOf(at("job"))).resolves.toEqual(["a"]);
  });

  test("has at most 120 bytes", async () => {
    await expect(at("ü".repeat(60)).create("a", new Uint8Array())).resolves.toBe("created");
    expect(() => at(`${"ü".repeat(60)}x`)).toThrow("121 bytes");
    expect(() => at(`${"x".repeat(120)}/`)).not.toThrow();
  });

  test.each([
    "/",
    "/a",
    "a//b",
    ".",
    "a/../b",
    "a/./b",
    "a\nb",
    "a\u0000",
    "a\u007f",
    "a\uffff",
    "\uD800",
    7,
  ])("is refused: %j", (prefix) => {
    expect(() => at(prefix as string)).toThrow(TypeError);
  });
});

describe("a bucket", () => {
  test.each(["", undefined, 7])("is refused: %j", (bucket) => {
    expect(() => new S3Store({ bucket: bucket as string })).toThrow(TypeError);
  });

  test.each(["state--usw2-az1--x-s3", "state-access-point--usw2-az1--xa-s3"])(
    "that is a directory bucket is refused, which lists in no order: %s",
    (bucket) => {
      expect(() => new S3Store({ bucket })).toThrow("directory bucket");
    },
  );
});

describe("STATE_TEST_S3", () => {
  test("names a bucket, a prefix, an endpoint and a region", () => {
    expect(
      parseTarget("s3://my-bucket/my/pre%20fix/?endpoint=http://127.0.0.1:9000&region=eu-west-1"),
    ).toEqual({
      bucket: "my-bucket",
      prefix: "my/pre fix",
      clientConfig: { endpoint: "http://127.0.0.1:9000", forcePathStyle: true, region: "eu-west-1" },
    });
    expect(parseTarget("s3://my-bucket/p")).toEqual({ bucket: "my-bucket", prefix: "p", clientConfig: {} });
  });

  test.each(["s3://my-bucket", "s3://my-bucket/", "s3://my-bucket//", "https://my-bucket/p"])(
    "is refused: %s",
    (text) => {
      expect(() => parseTarget(text)).toThrow("STATE_TEST_S3");
    },
  );
});

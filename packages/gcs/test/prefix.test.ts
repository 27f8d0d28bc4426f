import { startGcsDouble } from "@state/servers";
import { pagesOf } from "@state/servers/testing";
import { afterAll, describe, expect, test } from "vitest";
import { GcsStore } from "../src/index.ts";
import { optionsFor, parseTarget, storeOn } from "./support/target.ts";

const double = await startGcsDouble();
afterAll(() => double.stop());

const bytes = new Uint8Array([1, 2, 3]);

describe("a store's own prefix", () => {
  test.each(["a b", "a+b", "a%20b", "ü", "a#b?c&d=e", "50%", "a'(b)*!~", "a/b c/d", "日本", "a;b:c@d,e$f"])(
    "may be %j, with and without a slash at its end",
    async (prefix) => {
      const store = storeOn(double, prefix);
      const other = storeOn(double, `${prefix}/`);
      expect(await store.create("x/y", bytes)).toBe("created");
      expect(double.objects.get(`${prefix}/x/y`)?.body).toEqual(bytes);
      expect(await other.create("x/y", bytes)).toBe("exists");
      expect(await other.get("x/y")).toEqual(bytes);
      const page = { objects: [{ key: "x/y", size: 3 }], prefixes: [] };
      expect(await pagesOf(other.list("x/"))).toEqual([page]);
      expect(await pagesOf(other.list("", { delimiter: "/" }))).toEqual([{ objects: [], prefixes: ["x/"] }]);
      expect(await other.delete(["x/y"])).toEqual([]);
      expect(await store.get("x/y")).toBeUndefined();
      expect(store.name).toBe(other.name);
    },
  );

  test("is not needed", async () => {
    const store = storeOn(double, "");
    expect(await store.create("bare", bytes)).toBe("created");
    expect(double.objects.get("bare")?.body).toEqual(bytes);
    expect(store.name).toBe("gs://bucket");
  });

  test("never sees another that begins or decodes alike", async () => {
    await storeOn(double, "one%20two").create("k", bytes);
    for (const prefix of ["one two", "one+two", "one%2520two", "one", "one%20tw", "one%20two/k"]) {
      const store = storeOn(double, prefix);
      expect(await store.get("k")).toBeUndefined();
      expect((await pagesOf(store.list(""))).flatMap(({ objects }) => objects)).toEqual([]);
    }
  });

  test.each([
    "/",
    "//",
    "/a",
    "a//b",
    ".",
    "a/../b",
    "a\nb",
    "a\\b",
    "a./b",
    "a\u0000",
    "\ud800",
    "x".repeat(121),
    "ü".repeat(61),
    ".well-known/acme-challenge/a",
  ])("is refused when it is %j", (prefix) => {
    expect(() => new GcsStore({ bucket: "bucket", prefix, storageOptions: optionsFor(double) })).toThrow(
      TypeError,
    );
  });

  test("may be 120 bytes long, beside a key of 900", async () => {
    const store = storeOn(double, "ü".repeat(60));
    const key = `${"k".repeat(240)}/${"k".repeat(240)}/${"k".repeat(240)}/${"k".repeat(177)}`;
    expect(key).toHaveLength(900);
    expect(await store.create(key, bytes)).toBe("created");
    expect(await store.get(key)).toEqual(bytes);
  });
});

describe("STATE_TEST_GCS", () => {
  test("names a bucket, a prefix and an endpoint", () => {
    expect(parseTarget("gs://b/a%20b/c/?endpoint=http://127.0.0.1:1")).toEqual({
      bucket: "b",
      prefix: "a b/c",
      storageOptions: { apiEndpoint: "http://127.0.0.1:1" },
    });
    expect(parseTarget("gs://b/p")).toEqual({ bucket: "b", prefix: "p", storageOptions: {} });
  });

  test.each(["gs://bucket", "gs://bucket/", "gs://bucket//", "s3://bucket/p", "gs:///p"])(
    "is refused when it is %s",
    (text) => {
      expect(() => parseTarget(text)).toThrow("STATE_TEST_GCS");
    },
  );
});

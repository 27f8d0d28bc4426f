import { operationNames, operations, storeErrorOf } from "@state/servers/testing";
import { describe, expect, test } from "vitest";
import * as gcs from "../src/index.ts";
import { errorResponse, scriptedServer } from "./support/scripted-server.ts";

const { GcsStore, storeFromUrl, urlSchemes } = gcs;

describe("the options of the service", () => {
  test("userProject goes with each request, and the key of KMS with a create alone", async () => {
    await using server = await scriptedServer(errorResponse(500, "backendError"));
    const kmsKeyName = "projects/p/locations/l/keyRings/r/cryptoKeys/k";
    const store = server.store({ userProject: "who-pays", kmsKeyName });
    for (const name of operationNames) await storeErrorOf(operations[name](store));
    const sent = server.requests.map((request) => {
      const { searchParams } = new URL(request.split(" ")[1] ?? "", server.endpoint);
      return [searchParams.get("userProject"), searchParams.get("kmsKeyName")];
    });
    expect(sent).toEqual([
      ["who-pays", kmsKeyName],
      ["who-pays", null],
      ["who-pays", null],
      ["who-pays", null],
    ]);
  });

  test("are not sent unless they are set", async () => {
    await using server = await scriptedServer(errorResponse(500, "backendError"));
    for (const name of operationNames) await storeErrorOf(operations[name](server.store()));
    expect(server.requests.join("\n")).not.toMatch(/userProject|kmsKeyName/);
  });

  test.each([
    { userProject: "" },
    { kmsKeyName: "" },
    { kmsKeyName: "my-key" },
    { kmsKeyName: "projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1" },
  ])("are refused when they are %j", (options) => {
    expect(() => new GcsStore({ bucket: "b", ...options })).toThrow(TypeError);
  });
});

describe("a URL", () => {
  test("names bucket and prefix, and the store is called by it", () => {
    expect(urlSchemes).toEqual(["gs"]);
    expect(storeFromUrl("gs://my-bucket/jobs/fl%20ights").name).toBe("gs://my-bucket/jobs/fl ights");
    expect(GcsStore.fromUrl(new URL("gs://my-bucket/jobs/")).name).toBe("gs://my-bucket/jobs");
    expect(GcsStore.fromUrl("gs://my-bucket").name).toBe("gs://my-bucket");
    expect(GcsStore.fromUrl("gs://my-bucket/").name).toBe("gs://my-bucket");
  });

  test("may name an endpoint, which gets no credentials", async () => {
    await using server = await scriptedServer(errorResponse(500, "backendError"));
    const store = storeFromUrl(`gs://my-bucket/p?endpoint=${encodeURIComponent(server.endpoint)}`);
    await storeErrorOf(store.get("a"));
    expect(server.requests).toEqual(["GET /storage/v1/b/my-bucket/o/p%2Fa?alt=media"]);
    expect(server.headers[0]).not.toHaveProperty("authorization");
  });

  test.each([
    "s3://bucket/p",
    "gs://",
    "gs:///p",
    "gs://bucket:80/p",
    "gs://me:a-password@bucket/p",
    "gs://bucket/p#f",
    "gs://bucket/a//b",
    "gs://bucket/p?region=eu",
    "gs://bucket/p?endpoint=localhost:4443",
    "gs://bucket/p?endpoint=ftp://localhost",
    "gs://bucket/p?endpoint=http://me:a-password@localhost",
    "gs://bucket/p?endpoint=http://localhost/%3Fa=b",
    "gs://bucket/p?endpoint=http://a&endpoint=http://b",
    "bucket/p",
  ])("%s is a TypeError, without the password that it may hold", (url) => {
    expect(() => storeFromUrl(url)).toThrow(TypeError);
    expect(() => storeFromUrl(url)).not.toThrow("a-password");
  });
});

import { describe, expect, test } from "vitest";
import { parseStoreUrl } from "../../src/adapter/index.ts";

describe("a store's URL", () => {
  test("has a host, a path, and parameters that the store knows", () => {
    expect(parseStoreUrl("s3://bucket/a%20b/c?region=x", "s3", ["region"])).toEqual({
      host: "bucket",
      path: "a b/c",
      parameters: { region: "x" },
    });
    expect(parseStoreUrl(new URL("memory:"), "memory")).toEqual({ host: "", path: "", parameters: {} });
  });

  test.each([
    ["gs://bucket", "the URL must begin with s3:, not gs:"],
    ["s3://key:hunter2@bucket", "the URL must hold no credentials"],
    ["s3://bucket?region=a&region=b", 'the parameter "region" twice'],
    ["s3://bucket?token=hunter2", 'the URL has the parameter "token"; it knows region'],
    ["s3://bucket#fragment", "the URL must have no fragment"],
    ["s3://bucket/100%", "the URL's path has a % that begins no code"],
    ["not a URL?token=hunter2", '"not a URL…" is not a URL'],
  ])("%s is a TypeError that shows no secret", (url, message) => {
    const parse = (): unknown => parseStoreUrl(url, "s3", ["region"]);
    expect(parse).toThrow(TypeError);
    expect(parse).toThrow(message);
    expect(parse).not.toThrow("hunter2");
  });
});

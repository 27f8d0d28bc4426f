import * as sdk from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { errorResponse, scriptedServer } from "./support/scripted-server.ts";

const loads = vi.fn<() => void>();

beforeEach(() => {
  vi.resetModules();
  loads.mockReset();
  vi.doMock("@aws-sdk/client-s3", () => {
    loads();
    return sdk;
  });
});

afterEach(() => {
  vi.doUnmock("@aws-sdk/client-s3");
});

describe("the SDK", () => {
  test("is not loaded when a store is made, in any form, nor when it is closed", async () => {
    const { S3Store } = await import("../src/index.ts");
    const stores = [
      new S3Store({ bucket: "bucket" }),
      new S3Store({ bucket: "bucket", clientConfig: { region: "us-east-1" } }),
      new S3Store({ bucket: "bucket", client: new sdk.S3Client({ region: "us-east-1" }) }),
      S3Store.fromUrl("s3://bucket"),
    ];
    for (const store of stores) {
      expect(store.name).toBe("s3://bucket");
      await store.close();
    }
    expect(loads).not.toHaveBeenCalled();
  });

  test("is loaded once, and connections are one pool, for calls that come at once", async () => {
    await using server = await scriptedServer(errorResponse(404, "NoSuchKey"));
    const { S3Store } = await import("../src/index.ts");
    const httpAgent = { maxSockets: 1 };
    const store = new S3Store({
      bucket: "bucket",
      clientConfig: { ...server.config(), requestHandler: { httpAgent } },
    });
    const results = ["a", "b", "c"].map((key) => store.get(key));
    expect(await Promise.all(results)).toEqual([undefined, undefined, undefined]);
    expect(loads).toHaveBeenCalledOnce();
    expect(server.sockets).toHaveLength(1);
    await store.close();
  });

  test("that is not installed is Misconfigured, until it is", async () => {
    await using server = await scriptedServer(errorResponse(404, "NoSuchKey"));
    loads.mockImplementationOnce(() => {
      throw Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" });
    });
    const { S3Store } = await import("../src/index.ts");
    const store = new S3Store({ bucket: "bucket", clientConfig: server.config() });
    await expect(store.get("a")).rejects.toMatchObject({
      code: "Misconfigured",
      message: expect.stringContaining(
        "is not installed; install @aws-sdk/client-s3, 3.700 or later",
      ) as string,
    });
    expect(server.sockets).toHaveLength(0);
    await expect(store.get("a")).resolves.toBeUndefined();
    await store.close();
  });

  test("is not waited for by a call that was aborted", async () => {
    const { S3Store } = await import("../src/index.ts");
    const store = new S3Store({ bucket: "bucket", clientConfig: { endpoint: "http://127.0.0.1:1" } });
    const controller = new AbortController();
    const running = store.get("a", { signal: controller.signal });
    controller.abort("enough");
    await expect(running).rejects.toBe("enough");
  });

  test("gives the store what its owner's client was when the store was made", async () => {
    await using server = await scriptedServer(errorResponse(404, "NoSuchKey"));
    const client = new sdk.S3Client(server.config());
    const { S3Store } = await import("../src/index.ts");
    const store = new S3Store({ bucket: "bucket", client });
    client.middlewareStack.add(() => () => Promise.reject(new Error("added later")), { step: "build" });
    await expect(store.get("a")).resolves.toBeUndefined();
    client.destroy();
  });
});

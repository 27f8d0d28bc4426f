import * as sdk from "@google-cloud/storage";
import { respondWith } from "@state/servers/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { scriptedServer } from "./support/scripted-server.ts";

const loads = vi.fn<() => void>();
const made = vi.fn<() => void>();

class Storage extends sdk.Storage {
  constructor(options?: sdk.StorageOptions) {
    super(options);
    made();
  }
}

beforeEach(() => {
  vi.resetModules();
  loads.mockReset();
  made.mockReset();
  vi.doMock("@google-cloud/storage", () => {
    loads();
    return { ...sdk, Storage };
  });
});

afterEach(() => {
  vi.doUnmock("@google-cloud/storage");
  vi.unstubAllEnvs();
});

const absent = respondWith(404, "No such object: x");

describe("the SDK", () => {
  test("is not loaded when a store is made, in any form, nor when it is closed", async () => {
    const { GcsStore } = await import("../src/index.ts");
    const stores = [
      new GcsStore({ bucket: "b" }),
      new GcsStore({ bucket: "b", storage: new sdk.Storage() }),
      new GcsStore({ bucket: "b", storageOptions: { apiEndpoint: "http://127.0.0.1:1" } }),
      GcsStore.fromUrl("gs://b"),
    ];
    for (const store of stores) {
      expect(store.name).toBe("gs://b");
      await store.close();
    }
    expect(loads).not.toHaveBeenCalled();
  });

  test("is loaded once, and one client made, by calls that come at once", async () => {
    await using server = await scriptedServer(absent);
    const { GcsStore } = await import("../src/index.ts");
    const store = new GcsStore({ bucket: "b", storageOptions: { apiEndpoint: server.endpoint } });
    const results = ["a", "b", "c"].map((key) => store.get(key));
    expect(await Promise.all(results)).toEqual([undefined, undefined, undefined]);
    expect(loads).toHaveBeenCalledOnce();
    expect(made).toHaveBeenCalledOnce();
  });

  test("that is not installed is Misconfigured, until it is", async () => {
    await using server = await scriptedServer(absent);
    const missing = Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" });
    loads.mockImplementationOnce(() => {
      throw missing;
    });
    const { GcsStore } = await import("../src/index.ts");
    const store = new GcsStore({ bucket: "b", storageOptions: { apiEndpoint: server.endpoint } });
    await expect(store.get("a")).rejects.toMatchObject({
      code: "Misconfigured",
      message: expect.stringContaining("is not installed; install @google-cloud/storage"),
    });
    expect(server.requests).toHaveLength(0);
    expect(await store.get("a")).toBeUndefined();
  });

  test("that refuses its options is Misconfigured, and nothing is sent", async () => {
    const { GcsStore } = await import("../src/index.ts");
    made.mockImplementationOnce(() => {
      throw new RangeError("no such option");
    });
    const store = new GcsStore({ bucket: "b", storageOptions: {} });
    await expect(store.get("a")).rejects.toMatchObject({
      code: "Misconfigured",
      message: expect.stringContaining("mend storageOptions"),
    });
  });

  test.each([
    [{}, undefined],
    [{ apiEndpoint: "127.0.0.1:1/" }, undefined],
    [{ apiEndpoint: "http://127.0.0.1:1//" }, "http://127.0.0.1:2"],
    [{}, "127.0.0.1:2/"],
    [{ universeDomain: "example.com" }, undefined],
  ])("finds the endpoint that was checked when the store was made: %j and %s", async (options, emulator) => {
    vi.stubEnv("STORAGE_EMULATOR_HOST", emulator);
    const { endpointOfOptions } = await import("../src/client.ts");
    expect(endpointOfOptions(options)).toBe(new sdk.Storage(options).apiEndpoint);
  });
});

import { startAzurite } from "@state/servers";
import * as floor from "storage-floor";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { AzureStore, type AzureStoreOptions } from "../src/index.ts";
import { floorContainers } from "./support/floor-containers.ts";
import { accountKey, created, scriptedServer } from "./support/scripted-server.ts";

const server = await startAzurite();
afterAll(() => server.stop());

const { newContainer, deleteContainers } = floorContainers(server);
afterEach(deleteContainers, 300_000);

describe("on the oldest version of the SDK", () => {
  test("the store does what it does on the current one", { timeout: 120_000 }, async () => {
    vi.doMock("@azure/storage-blob", () => floor);
    vi.resetModules();
    const { AzureStore: Store } = await import("../src/index.ts");
    expect(Store).not.toBe(AzureStore);
    const { connectionString } = server;
    const store = new Store({ connectionString, containerName: await newContainer(), prefix: "p" });
    const body = new Uint8Array(300_000).map((_, index) => index);
    for (const key of ["a/1", "a/2", "b"]) expect(await store.create(key, body)).toBe("created");
    expect(await store.create("b", body)).toBe("exists");
    expect(await store.get("b")).toEqual(body);
    expect(await store.get("c")).toBeUndefined();
    expect((await store.list("").next()).value).toMatchObject({
      objects: ["a/1", "a/2", "b"].map((key) => ({ key, size: body.byteLength })),
    });
    expect((await store.list("", { delimiter: "/" }).next()).value).toMatchObject({
      objects: [{ key: "b" }],
      prefixes: ["a/"],
    });
    expect(await store.delete(["b"])).toEqual([]);
    expect(await store.delete(["a/1", "a/2", "b"])).toEqual([]);
    expect((await store.list("").next()).value).toEqual({ objects: [], prefixes: [] });
    await store.close();
    vi.doUnmock("@azure/storage-blob");
  });
});

/** What the static import loads at its first call would be of the modules that were reset. */
async function freshStore(options: AzureStoreOptions): Promise<AzureStore> {
  const { AzureStore: Fresh } = await import("../src/index.ts");
  return new Fresh(options);
}

describe("a client of another copy of the SDK", () => {
  const body = Buffer.from("body");

  test("is used with its account key", async () => {
    await using scripted = await scriptedServer(created);
    const credential = new floor.StorageSharedKeyCredential("account", accountKey);
    const container = new floor.ContainerClient(`${scripted.accountUrl}/box`, credential);
    expect(await (await freshStore({ container })).create("a", body)).toBe("created");
    const options = { accountUrl: scripted.accountUrl, containerName: "box", credential };
    expect(await (await freshStore(options)).create("a", body)).toBe("created");
    for (const { headers } of scripted.received) expect(headers.authorization).toMatch(/^SharedKey account:/);
  });

  test("is used with its SAS", async () => {
    await using scripted = await scriptedServer(created);
    const container = new floor.ContainerClient(`${scripted.accountUrl}/box?sv=1&sig=abcdef`);
    expect(await (await freshStore({ container })).create("a", body)).toBe("created");
    expect(scripted.received[0]?.url).toBe("/account/box/a?sv=1&sig=abcdef");
  });

  test("is used with its token credential", () => {
    const container = new floor.ContainerClient("https://account.blob.core.windows.net/box", {
      getToken: () => Promise.resolve(null),
    });
    expect(new AzureStore({ container }).name).toBe("azure://account/box");
  });
});

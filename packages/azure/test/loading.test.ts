import * as sdk from "@azure/storage-blob";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { accountNameOf, parseConnectionString } from "../src/connection-string.ts";
import { accountKey, created, scriptedServer } from "./support/scripted-server.ts";

const body = Buffer.from("body");
const loads = vi.fn<() => void>();
const newPipeline = vi.fn<typeof sdk.newPipeline>(sdk.newPipeline);

beforeEach(() => {
  vi.resetModules();
  loads.mockReset();
  newPipeline.mockClear();
  vi.doMock("@azure/storage-blob", () => {
    loads();
    return { ...sdk, newPipeline };
  });
});

afterEach(() => {
  vi.doUnmock("@azure/storage-blob");
  vi.unstubAllEnvs();
});

const connectionString = (url: string): string =>
  `DefaultEndpointsProtocol=http;AccountName=account;AccountKey=${accountKey};BlobEndpoint=${url}`;

describe("the SDK", () => {
  test("is not loaded when a store is made, in any form, nor when it is closed", async () => {
    const { AzureStore } = await import("../src/index.ts");
    const accountUrl = "https://account.blob.core.windows.net";
    const token = { getToken: () => Promise.reject(new Error("asked")) };
    const credential = new sdk.StorageSharedKeyCredential("account", accountKey);
    const container = new sdk.ContainerClient(`${accountUrl}/box`, credential);
    vi.stubEnv("AZURE_STORAGE_KEY", accountKey);
    const stores = [
      new AzureStore({ accountUrl, containerName: "box" }),
      new AzureStore({ accountUrl, containerName: "box", credential }),
      new AzureStore({ accountUrl, containerName: "box", credential: token }),
      new AzureStore({ connectionString: connectionString(accountUrl), containerName: "box" }),
      new AzureStore({ container }),
      AzureStore.fromUrl("azure://account/box"),
    ];
    for (const store of stores) {
      expect(store.name).toBe("azure://account/box");
      await store.close();
    }
    expect(loads).not.toHaveBeenCalled();
  });

  test("is loaded once, and one client made, by calls that come at once", async () => {
    await using server = await scriptedServer(created);
    const { AzureStore } = await import("../src/index.ts");
    const store = new AzureStore({
      connectionString: connectionString(server.accountUrl),
      containerName: "box",
    });
    const results = ["a", "b", "c"].map((key) => store.create(key, body));
    expect(await Promise.all(results)).toEqual(["created", "created", "created"]);
    expect(loads).toHaveBeenCalledOnce();
    expect(newPipeline).toHaveBeenCalledOnce();
  });

  test("that is not installed is Misconfigured, until it is", async () => {
    await using server = await scriptedServer(created);
    const missing = Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" });
    loads.mockImplementationOnce(() => {
      throw missing;
    });
    const { AzureStore } = await import("../src/index.ts");
    const store = new AzureStore({
      connectionString: connectionString(server.accountUrl),
      containerName: "box",
    });
    await expect(store.create("a", body)).rejects.toMatchObject({
      code: "Misconfigured",
      message: expect.stringContaining("is not installed; install @azure/storage-blob, 12.25 or later"),
    });
    expect(server.connections).toBe(0);
    expect(await store.create("a", body)).toBe("created");
  });

  test("is not waited for by a call that was aborted", async () => {
    const { AzureStore } = await import("../src/index.ts");
    const store = new AzureStore({ accountUrl: "http://127.0.0.1:1/account", containerName: "box" });
    const controller = new AbortController();
    const running = store.get("a", { signal: controller.signal });
    controller.abort("enough");
    await expect(running).rejects.toBe("enough");
  });

  test("alone can tell a credential that is none, if a bundler has renamed its class", async () => {
    await using server = await scriptedServer(created);
    const { AzureStore } = await import("../src/index.ts");
    class X extends sdk.AnonymousCredential {}
    const anonymous = new sdk.ContainerClient(`${server.accountUrl}/box`, new X());
    expect(await new AzureStore({ container: anonymous }).create("a", body)).toBe("created");
    class Own extends sdk.Credential {}
    const own = new sdk.ContainerClient(`${server.accountUrl}/box`, new sdk.Pipeline([]));
    Object.assign(own, { credential: new Own() });
    await expect(new AzureStore({ container: own }).create("a", body)).rejects.toMatchObject({
      code: "Misconfigured",
      message: expect.stringContaining("would be left out of the requests; pass accountUrl"),
    });
    expect(server.received).toHaveLength(1);
  });
});

describe("without the SDK", () => {
  const key = `AccountName=account;AccountKey=${accountKey}`;

  test.each([
    "UseDevelopmentStorage=true",
    "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://127.0.0.1:1",
    `DefaultEndpointsProtocol=https;${key};EndpointSuffix=core.windows.net`,
    `DefaultEndpointsProtocol=HTTP;${key};EndpointSuffix=core.chinacloudapi.cn;`,
    ` DefaultEndpointsProtocol=http ; ${key} ; BlobEndpoint=http://127.0.0.1:10000/account/ `,
    `BlobEndpoint=https://me-secondary.blob.core.windows.net;SharedAccessSignature=sv=1&sig=a%2Bb%3D`,
    `BlobEndpoint=https://me.blob.core.windows.net/;SharedAccessSignature=?sv=1&sig=x;AccountName=other`,
    `BlobEndpoint=http://localhost:10000/dev;SharedAccessSignature=sv=1&sig=x`,
    `DefaultEndpointsProtocol=ftp;${key};EndpointSuffix=core.windows.net`,
    `DefaultEndpointsProtocol=https;${key}`,
    `DefaultEndpointsProtocol=https;AccountName=;AccountKey=${accountKey};EndpointSuffix=x.example`,
    `DefaultEndpointsProtocol=https;AccountName=a;AccountKey=;EndpointSuffix=x.example`,
    `AccountKey=${accountKey}`,
    `BlobEndpoint=https://a b.example/;SharedAccessSignature=sv=1`,
    `BlobEndpoint=https://a.example`,
    `SharedAccessSignature=sv=1`,
    "",
  ])("a connection string is read as the SDK reads it: %j", (text) => {
    const client = valueOf(() => new sdk.ContainerClient(text, "a box"));
    const own = valueOf(() => parseConnectionString(text));
    const { credential } = client ?? {};
    const isKey = credential instanceof sdk.StorageSharedKeyCredential;
    const sas = own?.sas === undefined ? "" : `?${own.sas}`;
    expect(own && new URL(`${own.accountUrl}/a%20box${sas}`).href).toBe(client?.url);
    expect(own?.key?.accountName).toBe(isKey ? credential.accountName : undefined);
    expect(own?.key?.computeHMACSHA256("x")).toBe(isKey ? credential.computeHMACSHA256("x") : undefined);
  });

  test.each([
    "https://account.blob.core.windows.net/box",
    "https://account-secondary.blob.core.windows.net/box",
    "https://account-ipv6.blob.core.windows.net/box",
    "https://account-secondary-dualstack.blob.core.windows.net/box",
    "https://state.example/box",
    "http://127.0.0.1:8080/account/box",
    "http://127.0.0.1/account/box",
    "http://[::1]:8080/account/box",
    "http://localhost:8080/account/box",
    "http://localhost/account/box",
    "http://azurite:10000/account/box",
    "http://azurite:11104/account/box",
    "http://azurite:11200/account/box",
    "http://host.docker.internal:1/account/box",
  ])("an account's name is found as the SDK finds it: %s", (url) => {
    expect(accountNameOf(url)).toBe(new sdk.ContainerClient(url).accountName);
  });
});

function valueOf<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

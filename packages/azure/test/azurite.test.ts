import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  BlobServiceClient,
  ContainerClient,
  ContainerSASPermissions,
  newPipeline,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import type { RequestPolicyFactory } from "@azure/storage-blob";
import { startAzurite } from "@state/servers";
import type { Azurite } from "@state/servers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AzureStore } from "../src/index.ts";
import type { AzureStoreOptions } from "../src/index.ts";

const body = Buffer.from("body");

let azurite: Azurite;
let container: ContainerClient;

beforeAll(async () => {
  azurite = await startAzurite();
  container = BlobServiceClient.fromConnectionString(azurite.connectionString).getContainerClient("box");
  await container.create();
});

afterAll(() => azurite.stop());

const pagesOfThree: RequestPolicyFactory = {
  create: (next) => ({
    sendRequest: (request) => {
      request.url = request.url.replace("maxresults=5000", "maxresults=3");
      return next.sendRequest(request);
    },
  }),
};

async function sas(permissions: string): Promise<string> {
  const url = await container.generateSasUrl({
    permissions: ContainerSASPermissions.parse(permissions),
    expiresOn: new Date(Date.now() + 3_600_000),
  });
  return new URL(url).search;
}

describe("every way in", () => {
  test.each<readonly [string, () => Promise<AzureStoreOptions>]>([
    ["a client", async () => ({ container })],
    [
      "an account key",
      async () => ({
        accountUrl: azurite.accountUrl,
        containerName: "box",
        credential: new StorageSharedKeyCredential(azurite.accountName, azurite.accountKey),
      }),
    ],
    [
      "a connection string",
      async () => ({ connectionString: azurite.connectionString, containerName: "box" }),
    ],
    [
      "a SAS of the container in the address",
      async () => ({ accountUrl: `${azurite.accountUrl}${await sas("rcwdl")}`, containerName: "box" }),
    ],
    [
      "a connection string with a SAS",
      async () => ({
        connectionString: `BlobEndpoint=${azurite.accountUrl};SharedAccessSignature=${(await sas("rcwdl")).slice(1)}`,
        containerName: "box",
      }),
    ],
  ])("%s creates, reads, lists and deletes", async (_, options) => {
    const store = new AzureStore({ ...(await options()), prefix: crypto.randomUUID() });
    expect(await store.create("a/1", body)).toBe("created");
    expect(await store.create("a/1", body)).toBe("exists");
    expect(await store.create("a/2", body)).toBe("created");
    expect(await store.get("a/1")).toEqual(new Uint8Array(body));
    expect(await store.get("a/3")).toBeUndefined();
    expect((await store.list("a/").next()).value).toMatchObject({
      objects: [{ key: "a/1" }, { key: "a/2" }],
    });
    expect(await store.delete(["a/1", "a/2", "a/3"])).toEqual([]);
    expect(await store.get("a/1")).toBeUndefined();
    expect(store.requestPath).toBe("direct");
    await store.close();
  });

  test("is Denied where it does not lead", async () => {
    const wrongKey = new StorageSharedKeyCredential(
      azurite.accountName,
      Buffer.from("wrong").toString("base64"),
    );
    const options = { accountUrl: azurite.accountUrl, containerName: "box" };
    const store = new AzureStore({ ...options, credential: wrongKey });
    await expect(store.create("a", body)).rejects.toMatchObject({ code: "Denied" });
    await expect(store.get("a")).rejects.toMatchObject({ code: "Denied" });
    const reader = new AzureStore({ ...options, accountUrl: `${azurite.accountUrl}${await sas("r")}` });
    await expect(reader.create("a", body)).rejects.toMatchObject({ code: "Denied" });
    await expect(reader.list("").next()).rejects.toMatchObject({ code: "Denied" });
    expect(await reader.get("a")).toBeUndefined();
  });

  test("needs its container", async () => {
    const store = new AzureStore({ connectionString: azurite.connectionString, containerName: "nowhere" });
    await expect(store.create("a", body)).rejects.toMatchObject({ code: "Misconfigured" });
    await expect(store.get("a")).rejects.toMatchObject({ code: "Misconfigured" });
    await expect(store.list("").next()).rejects.toMatchObject({ code: "Misconfigured" });
    expect(await store.delete(["a"])).toMatchObject([{ error: { code: "Misconfigured" } }]);
    expect(await store.delete(["a", "b"])).toMatchObject([
      { error: { code: "Misconfigured" } },
      { error: { code: "Misconfigured" } },
    ]);
  });
});

describe("on the service", () => {
  test("a lease on a blob is a failure of its own", async () => {
    const prefix = crypto.randomUUID();
    const store = new AzureStore({ container, prefix });
    await store.create("a", body);
    await store.create("b", body);
    await container.getBlobClient(`${prefix}/a`).getBlobLeaseClient().acquireLease(-1);
    expect(await store.delete(["a"])).toMatchObject([{ key: "a", error: { code: "Failed" } }]);
    expect(await store.delete(["a", "b"])).toMatchObject([{ key: "a", error: { code: "Failed" } }]);
    expect(await store.get("b")).toBeUndefined();
    await container.getBlobClient(`${prefix}/a`).getBlobLeaseClient().breakLease(0);
  });

  test("a body has the MD5 that reading checks it by", async () => {
    const prefix = crypto.randomUUID();
    await new AzureStore({ container, prefix }).create("a", body);
    const { contentMD5, contentLength } = await container.getBlobClient(`${prefix}/a`).getProperties();
    expect(contentLength).toBe(body.byteLength);
    expect(contentMD5).toHaveLength(16);
  });

  test("a body that was changed on its way up is Corrupt, and makes no blob", async () => {
    const prefix = crypto.randomUUID();
    const changing: RequestPolicyFactory = {
      create: (next) => ({
        sendRequest: (request) => {
          if (request.method === "PUT") request.body = Buffer.from("bodY");
          return next.sendRequest(request);
        },
      }),
    };
    const pipeline = newPipeline(new StorageSharedKeyCredential(azurite.accountName, azurite.accountKey));
    pipeline.factories.push(changing);
    const changed = new AzureStore({ container: new ContainerClient(container.url, pipeline), prefix });
    await expect(changed.create("a", body)).rejects.toMatchObject({ code: "Corrupt" });
    expect(await new AzureStore({ container, prefix }).get("a")).toBeUndefined();
  });

  test("a prefix with spaces, +, % and ü is one prefix, and no other", async () => {
    const folder = crypto.randomUUID();
    const names = [
      "a b",
      " a",
      "a ",
      "a+b",
      "a%20b",
      "a%b",
      "a%2Fb",
      "ü",
      "u\u0308",
      "u",
      "a",
      "A",
      "007",
      "7",
    ];
    const marks = ["a?b", "a#b", "a&b", "a&amp;b", "a:b", "a;b=c", "<a>", "a'b", 'a"b', "~!*()@$,[]{}|^`"];
    const prefixes = [...names, ...marks].map((name) => `${folder}/${name}`);
    const stores = prefixes.map((prefix) => new AzureStore({ container, prefix }));
    for (const store of stores) expect(await store.create("k", Buffer.from(store.name))).toBe("created");
    for (const store of stores) {
      expect(await store.get("k")).toEqual(new Uint8Array(Buffer.from(store.name)));
      expect((await store.list("").next()).value).toMatchObject({ objects: [{ key: "k" }] });
      expect(
        await new AzureStore({
          container,
          prefix: `${store.name.slice(`azure://${azurite.accountName}/box/`.length)}/`,
        }).get("k"),
      ).toBeDefined();
    }
    for (const store of stores) {
      await store.create("l", body);
      expect(await store.delete(["k", "l"])).toEqual([]);
    }
  });

  test.each([[undefined], ["/"]] as const)(
    "pages of three give every key and folder once, delimiter %s",
    async (delimiter) => {
      const root = `${crypto.randomUUID()}/`;
      const pipeline = newPipeline(new StorageSharedKeyCredential(azurite.accountName, azurite.accountKey));
      pipeline.factories.push(pagesOfThree);
      const store = new AzureStore({
        container: new ContainerClient(container.url, pipeline),
        prefix: root,
        deleteBatchSize: 4,
      });
      const keys = ["a-b", "a.b", "a/b", "a0", "b/1", "b/2", "b/3", "b/4", "c", "d/x/y", "e"];
      for (const key of keys) await store.create(key, body);
      const found: string[] = [];
      let pages = 0;
      for await (const { objects, prefixes } of store.list("", { delimiter })) {
        expect(objects.length + prefixes.length).toBeLessThanOrEqual(3);
        found.push(...objects.map(({ key }) => key), ...prefixes);
        pages += 1;
      }
      expect(found.toSorted()).toEqual(
        delimiter === undefined ? keys : ["a-b", "a.b", "a/", "a0", "b/", "c", "d/", "e"],
      );
      expect(pages).toBeGreaterThan(2);
      expect(await store.delete(keys)).toEqual([]);
      for await (const { objects } of store.list("")) expect(objects).toEqual([]);
    },
  );

  test("what was created outlives the server", { timeout: 60_000 }, async () => {
    const location = await mkdtemp(join(tmpdir(), "state-azurite-"));
    try {
      const first = await startAzurite({ location });
      const service = BlobServiceClient.fromConnectionString(first.connectionString);
      await service.getContainerClient("box").create();
      const options = { containerName: "box", prefix: "p" };
      await new AzureStore({ ...options, connectionString: first.connectionString }).create("a", body);
      await first.stop();
      const second = await startAzurite({ location });
      const again = new AzureStore({ ...options, connectionString: second.connectionString });
      const found = await again.get("a");
      await second.stop();
      expect(found).toEqual(new Uint8Array(body));
    } finally {
      await rm(location, { recursive: true });
    }
  });
});

import { resolve } from "node:path";
import {
  ContainerClient,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import { createContainer, startAzurite } from "@state/servers";
import { openReadme } from "@state/servers/testing";
import { afterAll, describe, expect, test } from "vitest";
import { AzureStore } from "../src/index.ts";

const readme = await openReadme(resolve(import.meta.dirname, ".."));
afterAll(() => readme[Symbol.asyncDispose]());

describe("the code in the README", () => {
  test("compiles in the strictest settings", { timeout: 120_000 }, async () => {
    expect(await readme.compile()).toBe("");
  });

  test.each(readme.files)(
    "runs on an account that the environment names: %s",
    { timeout: 60_000 },
    async (file) => {
      const server = await startAzurite();
      try {
        await createContainer(server, "my-container");
        const { connectionString } = server;
        expect(await readme.run(file, { AZURE_STORAGE_CONNECTION_STRING: connectionString })).toBe("");
        const seal = new ContainerClient(connectionString, "my-container").getBlobClient(
          "jobs/flights/epoch=0/_COMMIT",
        );
        expect(await seal.exists()).toBe(true);
      } finally {
        await server.stop();
      }
    },
  );
});

describe("the role in the README", () => {
  test("is JSON, and names what the store does", () => {
    expect(readme.json).toMatchObject({
      Actions: [],
      DataActions: ["read", "write", "delete"].map(
        (action) => `Microsoft.Storage/storageAccounts/blobServices/containers/blobs/${action}`,
      ),
    });
  });

  test(
    "goes with a SAS that is enough to create, find, read, list and delete",
    { timeout: 60_000 },
    async () => {
      const [, letters = ""] = /A SAS .*`sp=(\w+)`/.exec(readme.text) ?? [];
      const server = await startAzurite();
      try {
        await createContainer(server, "my-container");
        const sas = generateBlobSASQueryParameters(
          {
            containerName: "my-container",
            permissions: ContainerSASPermissions.parse(letters),
            expiresOn: new Date(Date.now() + 3_600_000),
          },
          new StorageSharedKeyCredential(server.accountName, server.accountKey),
        );
        const accountUrl = `${server.accountUrl}?${sas.toString()}`;
        const store = new AzureStore({ accountUrl, containerName: "my-container", prefix: "p" });
        const body = new Uint8Array([1]);
        expect(await store.create("a", body)).toBe("created");
        expect(await store.create("a", body)).toBe("exists");
        expect(await store.get("a")).toEqual(body);
        for await (const { objects } of store.list("")) expect(objects).toEqual([{ key: "a", size: 1 }]);
        expect(await store.delete(["a", "b"])).toEqual([]);
        expect(await store.get("a")).toBeUndefined();
      } finally {
        await server.stop();
      }
    },
  );
});

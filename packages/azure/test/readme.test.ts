import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import {
  ContainerClient,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import { addressOf, createContainer, startAzurite } from "servers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AzureStore } from "../src/index.ts";

const run = promisify(execFile);
const folder = resolve(import.meta.dirname, "..");
const root = resolve(folder, "../..");
const readme = await readFile(join(folder, "README.md"), "utf8");
const snippets = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ""], index) => ({
  file: `${index + 1}.ts`,
  code,
}));
let scratch: string;

beforeAll(async () => {
  // Inside the package, so that imports resolve as they do for a user who installed them.
  scratch = await mkdtemp(join(folder, ".snippets-"));
  const compilerOptions = {
    types: ["node"],
    noEmit: true,
    isolatedDeclarations: false,
    noUnusedLocals: false,
  };
  await writeFile(
    join(scratch, "tsconfig.json"),
    JSON.stringify({ extends: join(root, "tsconfig.base.json"), compilerOptions }),
  );
  for (const { file, code } of snippets) await writeFile(join(scratch, file), code);
});

afterAll(() => rm(scratch, { recursive: true }));

describe("the code in the README", () => {
  test("compiles in the strictest settings", { timeout: 120_000 }, async () => {
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const result = await run(process.execPath, [tsc, "-p", scratch]).catch((error: unknown) => error);
    expect(result).toMatchObject({ stdout: "" });
  });

  test.each(snippets)(
    "runs on an account that the environment names: $file",
    { timeout: 60_000 },
    async ({ file }) => {
      const server = await startAzurite();
      try {
        await createContainer(server, "my-container");
        const { connectionString } = addressOf(server.endpoint);
        const env = { ...process.env, AZURE_STORAGE_CONNECTION_STRING: connectionString };
        const result = await run(process.execPath, [join(scratch, file)], { env });
        expect(result).toEqual({ stdout: "", stderr: "" });
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
    const [, role = ""] = /^```json\n(.*?)^```$/ms.exec(readme) ?? [];
    expect(JSON.parse(role)).toMatchObject({
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
      const [, letters = ""] = /A SAS .*`sp=(\w+)`/.exec(readme) ?? [];
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

import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { inspect } from "node:util";
import { ContainerClient, type StoragePipelineOptions } from "@azure/storage-blob";
import { afterEach, describe, expect, test, vi } from "vitest";
import { AzureStore, type StoreOptions, storeFromUrl, urlSchemes } from "../src/index.ts";
import { accountKey, blobHead, created, credential, scriptedServer } from "./support/scripted-server.ts";

const body = Buffer.from("body");
const encryptionKey = Buffer.alloc(32, "k").toString("base64");
const encryptionKeySha256 = createHash("sha256").update(Buffer.alloc(32, "k")).digest("base64");
const customerProvidedKey = { encryptionKey, encryptionKeySha256 };

/** What a store with these options sends for a create, a get and a delete. */
async function sentWith(options: StoreOptions): Promise<Partial<Record<"PUT" | "GET" | "DELETE", object>>> {
  const sent: Record<string, object> = {};
  const httpClient: NonNullable<StoragePipelineOptions["httpClient"]> = {
    sendRequest: async (request) => {
      const isAccount = request.url.includes("restype=account");
      if (!isAccount) sent[request.method] = request.headers.toJson();
      const headers = request.headers.clone();
      const isGet = request.method === "GET" && !isAccount;
      for (const [name, value] of Object.entries(blobHead(body))) headers.set(name, value);
      const readableStreamBody = Readable.from([isGet ? body : Buffer.alloc(0)], { objectMode: false });
      const status = { GET: 200, PUT: 201, DELETE: 202 }[request.method as "GET"];
      return { request, headers, status, readableStreamBody };
    },
  };
  const container = new ContainerClient("https://account.example/box", credential, { httpClient });
  const store = new AzureStore({ container, ...options });
  expect(await store.create("a", body)).toBe("created");
  expect(await store.get("a")).toEqual(new Uint8Array(body));
  expect(await store.delete(["a"])).toEqual([]);
  return sent;
}

describe("an option", () => {
  test("encryptionScope goes with a create", async () => {
    const { PUT, GET } = await sentWith({ encryptionScope: "scope" });
    expect(PUT).toMatchObject({ "x-ms-encryption-scope": "scope" });
    expect(GET).not.toHaveProperty("x-ms-encryption-scope");
  });

  test("customerProvidedKey goes with a create and a get", async () => {
    const { PUT, GET, DELETE } = await sentWith({ customerProvidedKey });
    const key = {
      "x-ms-encryption-key": encryptionKey,
      "x-ms-encryption-key-sha256": encryptionKeySha256,
      "x-ms-encryption-algorithm": "AES256",
    };
    expect(PUT).toMatchObject(key);
    expect(GET).toMatchObject(key);
    expect(DELETE).not.toHaveProperty("x-ms-encryption-key");
  });

  test.each(["Hot", "Cool", "Cold"] as const)("tier %s goes with a create", async (tier) => {
    expect((await sentWith({ tier })).PUT).toMatchObject({ "x-ms-access-tier": tier });
  });

  test("that is left out goes with nothing", async () => {
    const { PUT } = await sentWith({});
    expect(Object.keys(PUT ?? {}).filter((name) => /tier|encryption/.test(name))).toEqual([]);
  });

  test.each<readonly [string, object, RegExp]>([
    ["a tier that cannot be read", { tier: "Archive" }, /^tier must be Hot, Cool or Cold/],
    ["a scope without a name", { encryptionScope: "" }, /^encryptionScope must be/],
    ["a scope and a key", { encryptionScope: "s", customerProvidedKey }, /never both/],
    [
      "a key of another length",
      { customerProvidedKey: { encryptionKey: "geheim==", encryptionKeySha256 } },
      /32 bytes in Base64/,
    ],
    [
      "a key and the hash of another",
      { customerProvidedKey: { encryptionKey, encryptionKeySha256: "geheim" } },
      /SHA-256 in Base64/,
    ],
    ["a key over http", { accountUrl: "http://a.example", customerProvidedKey }, /needs an https address/],
    ["a batch of none", { deleteBatchSize: 0 }, /^deleteBatchSize must be a whole number from 1 to 256/],
    ["a batch that is too large", { deleteBatchSize: 257 }, /^deleteBatchSize must be/],
    ["an empty audience", { audience: "" }, /^audience must be a scope/],
  ])("is refused with %s, and nothing secret is shown", (_, options, message) => {
    const make = (): AzureStore =>
      new AzureStore({ accountUrl: "https://a.example", containerName: "box", ...options });
    expect(make).toThrow(message);
    try {
      make();
    } catch (error) {
      const shown = inspect(error, { depth: 20, showHidden: true });
      expect(shown).not.toContain(encryptionKey);
      expect(shown).not.toContain("geheim");
    }
  });
});

function connectionString(url: string): string {
  return `DefaultEndpointsProtocol=http;AccountName=account;AccountKey=${accountKey};BlobEndpoint=${url}`;
}

describe("a store's URL", () => {
  afterEach(() => vi.unstubAllEnvs());

  test("is the store's name, without its parameters", () => {
    vi.stubEnv("AZURE_STORAGE_KEY", accountKey);
    for (const url of ["azure://account/box/a/b", "azure://account/box"]) {
      expect(storeFromUrl(`${url}?endpoint=http://127.0.0.1:1/account`).name).toBe(url);
      expect(AzureStore.fromUrl(new URL(url)).name).toBe(url);
      expect(AzureStore.fromUrl(`${url}/`).name).toBe(url);
    }
    expect(urlSchemes).toEqual(["azure"]);
  });

  test.each<
    readonly [string, (url: string) => readonly [name: string, value: string], string, RegExp | undefined]
  >([
    [
      "a connection string",
      (url) => ["CONNECTION_STRING", connectionString(url)],
      "/account/box/p/a",
      /^SharedKey account:/,
    ],
    [
      "a connection string with a SAS",
      (url) => ["CONNECTION_STRING", `BlobEndpoint=${url};SharedAccessSignature=sv=1&sig=abc`],
      "/account/box/p/a?sv=1&sig=abc",
      undefined,
    ],
    ["a key", () => ["KEY", accountKey], "/account/box/p/a", /^SharedKey account:/],
    ["a SAS", () => ["SAS_TOKEN", "sv=1&sig=abc"], "/account/box/p/a?sv=1&sig=abc", undefined],
    [
      "a SAS with its question mark",
      () => ["SAS_TOKEN", "?sv=1&sig=abc"],
      "/account/box/p/a?sv=1&sig=abc",
      undefined,
    ],
  ])("takes %s from the environment, and leads to its endpoint", async (_, setting, path, authorization) => {
    await using server = await scriptedServer(created);
    const [name, value] = setting("https://account.blob.core.windows.net");
    vi.stubEnv(`AZURE_STORAGE_${name}`, value);
    const store = AzureStore.fromUrl(`azure://account/box/p?endpoint=${server.accountUrl}/`);
    expect(await store.create("a", body)).toBe("created");
    expect(server.received[0]?.url).toBe(path);
    if (authorization === undefined) expect(server.received[0]?.headers.authorization).toBeUndefined();
    else expect(server.received[0]?.headers.authorization).toMatch(authorization);
  });

  test("leads to the connection string's endpoint if it names none", async () => {
    await using server = await scriptedServer(created);
    vi.stubEnv("AZURE_STORAGE_CONNECTION_STRING", connectionString(server.accountUrl));
    expect(await AzureStore.fromUrl("azure://account/box/p").create("a", body)).toBe("created");
    expect(server.received[0]?.url).toBe("/account/box/p/a");
  });

  test("of another account than the connection string's is refused", () => {
    vi.stubEnv("AZURE_STORAGE_CONNECTION_STRING", connectionString("http://127.0.0.1:1/account"));
    expect(() => AzureStore.fromUrl("azure://other/box")).toThrow(
      /account other, and AZURE_STORAGE_CONNECTION_STRING of account/,
    );
  });

  test("without any of them asks DefaultAzureCredential, once a token is needed", async () => {
    const getToken = vi.fn<() => Promise<never>>(() => Promise.reject(new Error("no network")));
    vi.doMock("@azure/identity", () => ({
      DefaultAzureCredential: class {
        readonly getToken = getToken;
      },
    }));
    try {
      const store = AzureStore.fromUrl("azure://account/box");
      expect(getToken).not.toHaveBeenCalled();
      await expect(store.get("a")).rejects.toMatchObject({ code: "Unavailable" });
      expect(getToken).toHaveBeenCalledOnce();
    } finally {
      vi.doUnmock("@azure/identity");
    }
  });

  test("without any of them, and without @azure/identity, is Denied, with what to set", async () => {
    vi.doMock("@azure/identity", () => {
      throw Object.assign(new Error("Cannot find package '@azure/identity'"), {
        code: "ERR_MODULE_NOT_FOUND",
      });
    });
    try {
      await expect(AzureStore.fromUrl("azure://account/box").get("a")).rejects.toMatchObject({
        code: "Denied",
        message: expect.stringMatching(/set AZURE_STORAGE_CONNECTION_STRING.*or install @azure\/identity/),
      });
    } finally {
      vi.doUnmock("@azure/identity");
    }
  });

  test.each([
    "azure://user:geheim@account/box",
    "azure://account/box?sig=geheim",
    "azure://account/box?endpoint=http://user:geheim@127.0.0.1/account",
    "azure://account/box?endpoint=http://127.0.0.1/account?sig=geheim",
    "azure://account/box?endpoint=ftp://127.0.0.1",
    "azure://account/box?endpoint=",
    "azure://account",
    "azure://account/",
    "azure:///box/p",
    "s3://account/box",
    "azure://account/box//p",
  ])("%s is refused", (url) => {
    vi.stubEnv("AZURE_STORAGE_KEY", accountKey);
    expect(() => AzureStore.fromUrl(url)).toThrow(TypeError);
    try {
      AzureStore.fromUrl(url);
    } catch (error) {
      expect(inspect(error, { depth: 20, showHidden: true })).not.toContain("geheim");
    }
  });
});

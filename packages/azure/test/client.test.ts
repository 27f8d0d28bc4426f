import { Readable } from "node:stream";
import { inspect } from "node:util";
import { ContainerClient, newPipeline, Pipeline } from "@azure/storage-blob";
import type { RequestPolicyFactory, StoragePipelineOptions } from "@azure/storage-blob";
import { describe, expect, test } from "vitest";
import { partsOf } from "../src/client.ts";
import type { AccountKey } from "../src/connection-string.ts";
import { AzureStore } from "../src/index.ts";
import { openClient } from "../src/sdk.ts";
import {
  accountKey,
  batchResponse,
  created,
  credential,
  errorResponse,
  scriptedServer,
} from "./support/scripted-server.ts";

const body = Buffer.from("body");

/** A policy of the owner's. It is a factory in the form that the SDK's `Pipeline` takes. */
const marking: RequestPolicyFactory = {
  create: (next) => ({
    sendRequest: (request) => {
      request.headers.set("x-owner", "here");
      return next.sendRequest(request);
    },
  }),
};

describe("a client that is passed in", () => {
  test.each<readonly [string, StoragePipelineOptions]>([
    ["by default", {}],
    ["many times", { retryOptions: { maxTries: 9, retryDelayInMs: 1 } }],
    ["at a second address", { retryOptions: { maxTries: 3, secondaryHost: "127.0.0.1:1" } }],
  ])("that sends again %s is derived from, and sends once", async (_, options) => {
    await using server = await scriptedServer(errorResponse(503, "ServerBusy"));
    const store = new AzureStore({ container: server.container(options) });
    await expect(store.create("a", body)).rejects.toMatchObject({ code: "Throttled" });
    await expect(store.get("a")).rejects.toMatchObject({ code: "Throttled" });
    await expect(store.list("").next()).rejects.toMatchObject({ code: "Throttled" });
    expect(await store.delete(["a", "b"])).toHaveLength(2);
    expect(server.received).toHaveLength(4);
  });

  test.each([301, 302, 307, 308])("follows no redirect by %d, to its own server either", async (status) => {
    await using server = await scriptedServer((response, received) => {
      const isFirst = received.url.endsWith("/a");
      const script = isFirst ? errorResponse(status, undefined, { location: "/account/box/b" }) : created;
      script(response, received);
    });
    const store = new AzureStore({ container: server.container() });
    await expect(store.create("a", body)).rejects.toMatchObject({ code: "Misconfigured" });
    await expect(store.get("a")).rejects.toMatchObject({ code: "Misconfigured" });
    expect(server.received.map(({ url }) => url)).toEqual(["/account/box/a", "/account/box/a"]);
  });

  test("is left as it was", async () => {
    await using server = await scriptedServer((response, received) => {
      const script = server.received.length % 2 === 1 ? errorResponse(500, "InternalError") : created;
      script(response, received);
    });
    const container = server.container({ retryOptions: { maxTries: 2, retryDelayInMs: 1 } });
    const store = new AzureStore({ container });
    await expect(store.create("a", body)).rejects.toMatchObject({ code: "Unavailable" });
    await store.close();
    await container.getBlockBlobClient("b").upload("x", 1, {});
    await container.getBlockBlobClient("c").upload("x", 1, {});
    expect(server.received.map(({ url }) => url)).toEqual(
      ["a", "b", "c", "c"].map((key) => `/account/box/${key}`),
    );
  });

  test("keeps its owner's policies, user agent and proxy", async () => {
    await using server = await scriptedServer(created);
    const pipeline = newPipeline(credential, {
      userAgentOptions: { userAgentPrefix: "owner/1" },
      proxyOptions: { host: "http://127.0.0.1", port: Number(new URL(server.accountUrl).port) },
    });
    pipeline.factories.push(marking);
    const container = new ContainerClient("http://account.invalid/box", pipeline);
    expect(await new AzureStore({ container }).create("a", body)).toBe("created");
    expect(server.received[0]).toMatchObject({
      url: expect.stringContaining("account.invalid/box/a"),
      headers: { "x-owner": "here", "user-agent": expect.stringMatching(/^owner\/1 /) },
    });
  });

  test("may hold its credential among its policies", async () => {
    await using server = await scriptedServer(created);
    const container = new ContainerClient(`${server.accountUrl}/box`, new Pipeline([credential, marking]));
    expect(await new AzureStore({ container }).create("a", body)).toBe("created");
    expect(server.received[0]?.headers).toMatchObject({
      "x-owner": "here",
      authorization: expect.stringMatching(/^SharedKey account:/),
    });
  });

  test("keeps its HTTP client and its token credential, in batches too", async () => {
    const scopes: unknown[] = [];
    const sent: { authorization: string | undefined; body: unknown }[] = [];
    const httpClient: StoragePipelineOptions["httpClient"] = {
      sendRequest: async (request) => {
        const isAccount = request.url.includes("restype=account");
        if (!isAccount)
          sent.push({ authorization: request.headers.get("authorization"), body: request.body });
        const headers = request.headers.clone();
        headers.set("content-type", "multipart/mixed; boundary=part");
        headers.set("x-ms-request-id", "1");
        if (isAccount) return { request, headers, status: 200 };
        const isBatch = request.method === "POST";
        const parts = [0, 1].map((id) => `--part\r\nContent-ID: ${id}\r\n\r\nHTTP/1.1 202 Accepted\r\n\r\n`);
        const readableStreamBody = Readable.from([`${parts.join("")}--part--`], { objectMode: false });
        return isBatch
          ? { request, headers, status: 202, readableStreamBody }
          : { request, headers, status: 201 };
      },
    };
    const token = {
      getToken: async (scope: string | string[]) => {
        scopes.push(scope);
        return { token: "a-token", expiresOnTimestamp: Date.now() + 3_600_000 };
      },
    };
    const container = new ContainerClient("https://account.example/box", token, { httpClient });
    const store = new AzureStore({ container });
    expect(await store.create("a", body)).toBe("created");
    expect(await store.delete(["a", "b"])).toEqual([]);
    expect(new Set(scopes.flat())).toEqual(new Set(["https://storage.azure.com/.default"]));
    expect(sent.map(({ authorization }) => authorization)).toEqual(["Bearer a-token", "Bearer a-token"]);
    expect(String(sent[1]?.body).match(/authorization: Bearer a-token/gi)).toHaveLength(2);
  });

  test.each([
    ["nothing", undefined],
    ["a string", "box"],
    ["something with an address", { url: "http://x/box", credential }],
  ])("that is %s is refused, with what to do instead", (_, container) => {
    expect(() => new AzureStore({ container: container as unknown as ContainerClient })).toThrow(
      /sends each request once.*accountUrl or connectionString/,
    );
  });

  test("of another copy of the SDK, whose key this one would not use, is refused", () => {
    class Foreign {
      readonly accountName = "account";
    }
    const pipeline = new Pipeline([]);
    const container = { url: "http://x/box", pipeline, credential: new Foreign() };
    expect(() => new AzureStore({ container: container as unknown as ContainerClient })).toThrow(
      /would be left out of the requests/,
    );
  });
});

describe("a client that is built", () => {
  test("from an account's address sends each request once, signed", async () => {
    await using server = await scriptedServer(errorResponse(500, "InternalError"));
    for (const accountUrl of [server.accountUrl, `${server.accountUrl}/`]) {
      const store = new AzureStore({ accountUrl, containerName: "box", credential });
      await expect(store.create("a", body)).rejects.toMatchObject({ code: "Unavailable" });
    }
    expect(server.received.map(({ url }) => url)).toEqual(["/account/box/a", "/account/box/a"]);
    expect(server.received[0]?.headers.authorization).toMatch(/^SharedKey account:/);
  });

  test("from an address with a SAS sends that along, in batches too", async () => {
    await using server = await scriptedServer((response, received) => {
      const script =
        received.method === "POST"
          ? batchResponse([
              [0, 202],
              [1, 202],
            ])
          : created;
      script(response, received);
    });
    const store = new AzureStore({
      accountUrl: `${server.accountUrl}?sv=1&sig=s%2Bg%3D`,
      containerName: "box",
      prefix: "p",
    });
    expect(await store.create("a", body)).toBe("created");
    expect(await store.delete(["a", "b"])).toEqual([]);
    expect(server.received[0]?.url).toBe("/account/box/p/a?sv=1&sig=s%2Bg%3D");
    expect(server.received[1]?.url).toContain("sig=s%2Bg%3D");
    expect(server.received[1]?.body.toString()).toContain(
      "DELETE /account/box/p/b?sv=1&sig=s%2Bg%3D HTTP/1.1",
    );
  });

  test.each([
    [
      "a key",
      (url: string) =>
        `DefaultEndpointsProtocol=http;AccountName=account;AccountKey=${accountKey};BlobEndpoint=${url}`,
      /^SharedKey/,
    ],
    ["a SAS", (url: string) => `BlobEndpoint=${url};SharedAccessSignature=sv=1&sig=abc`, undefined],
  ])("from a connection string with %s sends each request once", async (_, string, authorization) => {
    await using server = await scriptedServer(errorResponse(500, "InternalError"));
    const store = new AzureStore({ connectionString: string(server.accountUrl), containerName: "box" });
    await expect(store.get("a")).rejects.toMatchObject({ code: "Unavailable" });
    expect(server.received).toHaveLength(1);
    const [got] = server.received;
    if (authorization === undefined) expect(got?.url).toContain("sig=abc");
    else expect(got?.headers.authorization).toMatch(authorization);
  });

  test("asks a token credential for a token of the storage service", async () => {
    const scopes: unknown[] = [];
    const unavailable = Object.assign(new Error("no identity here"), { name: "CredentialUnavailableError" });
    const token = {
      getToken: async (scope: string | string[]): Promise<never> => {
        scopes.push(scope);
        throw unavailable;
      },
    };
    const store = new AzureStore({
      accountUrl: "https://account.invalid",
      containerName: "box",
      credential: token,
    });
    await expect(store.create("a", body)).rejects.toMatchObject({
      code: "Denied",
      cause: expect.objectContaining({ message: unavailable.message }),
    });
    expect(await store.delete(["a", "b"])).toMatchObject([
      { error: { code: "Denied" } },
      { error: { code: "Denied" } },
    ]);
    expect(new Set(scopes.flat())).toEqual(new Set(["https://storage.azure.com/.default"]));
  });

  test.each([
    "CredentialUnavailableError",
    "AuthenticationError",
    "AuthenticationRequiredError",
    "AggregateAuthenticationError",
  ])("is Denied when a token ends in %s", async (name) => {
    const refused = Object.assign(new Error("no token"), { name, statusCode: 400 });
    const failing = { getToken: (): Promise<never> => Promise.reject(refused) };
    const options = { accountUrl: "https://account.invalid", containerName: "box", credential: failing };
    await expect(new AzureStore(options).create("a", body)).rejects.toMatchObject({ code: "Denied" });
    expect(await new AzureStore(options).delete(["a", "b"])).toMatchObject([
      { error: { code: "Denied" } },
      { error: { code: "Denied" } },
    ]);
  });

  test.each<readonly [string, object]>([
    ["no container", { accountUrl: "https://a.example", containerName: "" }],
    ["a signature that is not one", { accountUrl: "https://a b.example?sig=geheim", containerName: "box" }],
    ["no host", { accountUrl: "https://?sig=geheim", containerName: "box" }],
    ["no address", { accountUrl: "a.example?sig=geheim", containerName: "box" }],
    ["no connection string", { connectionString: 7, containerName: "box" }],
    [
      "an endpoint that is none",
      {
        connectionString: "BlobEndpoint=https://a b.example/?sig=geheim;SharedAccessSignature=sv=1",
        containerName: "box",
      },
    ],
    ["a bad connection string", { connectionString: "AccountKey=geheim", containerName: "box" }],
  ])("is refused with %s, and nothing secret is shown", (_, options) => {
    const make = (): AzureStore =>
      new AzureStore(options as { connectionString: string; containerName: string });
    expect(make).toThrow(TypeError);
    expect(make).toThrow(/^(containerName|accountUrl|connectionString) /);
    try {
      make();
    } catch (error) {
      expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain("geheim");
    }
  });

  test("from an address whose signature is no URL's is built: the service may say what is wrong", async () => {
    await using server = await scriptedServer(errorResponse(403, "AuthenticationFailed"));
    const store = new AzureStore({ accountUrl: `${server.accountUrl}?sv=1&sig=%zz`, containerName: "box" });
    await expect(store.get("a")).rejects.toMatchObject({ code: "Denied" });
  });
});

test("a credential that this copy of the store does not know is refused, and not left out of the requests", async () => {
  const parts = partsOf({
    accountUrl: "https://account.blob.core.windows.net",
    containerName: "box",
    credential,
  });
  const { accountName } = parts.credential as AccountKey;
  const ofAnotherCopy = { ...parts, credential: { accountName } as AccountKey };
  await expect(openClient(ofAnotherCopy)).rejects.toThrow(/^the container's credential is none of/);
});

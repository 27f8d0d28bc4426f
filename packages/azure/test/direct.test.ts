import {
  AnonymousCredential,
  ContainerClient,
  newPipeline,
  type RequestPolicyFactory,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import { afterEach, describe, expect, test, vi } from "vitest";
import { AccountKey } from "../src/connection-string.ts";
import { type PlainRequest, type Probe, RequestMaker } from "../src/direct.ts";
import { AzureStore, type AzureStoreOptions } from "../src/index.ts";
import { plainHttp } from "./support/plain-http.ts";
import { accountKey, created, credential, errorResponse, scriptedServer } from "./support/scripted-server.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

const body = Buffer.from("body");
const key = new AccountKey("account", accountKey);

/** A client whose requests are captured, and never sent. */
function capturing(
  url: string,
  credentials: StorageSharedKeyCredential | AnonymousCredential,
): {
  readonly container: ContainerClient;
  readonly capture: (work: () => Promise<unknown>) => Promise<PlainRequest>;
} {
  let captured: PlainRequest | undefined;
  const httpClient = {
    sendRequest: async (request: {
      readonly method: string;
      readonly url: string;
      readonly headers: { toJson(options: { preserveCase: boolean }): Record<string, string> };
    }): Promise<never> => {
      const { method, url: address, headers } = request;
      captured = { method, url: address, headers: headers.toJson({ preserveCase: true }) };
      throw new Error("captured");
    },
  };
  const options = { httpClient, retryOptions: { maxTries: 1 } } as object;
  return {
    container: new ContainerClient(url, credentials, options),
    capture: async (work) => {
      captured = undefined;
      await expect(work()).rejects.toThrow("captured");
      if (captured === undefined) throw new Error("nothing was sent");
      return captured;
    },
  };
}

/** The creates and gets of these keys as the SDK sends them. */
async function probesOf(
  url: string,
  credentials: StorageSharedKeyCredential | AnonymousCredential,
  root: string,
  keys: readonly string[],
): Promise<{ readonly creates: readonly Probe[]; readonly gets: readonly Probe[] }> {
  const { container, capture } = capturing(url, credentials);
  const creates: Probe[] = [];
  const gets: Probe[] = [];
  for (const [index, name] of keys.entries()) {
    const bytes = Buffer.alloc(index % 5, index);
    const md5 = Buffer.alloc(16, index);
    const blob = container.getBlockBlobClient(`${root}${name}`);
    const put = (): Promise<unknown> =>
      blob.upload(bytes, bytes.byteLength, {
        conditions: { ifNoneMatch: "*" },
        transactionalContentMD5: md5,
      });
    const head = { length: bytes.byteLength, md5: md5.toString("base64") };
    creates.push({ key: name, body: head, request: await capture(put) });
    gets.push({ key: name, body: undefined, request: await capture(() => blob.download()) });
  }
  return { creates, gets };
}

/** Numbers that are the same in each run. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const letters = "abcXYZ019=_.-";

function randomKey(random: (below: number) => number): string {
  const segments = Array.from({ length: 1 + random(4) }, () => {
    const length = 1 + random(30);
    const text = Array.from({ length }, () => letters[random(letters.length)]).join("");
    return /^\.{1,2}$/.test(text) ? `a${text}` : text;
  });
  return segments.join("/");
}

const roots = ["", "p/", "a b+c%20ü&<'>/", "a%2Fb/ü/", "~!*()@$,[]{}|^`/", "a?b#c;d=e:f/"];
const signed = new StorageSharedKeyCredential("account", accountKey);

describe("2,400 random requests are made as the SDK makes them, signature and all", () => {
  test.each(
    roots.flatMap((root, index) => [
      ["a key", `https://account.blob.core.windows.net/box`, root, index] as const,
      ["a key, of an emulator", `http://127.0.0.1:10000/account/box`, root, index + 100] as const,
    ]),
  )("with %s at %s, beneath %j", async (_, url, root, seed) => {
    const random = randomNumbers(seed);
    const keys = Array.from({ length: 100 }, () => randomKey(random));
    const { creates, gets } = await probesOf(url, signed, root, keys);
    expect(creates.map(({ request }) => request.headers["Authorization"])).not.toContain(undefined);
    expect(() => new RequestMaker(creates, key)).not.toThrow();
    expect(() => new RequestMaker(gets, key)).not.toThrow();
  });

  test("with a SAS, whose query stays as it stands", async () => {
    const random = randomNumbers(7);
    const keys = Array.from({ length: 100 }, () => randomKey(random));
    const url = "https://account.blob.core.windows.net/box?sv=2026-01-01&sp=rcw&sig=a%2Bb%2Fc%3D";
    const { creates, gets } = await probesOf(url, new AnonymousCredential(), "a b/", keys);
    expect(new RequestMaker(creates, undefined).make("k", { length: 1, md5: "" }).url).toBe(
      "https://account.blob.core.windows.net/box/a%20b/k?sv=2026-01-01&sp=rcw&sig=a%2Bb%2Fc%3D",
    );
    expect(() => new RequestMaker(gets, undefined)).not.toThrow();
  });
});

describe("a request that is made in another way than the SDK's is noticed", () => {
  const url = "http://127.0.0.1:10000/account/box";

  test.each<readonly [string, (request: PlainRequest) => PlainRequest, RegExp]>([
    [
      "another signature",
      (request) => ({
        ...request,
        headers: { ...request.headers, Authorization: "SharedKey account:AAAA" },
      }),
      /Authorization is not the expected one/,
    ],
    ["another address", (request) => ({ ...request, url: `${request.url}x` }), /address of a blob/],
    ["a query", (request) => ({ ...request, url: `${request.url}?x=1` }), /has a query/],
    [
      "a header more",
      (request) => ({ ...request, headers: { ...request.headers, traceparent: "00-1" } }),
      /the requests have the header traceparent/,
    ],
    [
      "another condition from one request to the next",
      (request) => ({ ...request, headers: { ...request.headers, "If-None-Match": '"1"' } }),
      /is not the expected one/,
    ],
    [
      "no MD5",
      (request) => ({
        ...request,
        headers: Object.fromEntries(
          Object.entries(request.headers).filter(([name]) => name !== "Content-MD5"),
        ),
      }),
      /is not the expected one/,
    ],
  ])("by %s", async (_, alter, message) => {
    const { creates } = await probesOf(url, signed, "p/", ["a=1/b", "c"]);
    const altered = creates.map((probe, index) =>
      index === 1 || message.source.includes("query") ? { ...probe, request: alter(probe.request) } : probe,
    );
    expect(() => new RequestMaker(altered, key)).toThrow(message);
  });

  test("by another key", async () => {
    const { gets } = await probesOf(url, signed, "p/", ["a", "b"]);
    expect(() => new RequestMaker(gets, new AccountKey("account", "AAAA"))).toThrow(/Authorization/);
  });
});

const marking: RequestPolicyFactory = {
  create: (next) => ({ sendRequest: (request) => next.sendRequest(request) }),
};

describe("the way of a store", () => {
  const box = { containerName: "box" };

  test.each<readonly [string, (accountUrl: string) => AzureStoreOptions]>([
    ["a key", (accountUrl) => ({ accountUrl, ...box, credential })],
    ["a SAS", (accountUrl) => ({ accountUrl: `${accountUrl}?sv=1&sig=a%2Bb`, ...box })],
    ["no credential", (accountUrl) => ({ accountUrl, ...box })],
    ["a client", (accountUrl) => ({ container: new ContainerClient(`${accountUrl}/box`, credential) })],
    ["a tier", (accountUrl) => ({ accountUrl, ...box, credential, tier: "Cool" })],
  ])("is direct with %s", async (_, options) => {
    await using server = await scriptedServer(created);
    const store = new AzureStore(options(server.accountUrl));
    expect(store).toMatchObject({ requestPath: undefined, requestPathReason: undefined });
    expect(await store.create("a=1/b", body)).toBe("created");
    expect(store).toMatchObject({ requestPath: "direct", requestPathReason: undefined });
    expect(server.received).toHaveLength(1);
  });

  test.each<readonly [string, (accountUrl: string) => AzureStoreOptions, RegExp]>([
    ["off", (accountUrl) => ({ accountUrl, ...box, credential, directRequests: false }), /directRequests/],
    [
      "a policy of its owner's",
      (accountUrl) => {
        const pipeline = newPipeline(credential);
        pipeline.factories.push(marking);
        return { container: new ContainerClient(`${accountUrl}/box`, pipeline) };
      },
      /policies of its owner/,
    ],
    [
      "an HTTP client of its owner's",
      (accountUrl) => ({
        container: new ContainerClient(`${accountUrl}/box`, credential, { httpClient: plainHttp }),
      }),
      /HTTP client/,
    ],
    [
      "a scope",
      (accountUrl) => ({ accountUrl, ...box, credential, encryptionScope: "scope" }),
      /encryptionScope/,
    ],
    [
      "a proxy",
      (accountUrl) => ({
        container: new ContainerClient(`${accountUrl}/box`, credential, {
          proxyOptions: { host: "http://127.0.0.1", port: Number(new URL(accountUrl).port) },
        }),
      }),
      /proxy/,
    ],
  ])("is the SDK's with %s, and works", async (_, options, reason) => {
    await using server = await scriptedServer(created);
    const store = new AzureStore(options(server.accountUrl));
    expect(await store.create("a", body)).toBe("created");
    expect(store).toMatchObject({ requestPath: "sdk", requestPathReason: expect.stringMatching(reason) });
  });

  test("is the SDK's where it is asked to log", async () => {
    vi.stubEnv("AZURE_LOG_LEVEL", "info");
    await using server = await scriptedServer(created);
    const store = new AzureStore({ container: server.container() });
    await store.create("a", body);
    expect(store.requestPathReason).toMatch(/AZURE_LOG_LEVEL/);
  });

  test("is the SDK's for a large body alone", async () => {
    await using server = await scriptedServer(created);
    const store = new AzureStore({ container: server.container() });
    expect(await store.create("large", Buffer.alloc(200_000))).toBe("created");
    expect(store.requestPath).toBeUndefined();
    expect(await store.create("small", Buffer.alloc(100_000))).toBe("created");
    expect(store.requestPath).toBe("direct");
  });

  test("is refused with another value than true or false", () => {
    const options = { accountUrl: "http://127.0.0.1:1/account", ...box, directRequests: "no" };
    expect(() => new AzureStore(options as unknown as AzureStoreOptions)).toThrow(/^directRequests must be/);
  });

  test("gives the same outcomes as the SDK's", async () => {
    const cases = [
      errorResponse(409, "BlobAlreadyExists"),
      errorResponse(412, "ConditionNotMet"),
      errorResponse(404, "BlobNotFound"),
      errorResponse(404, "ContainerNotFound"),
      errorResponse(404, undefined),
      errorResponse(403, "AuthenticationFailed"),
      errorResponse(429, "TooManyRequests", { "retry-after": "7" }),
      errorResponse(503, "ServerBusy"),
      errorResponse(200, "InternalError"),
      errorResponse(307, undefined, { location: "/b" }),
      created,
    ];
    for (const script of cases) {
      await using server = await scriptedServer(script);
      const outcomes = [];
      for (const directRequests of [true, false]) {
        const store = new AzureStore({ container: server.container(), directRequests });
        outcomes.push(await Promise.all([store.create("a", body), store.get("a")].map(outcomeOf)));
        expect(store.requestPath).toBe(directRequests ? "direct" : "sdk");
      }
      expect(outcomes[0]).toEqual(outcomes[1]);
      expect(server.received).toHaveLength(4);
    }
  });
});

async function outcomeOf(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call;
  } catch (error) {
    const { code, retryAfterMs } = error as { code: string; retryAfterMs?: number };
    return { code, retryAfterMs };
  }
}

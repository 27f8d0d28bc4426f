import { ContainerClient } from "@azure/storage-blob";
import { ManagedIdentityCredential } from "@azure/identity";
import { respondWith, startScriptedServer } from "@state/servers/testing";
import { afterEach, describe, expect, test, vi } from "vitest";
import { AzureStore, type TokenCredential } from "../src/index.ts";
import { TokenSource } from "../src/token.ts";
import { plainHttp } from "./support/plain-http.ts";
import {
  type AzureServer,
  batchResponse,
  created,
  errorResponse,
  flatAccount,
  type Script,
  scriptedServer,
} from "./support/scripted-server.ts";

const body = Buffer.from("body");
const hour = 3_600_000;

function storeOn({ accountUrl }: AzureServer, credential: TokenCredential): AzureStore {
  const url = `${accountUrl.replace("http:", "https:")}/box`;
  return new AzureStore({ container: new ContainerClient(url, credential, { httpClient: plainHttp }) });
}

/** Gives these tokens one after the other, then the last one for ever; an error is thrown. */
function giving(...given: readonly (string | Error)[]): TokenCredential & { readonly asked: () => number } {
  let count = 0;
  return {
    asked: () => count,
    getToken: async () => {
      const token = given[Math.min(count, given.length - 1)];
      count += 1;
      if (typeof token !== "string") throw token ?? new Error("nothing to give");
      return { token, expiresOnTimestamp: Date.now() + hour };
    },
  };
}

function named(name: string, message: string, fields: object = {}): Error {
  return Object.assign(new Error(message), { name, ...fields });
}

/** Refuses this token, and takes any other. */
function refusing(token: string, next: Script = created): Script {
  return (response, received) => {
    const isRefused = received.headers.authorization === `Bearer ${token}`;
    (isRefused ? errorResponse(401, "InvalidAuthenticationInfo") : next)(response, received);
  };
}

function sentBy({ received, accountRequests }: AzureServer): readonly unknown[] {
  return [...accountRequests, ...received].map(({ headers }) => headers.authorization);
}

describe("a credential's error", () => {
  const unavailable = "CredentialUnavailableError";
  const rows: readonly (readonly [string, Error, string])[] = [
    [
      "says that nothing is configured",
      named(unavailable, "EnvironmentCredential is unavailable. No underlying credential could be used."),
      "Denied",
    ],
    [
      "is of an issuer that refuses with 400",
      named("AuthenticationError", "invalid_grant", { statusCode: 400 }),
      "Denied",
    ],
    [
      "is of an issuer that refuses with 401",
      named("AuthenticationError", "invalid_client", { statusCode: 401 }),
      "Denied",
    ],
    [
      "has the issuer's refusal as its cause",
      named("AuthenticationRequiredError", "no", {
        cause: named("ServerError", "no", { errorCode: "invalid_client" }),
      }),
      "Denied",
    ],
    [
      "is of an endpoint that knows no such identity",
      named(unavailable, "ManagedIdentityCredential: Authentication failed.", {
        cause: named("ServerError", "Identity not found", { status: 400 }),
      }),
      "Denied",
    ],
    [
      "is of a chain in which nothing is configured",
      named("AggregateAuthenticationError", "chain", {
        errors: [named(unavailable, "not set"), named(unavailable, "Please run 'az login'")],
      }),
      "Denied",
    ],
    [
      "is of an issuer that says 408",
      named("AuthenticationError", "slow", { statusCode: 408 }),
      "Unavailable",
    ],
    [
      "is of an issuer that says 429",
      named("AuthenticationError", "slow down", { statusCode: 429 }),
      "Unavailable",
    ],
    [
      "is of an issuer that says 500",
      named("AuthenticationError", "oops", { statusCode: 500 }),
      "Unavailable",
    ],
    [
      "is of an issuer that says 503",
      named("AuthenticationError", "busy", { statusCode: 503 }),
      "Unavailable",
    ],
    [
      "is of an issuer that cannot be reached",
      named("AuthenticationRequiredError", "network_error: failed", {
        cause: named("ClientAuthError", "failed", { errorCode: "network_error" }),
      }),
      "Unavailable",
    ],
    [
      "is of an endpoint that says 503",
      named(unavailable, "ManagedIdentityCredential: Authentication failed.", {
        cause: named("ServerError", "busy", { status: 503 }),
      }),
      "Unavailable",
    ],
    [
      "is of an endpoint that is being updated",
      named(unavailable, "ManagedIdentityCredential: Authentication failed.", {
        cause: named("ServerError", "gone", { status: 410 }),
      }),
      "Unavailable",
    ],
    [
      "is of an endpoint that is not there yet",
      named(unavailable, "Attempted to use the IMDS endpoint, but it is not available."),
      "Unavailable",
    ],
    [
      "is of an unreachable network",
      named(unavailable, "ManagedIdentityCredential: Network unreachable.", {
        cause: named("RestError", "unreachable network", { statusCode: 403 }),
      }),
      "Unavailable",
    ],
    [
      "is of a chain in which one may work later",
      named("AggregateAuthenticationError", "chain", {
        errors: [
          named(unavailable, "not set"),
          named(unavailable, "Attempted to use the IMDS endpoint, but it is not available."),
        ],
      }),
      "Unavailable",
    ],
    [
      "has a code of the system",
      named("Error", "connect ECONNREFUSED", { code: "ECONNREFUSED" }),
      "Unavailable",
    ],
    ["says nothing that is known", new Error("who knows"), "Unavailable"],
  ];

  test.each(rows)("%s", async (_, error, code) => {
    await using server = await scriptedServer(created);
    const store = storeOn(server, giving(error, "good"));
    await expect(store.create("a", body)).rejects.toMatchObject({
      code,
      message: expect.stringContaining("nothing was sent"),
    });
    expect(sentBy(server)).toEqual([]);
    expect(await store.create("a", body)).toBe("created");
  });

  test("is of each key of a batch", async () => {
    await using server = await scriptedServer(created);
    const store = storeOn(server, giving(named("AuthenticationError", "busy", { statusCode: 503 })));
    expect(await store.delete(["a", "b"])).toMatchObject([
      { key: "a", error: { code: "Unavailable", key: "a" } },
      { key: "b", error: { code: "Unavailable", key: "b" } },
    ]);
  });
});

describe("a managed identity", () => {
  afterEach(() => vi.unstubAllEnvs());

  test(
    "whose endpoint is down, or busy, is Unavailable, one that refuses Denied, and each works as soon as it does",
    { timeout: 60_000 },
    async () => {
      await using server = await scriptedServer(created);
      let script = respondWith(503, "busy");
      const issuer = await startScriptedServer((...parts) => script(...parts));
      vi.stubEnv("IDENTITY_ENDPOINT", `${issuer.endpoint}/msi`);
      vi.stubEnv("IDENTITY_HEADER", "header");
      try {
        const store = storeOn(server, new ManagedIdentityCredential({ retryOptions: { maxRetries: 0 } }));
        await expect(store.create("a", body)).rejects.toMatchObject({ code: "Unavailable" });
        script = (_, response) => response.socket?.resetAndDestroy();
        await expect(store.create("a", body)).rejects.toMatchObject({ code: "Unavailable" });
        const json = { "content-type": "application/json" };
        const refusal = { error: "invalid_request", error_description: "Identity not found" };
        script = respondWith(400, JSON.stringify(refusal), json);
        await expect(store.create("a", body)).rejects.toMatchObject({ code: "Denied" });
        expect(sentBy(server)).toEqual([]);
        const token = {
          access_token: "a-token",
          expires_on: String(Math.floor(Date.now() / 1_000) + 3_600),
          resource: "r",
          token_type: "Bearer",
        };
        script = respondWith(200, JSON.stringify(token), json);
        expect(await store.create("a", body)).toBe("created");
        expect(new Set(sentBy(server))).toEqual(new Set(["Bearer a-token"]));
      } finally {
        await issuer[Symbol.asyncDispose]();
      }
    },
  );
});

describe("a token that the service refuses", () => {
  test("is not sent again: the next attempt has another one", async () => {
    await using server = await scriptedServer(refusing("old"));
    const credential = giving("old", "new");
    const store = storeOn(server, credential);
    server.describeAccountWith(refusing("old", flatAccount));
    await expect(store.get("a")).rejects.toMatchObject({ code: "Unavailable" });
    expect(await store.create("a", body)).toBe("created");
    expect(await store.create("b", body)).toBe("created");
    expect(sentBy(server).filter((token) => token === "Bearer old")).toHaveLength(1);
    expect(credential.asked()).toBe(2);
  });

  test("is replaced once for all calls that carried it", async () => {
    await using server = await scriptedServer(refusing("old"));
    const credential = giving("old", "new");
    const store = storeOn(server, credential);
    const outcomes = await Promise.allSettled(["a", "b", "c", "d"].map((key) => store.get(key)));
    for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { code: "Unavailable" } });
    expect(credential.asked()).toBe(2);
  });

  test("and that the issuer gives again is Denied, and no further call sends it", async () => {
    await using server = await scriptedServer(refusing("old"));
    const store = storeOn(server, giving("old"));
    await expect(store.get("a")).rejects.toMatchObject({ code: "Denied" });
    for (const key of ["a", "b"]) await expect(store.get(key)).rejects.toMatchObject({ code: "Denied" });
    await expect(store.create("a", body)).rejects.toMatchObject({ code: "Denied" });
    expect(sentBy(server)).toEqual(["Bearer old"]);
  });

  test.each<readonly [string, Error, string]>([
    ["refuses to replace", named("AuthenticationError", "invalid_grant", { statusCode: 400 }), "Denied"],
    ["cannot replace now", named("AuthenticationError", "busy", { statusCode: 503 }), "Unavailable"],
  ])("and that the issuer %s", async (_, error, code) => {
    await using server = await scriptedServer(refusing("old"));
    const store = storeOn(server, giving("old", error, "new"));
    await expect(store.get("a")).rejects.toMatchObject({ code });
    server.describeAccountWith(refusing("old", flatAccount));
    expect(await store.create("a", body)).toBe("created");
    expect(sentBy(server).filter((token) => token === "Bearer old")).toHaveLength(1);
  });

  test("is replaced for a batch too", async () => {
    await using server = await scriptedServer(refusing("old"));
    const credential = giving("old", "new");
    const store = storeOn(server, credential);
    expect(await store.delete(["a", "b"])).toMatchObject([
      { error: { code: "Unavailable" } },
      { error: { code: "Unavailable" } },
    ]);
    server.respondWith(
      batchResponse([
        [0, 202],
        [1, 202],
      ]),
    );
    expect(await store.delete(["a", "b"])).toEqual([]);
    expect(credential.asked()).toBe(2);
  });

  test("with 403 is Denied at once, and stays in use: rights are no matter of the token", async () => {
    await using server = await scriptedServer(errorResponse(403, "AuthorizationPermissionMismatch"));
    const credential = giving("old", "new");
    await expect(storeOn(server, credential).get("a")).rejects.toMatchObject({ code: "Denied" });
    expect(credential.asked()).toBe(1);
  });
});

describe("tokens", () => {
  const scope = "https://storage.azure.com/.default";

  test("are asked for once, for a batch and its parts too", async () => {
    await using server = await scriptedServer(
      batchResponse([
        [0, 202],
        [1, 202],
      ]),
    );
    const credential = giving("a-token");
    const store = storeOn(server, credential);
    for (let round = 0; round < 3; round += 1) expect(await store.delete(["a", "b"])).toEqual([]);
    expect(credential.asked()).toBe(1);
    expect(server.received[0]?.body.toString().match(/authorization: Bearer a-token/gi)).toHaveLength(2);
  });

  test("are asked for once by all who wait", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let count = 0;
    const source = new TokenSource({
      getToken: async () => {
        count += 1;
        await promise;
        return { token: `token-${count}`, expiresOnTimestamp: Date.now() + hour };
      },
    });
    const waiting = [source.getToken(scope), source.getToken(scope), source.getToken(scope)];
    resolve();
    expect((await Promise.all(waiting)).map(({ token }) => token)).toEqual(["token-1", "token-1", "token-1"]);
    const replacing = await Promise.all([source.replace("token-1"), source.replace("token-1")]);
    expect(replacing).toEqual([true, true]);
    expect(count).toBe(2);
  });

  test("are good while another is asked for ahead of their end, also if that fails", async () => {
    const soon = Date.now() + 60_000;
    let count = 0;
    const source = new TokenSource({
      getToken: async () => {
        count += 1;
        if (count === 2) throw new Error("not now");
        return { token: `token-${count}`, expiresOnTimestamp: soon };
      },
    });
    expect((await source.getToken(scope)).token).toBe("token-1");
    expect((await source.getToken(scope)).token).toBe("token-1");
    await vi.waitFor(() => expect(count).toBe(2));
    // No request after another asks an issuer that has just failed.
    for (let request = 0; request < 5; request += 1)
      expect((await source.getToken(scope)).token).toBe("token-1");
    expect(count).toBe(2);
  });

  test("that have ended are not used", async () => {
    let count = 0;
    const source = new TokenSource({
      getToken: async () => ({ token: `token-${(count += 1)}`, expiresOnTimestamp: Date.now() + 1_000 }),
    });
    expect((await source.getToken(scope)).token).toBe("token-1");
    expect((await source.getToken(scope)).token).toBe("token-2");
  });

  test("are for the tenant that the service has named, from then on", async () => {
    const asked: unknown[] = [];
    const source = new TokenSource({
      getToken: async (scopes, options) => {
        asked.push([scopes, options]);
        return { token: `token-${asked.length}`, expiresOnTimestamp: Date.now() + hour };
      },
    });
    await source.getToken(scope);
    await source.getToken("https://other/.default", { tenantId: "t" });
    expect((await source.getToken(scope)).token).toBe("token-2");
    expect(asked).toEqual([
      [scope, { enableCae: true }],
      ["https://other/.default", { enableCae: true, tenantId: "t" }],
    ]);
  });

  test("are for the audience of the options, whatever the SDK asks for", async () => {
    const scopes: unknown[] = [];
    const credential: TokenCredential = {
      getToken: async (scopesAsked) => {
        scopes.push(scopesAsked);
        throw named("CredentialUnavailableError", "none");
      },
    };
    const audience = "https://account.blob.core.windows.net/.default";
    const store = new AzureStore({
      accountUrl: "https://a.invalid",
      containerName: "box",
      credential,
      audience,
    });
    await expect(store.get("a")).rejects.toMatchObject({ code: "Denied" });
    expect(await store.delete(["a", "b"])).toMatchObject([
      { error: { code: "Denied" } },
      { error: { code: "Denied" } },
    ]);
    expect(new Set(scopes)).toEqual(new Set([audience]));
  });

  test("need https", () => {
    const options = { accountUrl: "http://a.example", containerName: "box", credential: giving("a-token") };
    expect(() => new AzureStore(options)).toThrow(/a token credential needs an https address/);
  });

  test("a credential that gives none is Unavailable", async () => {
    await using server = await scriptedServer(created);
    const store = storeOn(server, { getToken: async () => null });
    await expect(store.get("a")).rejects.toMatchObject({ code: "Unavailable" });
  });
});

describe("a key or a SAS that the service refuses", () => {
  test.each([401, 403])("with %d is Denied", async (status) => {
    await using server = await scriptedServer(errorResponse(status, "AuthenticationFailed"));
    await expect(new AzureStore({ container: server.container() }).get("a")).rejects.toMatchObject({
      code: "Denied",
    });
    const accountUrl = `${server.accountUrl}?sv=1&sig=abcdef`;
    await expect(new AzureStore({ accountUrl, containerName: "box" }).get("a")).rejects.toMatchObject({
      code: "Denied",
    });
  });
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GoogleAuth, OAuth2Client, PassThroughClient } from "google-auth-library";
import { startGcsDouble } from "@state/servers";
import { operationNames, operations, respondWith, storeErrorOf } from "@state/servers/testing";
import { afterEach, describe, expect, test, vi } from "vitest";
import { GcsStore } from "../src/index.ts";
import {
  authClient,
  clientWithoutToken,
  errorResponse,
  scriptedServer,
  storeWith,
  token,
} from "./support/scripted-server.ts";
import { storeOn, tokensOf } from "./support/target.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

const bytes = new Uint8Array([1, 2, 3]);

describe("credentials", () => {
  test.each([
    [400, { error: "invalid_grant", error_description: "Token has been revoked." }, "Denied"],
    [401, { error: "invalid_client" }, "Denied"],
    [408, {}, "Unavailable"],
    [429, {}, "Throttled"],
    [500, {}, "Unavailable"],
    [503, {}, "Unavailable"],
  ] as const)(
    "that a token endpoint refuses with %i %j are %s for each operation",
    async (status, body, code) => {
      const script = respondWith(status, JSON.stringify(body), { "content-type": "application/json" });
      await using tokens = await scriptedServer(script);
      await using service = await scriptedServer(respondWith(200));
      for (const name of operationNames) {
        const store = storeWith(clientWithoutToken(`${tokens.endpoint}/token`), service.endpoint);
        const error = await storeErrorOf(operations[name](store));
        expect(error).toMatchObject({
          code,
          message: expect.stringContaining("no credentials could be had"),
        });
      }
      expect(tokens.requests).toEqual(Array(4).fill("POST /token"));
      expect(service.requests).toEqual([]);
    },
  );

  test("whose token endpoint is down are Unavailable for each operation", async () => {
    const tokens = await scriptedServer(respondWith(200));
    await tokens[Symbol.asyncDispose]();
    await using service = await scriptedServer(respondWith(200));
    for (const name of operationNames) {
      const store = storeWith(clientWithoutToken(`${tokens.endpoint}/token`), service.endpoint);
      expect(await storeErrorOf(operations[name](store))).toHaveProperty("code", "Unavailable");
    }
    expect(service.requests).toEqual([]);
  });

  test("of a service account come from the file that the environment names, by the SDK's chain", async () => {
    const double = await startGcsDouble();
    const folder = await mkdtemp(join(tmpdir(), "state-gcs-key-"));
    const path = join(folder, "key.json");
    await writeFile(path, JSON.stringify(double.credentials));
    vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", path);
    const storageOptions = {
      apiEndpoint: double.endpoint,
      useAuthWithCustomEndpoint: true,
      clientOptions: { transporterOptions: tokensOf(double) },
    };
    const store = new GcsStore({ bucket: "bucket", storageOptions });
    expect(await store.create("a", bytes)).toBe("created");
    expect(await store.get("a")).toEqual(bytes);
    expect(double.tokensGiven()).toHaveLength(1);
    expect(double.requests).toHaveLength(2);
    await rm(folder, { recursive: true });
    await double.stop();
  });

  test("that are nowhere are Denied, and the message says where the SDK looked", async () => {
    await using server = await scriptedServer(respondWith(200));
    vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", join(tmpdir(), "no-such-key.json"));
    const storageOptions = { apiEndpoint: server.endpoint, useAuthWithCustomEndpoint: true };
    for (const name of operationNames) {
      const error = await storeErrorOf(operations[name](new GcsStore({ bucket: "bucket", storageOptions })));
      expect(error).toMatchObject({ code: "Denied", message: expect.stringContaining("no-such-key.json") });
    }
    expect(server.requests).toEqual([]);
  });

  test("that the service no longer knows are replaced: that call is Unavailable, the next one has another token", async () => {
    const double = await startGcsDouble();
    const store = storeOn(double);
    await store.get("a");
    double.revokeTokens();
    expect(await storeErrorOf(store.get("a"))).toMatchObject({ code: "Unavailable", retryable: true });
    expect(double.requests).toHaveLength(2);
    expect(await store.get("a")).toBeUndefined();
    await double.stop();
  });

  test("that the service no longer knows are replaced once for all calls that were refused", async () => {
    const double = await startGcsDouble();
    const store = storeOn(double);
    await store.get("a");
    double.revokeTokens();
    const calls = Array.from({ length: 20 }, () => storeErrorOf(store.get("a")));
    expect(new Set((await Promise.all(calls)).map(({ code }) => code))).toEqual(new Set(["Unavailable"]));
    expect(double.tokensGiven()).toHaveLength(1);
    await double.stop();
  });

  test.each([
    [400, { error: "invalid_grant" }, "Denied"],
    [503, {}, "Unavailable"],
  ] as const)("that the service refuses, and whose issuer says %i %j, are %s", async (status, body, code) => {
    await using tokens = await scriptedServer(
      respondWith(status, JSON.stringify(body), { "content-type": "application/json" }),
    );
    await using service = await scriptedServer(errorResponse(401, "authError"));
    const client = clientWithoutToken(tokens.endpoint);
    client.setCredentials({
      access_token: token,
      refresh_token: "1//refresh",
      expiry_date: Date.now() + 3_600_000,
    });
    const error = await storeErrorOf(storeWith(client, service.endpoint).get("a"));
    expect(error).toMatchObject({ code, message: expect.stringContaining("no other token could be had") });
    expect(service.requests).toHaveLength(1);
  });

  test("that the service refuses are Denied if the issuer gives the same token again", async () => {
    const body = JSON.stringify({ access_token: token, expires_in: 3_600 });
    await using tokens = await scriptedServer(respondWith(200, body, { "content-type": "application/json" }));
    await using service = await scriptedServer(errorResponse(401, "authError"));
    const store = storeWith(clientWithoutToken(tokens.endpoint), service.endpoint);
    expect(await storeErrorOf(store.get("a"))).toHaveProperty("code", "Denied");
    expect(tokens.requests).toHaveLength(2);
  });

  test("that are a token without anything to get another by are Denied, and stay with the client", async () => {
    await using service = await scriptedServer(errorResponse(401, "authError"));
    const client = new OAuth2Client();
    client.setCredentials({ access_token: token });
    const store = storeWith(client, service.endpoint);
    expect(await storeErrorOf(store.get("a"))).toHaveProperty("code", "Denied");
    expect(await storeErrorOf(store.get("a"))).toHaveProperty("code", "Denied");
    expect(service.headers.map(({ authorization }) => authorization)).toEqual(
      Array(2).fill(`Bearer ${token}`),
    );
  });

  test("are not asked for anew if something on the way has sent the 401", async () => {
    await using tokens = await scriptedServer(respondWith(500));
    await using service = await scriptedServer(respondWith(401, "<html>log in</html>"));
    const client = clientWithoutToken(tokens.endpoint);
    client.setCredentials({ access_token: token, refresh_token: "1//refresh" });
    const error = await storeErrorOf(storeWith(client, service.endpoint).get("a"));
    expect(error).toHaveProperty("code", "Unavailable");
    expect(tokens.requests).toEqual([]);
  });

  test("with a quota project name it in each request, so that requester pays buckets work", async () => {
    await using server = await scriptedServer(errorResponse(500, "backendError"));
    const client = new OAuth2Client({ quotaProjectId: "who-pays" });
    client.setCredentials({ access_token: token, expiry_date: Date.now() + 3_600_000 });
    const storageOptions = {
      apiEndpoint: server.endpoint,
      useAuthWithCustomEndpoint: true,
      authClient: client,
    };
    for (const name of operationNames)
      await storeErrorOf(operations[name](new GcsStore({ bucket: "b", storageOptions })));
    expect(server.headers.map((headers) => headers["x-goog-user-project"])).toEqual(
      Array(4).fill("who-pays"),
    );
  });

  test("may be a GoogleAuth of the owner's", async () => {
    await using server = await scriptedServer(respondWith(404, "No such object: x"));
    const storageOptions = {
      apiEndpoint: server.endpoint,
      useAuthWithCustomEndpoint: true,
      authClient: new GoogleAuth({ authClient: authClient() }),
    };
    expect(await new GcsStore({ bucket: "b", storageOptions }).get("a")).toBeUndefined();
    expect(server.headers[0]).toHaveProperty("authorization", `Bearer ${token}`);
  });

  test.each([
    [new Error("Could not load the default credentials."), "Denied"],
    [
      Object.assign(new Error("invalid_grant"), {
        status: 400,
        config: { url: "https://oauth2.googleapis.com/token" },
      }),
      "Denied",
    ],
    [
      Object.assign(new Error("down"), {
        status: 503,
        config: { url: "https://oauth2.googleapis.com/token" },
      }),
      "Unavailable",
    ],
    [
      Object.assign(new Error("slow"), {
        status: 429,
        config: { url: "https://oauth2.googleapis.com/token" },
      }),
      "Throttled",
    ],
    [
      Object.assign(new Error("no host"), {
        code: "ENOTFOUND",
        config: { url: "https://oauth2.googleapis.com/token" },
      }),
      "Unavailable",
    ],
    [Object.assign(new Error("no such file"), { code: "ENOENT" }), "Denied"],
    [
      Object.assign(new Error("a page"), { status: 403, response: { status: 403, data: "<html>" } }),
      "Unavailable",
    ],
    [
      Object.assign(new Error("no account"), {
        status: 404,
        response: { status: 404, headers: { "metadata-flavor": "Google" }, data: "not found" },
      }),
      "Denied",
    ],
    [new Error("a fault of the issuer"), "Unavailable"],
    ["a text", "Unavailable"],
  ] as const)("that fail with %s are %s, and the message says so", async (error, code) => {
    for (const name of operationNames) {
      const failure = await storeErrorOf(operations[name](storeWithout(error)));
      expect(failure).toMatchObject({ code });
      expect(failure.message).toContain("no credentials could be had");
    }
  });
});

describe("a metadata server that is named by the environment and comes late", () => {
  test("is Unavailable, and is found by the next attempt", async () => {
    // Nothing else is configured.
    vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", "");
    vi.stubEnv("HOME", "/nowhere");
    // Otherwise the SDK asks gcloud for it.
    vi.stubEnv("GOOGLE_CLOUD_PROJECT", "a-project");
    vi.stubEnv("CLOUDSDK_CONFIG", "");
    const late = await scriptedServer(respondWith(200));
    vi.stubEnv("GCE_METADATA_HOST", late.endpoint);
    await late[Symbol.asyncDispose]();
    await using service = await scriptedServer(respondWith(404, "No such object: x"));
    const storageOptions = { apiEndpoint: service.endpoint, useAuthWithCustomEndpoint: true };
    const store = new GcsStore({ bucket: "bucket", storageOptions });
    expect(await storeErrorOf(store.get("a"))).toHaveProperty("code", "Unavailable");
    await using server = await scriptedServer((request, response, number) => {
      const body =
        request.url?.includes("/token") === true
          ? JSON.stringify({ access_token: token, expires_in: 3_600 })
          : "a-project";
      respondWith(200, body, { "metadata-flavor": "Google" })(request, response, number);
    });
    vi.stubEnv("GCE_METADATA_HOST", server.endpoint);
    expect(await store.get("a")).toBeUndefined();
    expect(service.headers.map(({ authorization }) => authorization)).toEqual([`Bearer ${token}`]);
  });
});

/** A store whose client fails before it sends anything. */
function storeWithout(error: unknown): GcsStore {
  const client = new PassThroughClient();
  client.request = async () => {
    throw error;
  };
  return storeWith(client);
}

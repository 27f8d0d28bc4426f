import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Storage } from "@google-cloud/storage";
import { GoogleAuth, OAuth2Client, PassThroughClient } from "google-auth-library";
import { startGcsDouble } from "servers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { GcsStore } from "../src/index.ts";
import { operationNames, operations, storeErrorOf } from "./support/operations.ts";
import { answer, answerError, authClient, scriptedServer, token } from "./support/scripted-server.ts";
import { optionsFor, storeOn, tokensOf } from "./support/target.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

const bytes = new Uint8Array([1, 2, 3]);

describe("an injected client", () => {
  test.each([500, 503, 429, 408])(
    "with retries on makes one request a call when the answer is %i",
    async (status) => {
      await using server = await scriptedServer(answerError(status, "backendError"));
      const storage = new Storage({
        apiEndpoint: server.endpoint,
        useAuthWithCustomEndpoint: true,
        authClient: authClient(),
        retryOptions: { autoRetry: true, maxRetries: 5 },
      });
      for (const [index, name] of operationNames.entries()) {
        await storeErrorOf(operations[name](server.store({ storage })));
        expect(server.requests).toHaveLength(index + 1);
      }
      expect(storage.retryOptions).toMatchObject({ autoRetry: true, maxRetries: 5 });
    },
  );

  test("whose transport has retries of its own makes one request a call", async () => {
    const retryConfig = {
      retry: 3,
      noResponseRetries: 3,
      retryDelay: 1,
      httpMethodsToRetry: ["GET", "POST", "DELETE"],
      statusCodesToRetry: [[100, 599]],
      shouldRetry: () => true,
    };
    let number = 0;
    await using server = await scriptedServer((request, response) => {
      number += 1;
      if (number % 2 === 0) request.socket.destroy();
      else answerError(503, "backendError")(request, response, number);
    });
    const client = new PassThroughClient({ transporterOptions: { retry: true, retryConfig } });
    const storage = new Storage({
      apiEndpoint: server.endpoint,
      useAuthWithCustomEndpoint: true,
      authClient: client,
    });
    for (const [index, name] of [...operationNames, ...operationNames].entries()) {
      await storeErrorOf(operations[name](server.store({ storage })));
      expect(server.requests).toHaveLength(index + 1);
    }
  });

  test.each([401, 403])(
    "that would fetch another token after a %i makes one request a call",
    async (status) => {
      await using server = await scriptedServer(answerError(status, "forbidden"));
      for (const [index, name] of operationNames.entries()) {
        expect(await storeErrorOf(operations[name](server.store()))).toHaveProperty("code", "Denied");
        expect(server.requests).toHaveLength(index + 1);
      }
      expect(server.headers[0]).toHaveProperty("authorization", `Bearer ${token}`);
    },
  );

  test.each([301, 302, 307, 308])("follows no redirect: a %i is one request", async (status) => {
    await using server = await scriptedServer((request, response, number) =>
      answer(status, "", { location: `http://${request.headers.host}/elsewhere` })(request, response, number),
    );
    for (const name of operationNames) {
      expect(await storeErrorOf(operations[name](server.store()))).toHaveProperty("code", "Misconfigured");
    }
    expect(server.requests).toHaveLength(operationNames.length);
  });

  test("is not changed, and works on when a store that was given it is dropped", async () => {
    const double = await startGcsDouble();
    const storage = new Storage(optionsFor(double));
    const store = new GcsStore({ bucket: "bucket", prefix: "p", storage });
    await store.create("a", bytes);
    const [files] = await storage.bucket("bucket").getFiles({ prefix: "p/" });
    expect(files.map(({ name }) => name)).toEqual(["p/a"]);
    expect(store).not.toHaveProperty("close");
    await double.stop();
  });

  test("and options exclude each other, and what is no client is refused", () => {
    const storage = new Storage();
    expect(() => new GcsStore({ bucket: "b", storage, storageOptions: {} })).toThrow(TypeError);
    const broken = Object.assign(new Storage(), { apiEndpoint: undefined });
    expect(() => new GcsStore({ bucket: "b", storage: broken })).toThrow(TypeError);
    const old = Object.assign(new Storage(), { authClient: undefined });
    expect(() => new GcsStore({ bucket: "b", storage: old })).toThrow(TypeError);
  });
});

describe("the endpoint", () => {
  test("by STORAGE_EMULATOR_HOST has the path of the API, and gets no credentials", async () => {
    await using server = await scriptedServer(answer(404, "No such object: x"));
    vi.stubEnv("STORAGE_EMULATOR_HOST", server.endpoint);
    expect(await new GcsStore({ bucket: "bucket" }).get("a")).toBeUndefined();
    expect(server.requests).toEqual(["GET /storage/v1/b/bucket/o/a?alt=media"]);
    expect(server.headers[0]).not.toHaveProperty("authorization");
  });

  test("by apiEndpoint may end in a slash, and gets no credentials unless the options say so", async () => {
    await using server = await scriptedServer(answer(404, "No such object: x"));
    const storageOptions = { apiEndpoint: `${server.endpoint}/`, authClient: authClient() };
    expect(await new GcsStore({ bucket: "bucket", storageOptions }).get("a")).toBeUndefined();
    expect(server.requests).toEqual(["GET /storage/v1/b/bucket/o/a?alt=media"]);
    expect(server.headers[0]).not.toHaveProperty("authorization");
  });
});

describe("credentials", () => {
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
    await using server = await scriptedServer(answer(200));
    vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", join(tmpdir(), "no-such-key.json"));
    const storageOptions = { apiEndpoint: server.endpoint, useAuthWithCustomEndpoint: true };
    for (const name of operationNames) {
      const error = await storeErrorOf(operations[name](new GcsStore({ bucket: "bucket", storageOptions })));
      expect(error).toMatchObject({ code: "Denied", message: expect.stringContaining("no-such-key.json") });
    }
    expect(server.requests).toEqual([]);
  });

  test("that the service no longer knows are Denied, and no second request is made", async () => {
    const double = await startGcsDouble();
    const store = storeOn(double);
    await store.get("a");
    double.revokeTokens();
    expect(await storeErrorOf(store.get("a"))).toHaveProperty("code", "Denied");
    expect(double.requests).toHaveLength(2);
    await double.stop();
  });

  test("with a quota project name it in each request, so that requester pays buckets work", async () => {
    await using server = await scriptedServer(answerError(500, "backendError"));
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
    await using server = await scriptedServer(answer(404, "No such object: x"));
    const storageOptions = {
      apiEndpoint: server.endpoint,
      useAuthWithCustomEndpoint: true,
      authClient: new GoogleAuth({ authClient: authClient() }),
    };
    expect(await new GcsStore({ bucket: "b", storageOptions }).get("a")).toBeUndefined();
    expect(server.headers[0]).toHaveProperty("authorization", `Bearer ${token}`);
  });
});

describe("a bucket that is not there", () => {
  test.each(operationNames)("is Misconfigured for %s", async (name) => {
    const double = await startGcsDouble();
    const store = new GcsStore({ bucket: "other", storageOptions: optionsFor(double) });
    const error = await storeErrorOf(operations[name](store));
    expect(error).toMatchObject({ code: "Misconfigured", message: expect.stringContaining('"other"') });
    await double.stop();
  });
});

describe("connections", () => {
  test("are kept: a hundred calls one after the other take one", async () => {
    const double = await startGcsDouble({ anonymous: true });
    const store = new GcsStore({ bucket: "bucket", storageOptions: { apiEndpoint: double.endpoint } });
    for (let number = 0; number < 25; number += 1) {
      const key = `key-${number}`;
      await store.create(key, new Uint8Array(3 * 1024 * (number + 1)));
      await store.get(key);
      await store.list("").next();
      await store.delete([key]);
    }
    expect(double.requests).toHaveLength(100);
    expect(double.connections()).toBe(1);
    await double.stop();
  });

  test("are kept after absences, conflicts and errors", async () => {
    const double = await startGcsDouble({ anonymous: true });
    const store = new GcsStore({ bucket: "bucket", storageOptions: { apiEndpoint: double.endpoint } });
    const lost = new GcsStore({ bucket: "other", storageOptions: { apiEndpoint: double.endpoint } });
    for (let number = 0; number < 10; number += 1) {
      await store.create("same", bytes);
      await store.get("absent");
      await store.delete(["absent"]);
      await storeErrorOf(lost.get("a"));
    }
    expect(double.connections()).toBe(1);
    await double.stop();
  });
});

import { Readable } from "node:stream";
import { Storage } from "@google-cloud/storage";
import { PassThroughClient } from "google-auth-library";
import { startGcsDouble } from "@state/servers";
import { operationNames, operations, respondWith, storeErrorOf } from "@state/servers/testing";
import { afterEach, describe, expect, test, vi } from "vitest";
import { GcsStore } from "../src/index.ts";
import {
  errorResponse,
  authClient,
  scriptedServer,
  storeBy,
  storeWith,
  token,
} from "./support/scripted-server.ts";
import { optionsFor } from "./support/target.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

const bytes = new Uint8Array([1, 2, 3]);

describe("an injected client", () => {
  test.each([500, 503, 429, 408])(
    "with retries on makes one request a call when the response is %i",
    async (status) => {
      await using server = await scriptedServer(errorResponse(status, "backendError"));
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
      else errorResponse(503, "backendError")(request, response, number);
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
      await using server = await scriptedServer(errorResponse(status, "forbidden"));
      for (const [index, name] of operationNames.entries()) {
        expect(await storeErrorOf(operations[name](server.store()))).toHaveProperty("code", "Denied");
        expect(server.requests).toHaveLength(index + 1);
      }
      expect(server.headers[0]).toHaveProperty("authorization", `Bearer ${token}`);
    },
  );

  test.each([301, 302, 307, 308])("follows no redirect: a %i is one request", async (status) => {
    await using server = await scriptedServer((request, response, number) =>
      respondWith(status, "", { location: `http://${request.headers.host}/elsewhere` })(
        request,
        response,
        number,
      ),
    );
    for (const name of operationNames) {
      const error = await storeErrorOf(operations[name](server.store()));
      expect(error).toMatchObject({ code: "Unavailable", message: expect.stringContaining("redirects") });
    }
    expect(server.requests).toHaveLength(operationNames.length);
  });

  test("is not changed, and works on when a store that was given it is closed", async () => {
    const double = await startGcsDouble();
    const storage = new Storage(optionsFor(double));
    const store = new GcsStore({ bucket: "bucket", prefix: "p", storage });
    await store.create("a", bytes);
    const [files] = await storage.bucket("bucket").getFiles({ prefix: "p/" });
    expect(files.map(({ name }) => name)).toEqual(["p/a"]);
    await store.close();
    expect(await storage.bucket("bucket").getFiles({ prefix: "p/" })).toHaveProperty("0.length", 1);
    expect(await store.get("a")).toEqual(bytes);
    await double.stop();
  });

  test("is never asked for a bucket or a file: their methods send more than one request", async () => {
    const double = await startGcsDouble();
    const storage = new Storage(optionsFor(double));
    const methods = [
      vi.spyOn(storage, "bucket"),
      vi.spyOn(storage, "request"),
      vi.spyOn(storage, "requestStream"),
    ];
    for (const name of operationNames) {
      await operations[name](new GcsStore({ bucket: "bucket", storage }));
    }
    expect(double.requests).toHaveLength(4);
    for (const method of methods) expect(method).not.toHaveBeenCalled();
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

describe("a transport of the owner's", () => {
  test("may be the global fetch: bytes come whole, by one request a call", async () => {
    const double = await startGcsDouble({ anonymous: true });
    const store = storeBy({ fetchImplementation: fetch }, double.endpoint);
    const body = new Uint8Array(1_000_000).map((_, index) => index % 251);
    expect(await store.create("a", body)).toBe("created");
    expect(await store.create("a", body)).toBe("exists");
    expect(await store.get("a")).toEqual(body);
    expect(await store.list("").next()).toHaveProperty("value.objects", [{ key: "a", size: 1_000_000 }]);
    expect(await store.delete(["a"])).toEqual([]);
    expect(await store.get("a")).toBeUndefined();
    expect(double.requests).toHaveLength(6);
    await double.stop();
  });

  test.each(operationNames)(
    "that is the global fetch is Unavailable where the network fails %s",
    async (name) => {
      await using lost = await scriptedServer((request) => request.socket.destroy());
      await using cut = await scriptedServer((request, response) => {
        request.resume().once("end", () => {
          response.writeHead(200, { "content-length": "100" });
          response.write("null", () => request.socket.destroy());
        });
      });
      const gone = await scriptedServer(respondWith(200));
      await gone[Symbol.asyncDispose]();
      for (const { endpoint } of [lost, cut, gone]) {
        const store = storeBy({ fetchImplementation: fetch }, endpoint);
        expect(await storeErrorOf(operations[name](store))).toHaveProperty("code", "Unavailable");
      }
      expect([lost.requests, cut.requests]).toEqual([[expect.anything()], [expect.anything()]]);
    },
  );

  test.each(operationNames)(
    "that gives no stream is Failed for %s, never an empty response",
    async (name) => {
      await using server = await scriptedServer(respondWith(200, "null"));
      const store = storeBy(
        { adapter: (options, send) => send({ ...options, responseType: "text" }) },
        server.endpoint,
      );
      const error = await storeErrorOf(operations[name](store));
      expect(error).toMatchObject({ code: "Failed", message: expect.stringContaining("transport") });
      expect(server.requests).toHaveLength(1);
    },
  );

  test("may give its headers as a plain object, as it did before gaxios 7", async () => {
    const double = await startGcsDouble({ anonymous: true });
    const store = storeBy(
      {
        adapter: async (options, send) => {
          const response = await send(options);
          return Object.defineProperty(response, "headers", { value: Object.fromEntries(response.headers) });
        },
      },
      double.endpoint,
    );
    expect(await store.create("a", bytes)).toBe("created");
    expect(await store.get("a")).toEqual(bytes);
    await double.stop();
  });

  test.each(operationNames)(
    "that fails after the response to %s is not taken for a lack of credentials: it may have been done",
    async (name) => {
      const double = await startGcsDouble({ anonymous: true });
      const client = new PassThroughClient();
      client.transporter.interceptors.response.add({
        resolved: () => Promise.reject(new Error("a fault of the owner's")),
      });
      const error = await storeErrorOf(operations[name](storeWith(client, double.endpoint)));
      expect(error).toMatchObject({
        code: "Unavailable",
        message: expect.stringContaining("failed: a fault"),
      });
      expect(double.requests).toHaveLength(1);
      await double.stop();
    },
  );

  test("that fails once the body of a create is on its way is not taken for a lack of credentials", async () => {
    const client = new PassThroughClient();
    client.request = async ({ data }: { data?: unknown }) => {
      if (data instanceof Readable) await data.take(1).toArray();
      throw new Error("a fault of the owner's");
    };
    const error = await storeErrorOf(operations.create(storeWith(client)));
    expect(error).toMatchObject({ code: "Unavailable", message: expect.stringContaining("failed: a fault") });
  });
});

describe("the endpoint", () => {
  test("by STORAGE_EMULATOR_HOST has the path of the API, and gets no credentials", async () => {
    await using server = await scriptedServer(respondWith(404, "No such object: x"));
    vi.stubEnv("STORAGE_EMULATOR_HOST", server.endpoint);
    expect(await new GcsStore({ bucket: "bucket" }).get("a")).toBeUndefined();
    expect(server.requests).toEqual(["GET /storage/v1/b/bucket/o/a?alt=media"]);
    expect(server.headers[0]).not.toHaveProperty("authorization");
  });

  test("by apiEndpoint may end in a slash, and gets no credentials unless the options say so", async () => {
    await using server = await scriptedServer(respondWith(404, "No such object: x"));
    const storageOptions = { apiEndpoint: `${server.endpoint}/`, authClient: authClient() };
    expect(await new GcsStore({ bucket: "bucket", storageOptions }).get("a")).toBeUndefined();
    expect(server.requests).toEqual(["GET /storage/v1/b/bucket/o/a?alt=media"]);
    expect(server.headers[0]).not.toHaveProperty("authorization");
  });
});

test("the endpoint is refused when it holds credentials, and its error does not hold them", () => {
  const storageOptions = { apiEndpoint: "http://me:a-password@127.0.0.1:1" };
  expect(() => new GcsStore({ bucket: "b", storageOptions })).toThrow(
    /^the endpoint must hold no credentials/,
  );
  expect(() => new GcsStore({ bucket: "b", storageOptions })).not.toThrow("a-password");
});

describe("a bucket that is not there", () => {
  test.each(operationNames)("is Misconfigured for %s", async (name) => {
    const double = await startGcsDouble();
    const store = new GcsStore({ bucket: "other", storageOptions: optionsFor(double) });
    const error = await storeErrorOf(operations[name](store));
    expect(error).toMatchObject({
      code: "Misconfigured",
      message: expect.stringContaining("in gs://other failed"),
    });
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
    // One for each store.
    expect(double.connections()).toBe(2);
    await double.stop();
  });
});

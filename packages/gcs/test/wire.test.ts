import { Agent, createServer as createProxy } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { connect } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { Storage } from "@google-cloud/storage";
import type { Remark } from "@state/core";
import { gaxios, PassThroughClient } from "google-auth-library";
import { type GcsDouble, startGcsDouble } from "@state/servers";
import {
  listenOnLoopback,
  operationNames,
  operations,
  respondWith,
  startTlsFront,
  untrusted,
} from "@state/servers/testing";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { GcsStore } from "../src/index.ts";
import { scriptedServer, storeBy, storeWith } from "./support/scripted-server.ts";
import { fetchOptionsFor, optionsFor } from "./support/target.ts";

const byNode = "what the SDK prepares is sent by Node's own client";

const ownOfEach = new Set(["host", "connection", "authorization", "content-type"]);

function withTransport(transporter: gaxios.Gaxios, endpoint: string): GcsStore {
  return storeWith(new PassThroughClient({ transporter }), endpoint);
}

async function start(): Promise<GcsDouble> {
  const double = await startGcsDouble({ anonymous: true });
  onTestFinished(() => double.stop());
  return double;
}

async function pathOf(store: GcsStore): Promise<Remark | undefined> {
  return (await store.examine()).find(({ about }) => about === "request path");
}

/** Creates of several lengths, gets, listings and deletes, of which some find nothing. */
async function workOn(store: GcsStore): Promise<unknown[]> {
  const results: unknown[] = [];
  for (const [index, length] of [0, 5, 128 * 1024, 1_000_000].entries()) {
    const key = `epoch=${index}/a.b-c_d`;
    const body = new Uint8Array(length).map((_, at) => at % 251);
    results.push(await store.create(key, body), await store.create(key, body));
    results.push(await store.get(key), await store.get(`${key}x`));
  }
  results.push(await store.list("").next(), await store.list("", { delimiter: "/" }).next());
  results.push(await store.delete(["epoch=1/a.b-c_d", "absent"]), await store.get("epoch=1/a.b-c_d"));
  return results;
}

test("what Node's own client sends are the requests that the SDK's fetch would send", async () => {
  const sides = await Promise.all(
    [optionsFor, fetchOptionsFor].map(async (optionsOf) => {
      const double = await startGcsDouble();
      const store = new GcsStore({ bucket: "bucket", prefix: "p", storageOptions: optionsOf(double) });
      const results = await workOn(store);
      const path = await pathOf(store);
      await store.close();
      await double.stop();
      const requests = double.requests.map(({ method, url, headers }) => {
        const { authorization = "none", "content-type": type = "none" } = headers;
        // Of the connection, and what is new in each request.
        const others = Object.entries(headers).filter(([name]) => !ownOfEach.has(name));
        const kinds = [authorization.slice(0, 7), type.replace(/boundary=.*/, "")];
        return [method, url, ...kinds, Object.fromEntries(others)];
      });
      return { results, requests, path };
    }),
  );
  const [own, sdk] = sides;
  expect(own?.path).toEqual({ about: "request path", outcome: "ok", message: byNode });
  expect(sdk?.path).toMatchObject({ outcome: "warning", message: expect.stringContaining("adapter") });
  expect(own?.requests).toHaveLength(22);
  expect(own?.results).toEqual(sdk?.results);
  expect(own?.requests).toEqual(sdk?.requests);
});

describe("the SDK's fetch sends", () => {
  class Extended extends gaxios.Gaxios {}
  // It is private in its type.
  const { _defaultAdapter: value } = gaxios.Gaxios.prototype as unknown as Readonly<Record<string, unknown>>;
  Object.defineProperty(Extended.prototype, "_defaultAdapter", { value });

  /** What older versions of the SDK have: it holds another transport. */
  class Holder {
    readonly #held = new gaxios.Gaxios();
    readonly defaults = this.#held.defaults;
    readonly interceptors = this.#held.interceptors;

    request(options: gaxios.GaxiosOptions): Promise<unknown> {
      return this.#held.request(options);
    }
  }

  test.each<[string, (endpoint: string) => GcsStore, string]>([
    ["an adapter", (at) => storeBy({ adapter: (options, send) => send(options) }, at), "the option adapter"],
    [
      "a fetch of the owner's",
      (at) => storeBy({ fetchImplementation: fetch }, at),
      "the option fetchImplementation",
    ],
    ["an option of fetch", (at) => storeBy({ keepalive: true }, at), "the option keepalive"],
    ["a class that extends the SDK's", (at) => withTransport(new Extended(), at), "a class of the owner's"],
    [
      "another class",
      (at) => withTransport(new Holder() as unknown as gaxios.Gaxios, at),
      "a class of the owner's",
    ],
    [
      "a method of the owner's",
      (at) => {
        const transport = new gaxios.Gaxios();
        return withTransport(
          Object.assign(transport, { _defaultAdapter: Reflect.get(transport, "_defaultAdapter") }),
          at,
        );
      },
      "a class of the owner's",
    ],
    [
      "an interceptor of responses",
      (at) => {
        const client = new PassThroughClient();
        client.transporter.interceptors.response.add({ resolved: (response) => Promise.resolve(response) });
        return storeWith(client, at);
      },
      "interceptors of responses",
    ],
  ])("where the client's transport has %s, and doctor says so", async (_, storeAt, reason) => {
    const { endpoint } = await start();
    const store = storeAt(endpoint);
    const results = await workOn(store);
    expect(results.slice(0, 2)).toEqual(["created", "exists"]);
    expect(await pathOf(store)).toMatchObject({
      outcome: "warning",
      message: expect.stringContaining(reason),
      next: expect.stringContaining("new GcsStore("),
    });
  });

  test("a body that an interceptor has put in place of the store's", async () => {
    const bodies: string[] = [];
    await using server = await scriptedServer((request, response, number) => {
      request.on("data", (part: Buffer) => bodies.push(part.toString()));
      respondWith(503)(request, response, number);
    });
    const client = new PassThroughClient();
    client.transporter.interceptors.request.add({
      resolved: (options) => {
        options.headers.set("content-length", "23");
        return Promise.resolve(Object.assign(options, { body: "another, of this length" }));
      },
    });
    await expect(storeWith(client, server.endpoint).create("a", new Uint8Array(9))).rejects.toThrow("503");
    expect(bodies).toEqual(["another, of this length"]);
  });

  test("where there is a window, as in a test of a page", async () => {
    const { endpoint } = await start();
    vi.stubGlobal("window", { fetch });
    const store = storeBy({}, endpoint);
    expect(await store.create("a", new Uint8Array(9))).toBe("created");
    expect(await pathOf(store)).toMatchObject({ message: expect.stringContaining("a window") });
    vi.unstubAllGlobals();
  });
});

describe("Node's own client", () => {
  test("sends what an interceptor of requests has added, and heeds an agent of the owner's", async () => {
    await using server = await scriptedServer(respondWith(404, "No such object: x"));
    const agent = new Agent({ keepAlive: true });
    const client = new PassThroughClient({
      transporterOptions: { agent, headers: { "x-of": "the options" } },
    });
    client.transporter.interceptors.request.add({
      resolved: (options) => {
        options.headers.set("x-from", "an interceptor");
        return Promise.resolve(options);
      },
    });
    const store = storeWith(client, server.endpoint);
    expect(await store.get("a")).toBeUndefined();
    expect(server.headers[0]).toMatchObject({ "x-from": "an interceptor", "x-of": "the options" });
    expect(Object.keys(agent.freeSockets)).toHaveLength(1);
    expect(await pathOf(store)).toHaveProperty("message", byNode);
    agent.destroy();
  });

  test("goes by the proxy of the environment", async () => {
    const double = await start();
    const asked: string[] = [];
    const proxy = createProxy();
    proxy.on("connect", (request, socket) => {
      asked.push(request.url ?? "");
      const [host, port] = (request.url ?? "").split(":");
      const onward = connect(Number(port), host, () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        socket.pipe(onward).pipe(socket);
      });
    });
    const port = await listenOnLoopback(proxy);
    vi.stubEnv("HTTPS_PROXY", `http://127.0.0.1:${port}`);
    const store = storeBy({}, double.endpoint);
    expect(await store.create("a", new Uint8Array(9))).toBe("created");
    expect(await pathOf(store)).toHaveProperty("message", byNode);
    vi.unstubAllEnvs();
    expect(new Set(asked)).toEqual(new Set([new URL(double.endpoint).host]));
    proxy.closeAllConnections();
    await new Promise((resolve) => proxy.close(resolve));
  });

  test("trusts by the owner's agent, and by the process, and else is Misconfigured", async () => {
    const double = await start();
    await using front = await startTlsFront(double.endpoint);
    const { endpoint } = front;
    const agent = new HttpsAgent({ keepAlive: true, ca: untrusted.cert });
    const given = storeBy({ agent }, endpoint);
    await workOn(given);
    expect(await pathOf(given)).toHaveProperty("message", byNode);
    agent.destroy();
    const distrusting = storeBy({}, endpoint);
    await expect(distrusting.get("a")).rejects.toMatchObject({ code: "Misconfigured" });
    const authorities = getCACertificates();
    setDefaultCACertificates([...authorities, untrusted.cert]);
    const storage = new Storage({ apiEndpoint: endpoint });
    const trusting = new GcsStore({ bucket: "bucket", prefix: "trusted", storage });
    await workOn(trusting);
    setDefaultCACertificates(authorities);
    await trusting.close();
  });

  test("ends the connection of a request that was not sent whole when its response came", async () => {
    await using server = await scriptedServer((request, response) => {
      request.once("readable", () => response.writeHead(503, { "content-length": 0 }).end());
    });
    const agent = new Agent({ keepAlive: true });
    const body = new Uint8Array(32 * 2 ** 20);
    await expect(storeBy({ agent }, server.endpoint).create("a", body)).rejects.toThrow("503");
    await vi.waitFor(() => expect([agent.sockets, agent.freeSockets]).toEqual([{}, {}]));
  });
});

test.each(operationNames)("nothing is sent of a %s that is aborted before its turn", async (name) => {
  await using server = await scriptedServer(respondWith(503));
  const controller = new AbortController();
  const client = new PassThroughClient();
  client.transporter.interceptors.request.add({
    resolved: (options) => {
      controller.abort(new Error("enough"));
      return Promise.resolve(options);
    },
  });
  const store = storeWith(client, server.endpoint);
  await expect(operations[name](store, { signal: controller.signal })).rejects.toThrow("enough");
  expect(server.requests).toEqual([]);
});

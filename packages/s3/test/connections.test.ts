import { Agent } from "node:http";
import type { Socket } from "node:net";
import * as sdk from "@aws-sdk/client-s3";
import { S3Client } from "@aws-sdk/client-s3";
import { startS3Double } from "@state/servers";
import { key, operationNames, operations, respondWith, storeErrorOf } from "@state/servers/testing";
import { describe, expect, test, vi } from "vitest";
import { derivedClient, ownClient } from "../src/client.ts";
import { undiciConnections } from "../src/connections.ts";
import { snapshotOf } from "../src/given-client.ts";
import { S3Store } from "../src/index.ts";
import { errorResponse, scriptedServer } from "./support/scripted-server.ts";
import { configOf } from "./support/target.ts";
import { countTurns } from "./support/turns.ts";

const mebibyte = 2 ** 20;

describe("connections", () => {
  test.each(["built", "injected"])(
    "are used again, also for large bodies and after failures: %s",
    async (kind) => {
      const double = await startS3Double();
      const client = new S3Client(configOf(double));
      const store = new S3Store({
        bucket: "bucket",
        ...(kind === "built" ? { clientConfig: configOf(double) } : { client }),
      });
      for (let round = 0; round < 5; round += 1) {
        await store.create(`a/${round}`, new Uint8Array(3 * mebibyte));
        await store.create(`a/${round}`, new Uint8Array(3 * mebibyte));
        await store.get(`a/${round}`);
        await store.get("a/absent");
        for await (const page of store.list("a/")) expect(page.objects).not.toEqual([]);
        await store.delete(["a/absent"]);
      }
      expect(double.requests).toHaveLength(30);
      expect(double.connections()).toBe(1);
      await store.close();
      client.destroy();
      await double.stop();
    },
  );

  test("are used again after failures, also by a request that waits for one", async () => {
    await using server = await scriptedServer((request, response, number) => {
      const script = number % 2 === 1 ? errorResponse(503, "SlowDown") : errorResponse(404, "NoSuchKey");
      script(request, response, number);
    });
    const clientConfig = { ...server.config(), requestHandler: { httpAgent: { maxSockets: 1 } } };
    const store = server.store({ clientConfig });
    const pairs = Array.from({ length: 5 }, () => [storeErrorOf(store.get(key)), store.get(key)]);
    for (const [failing, neighbour] of pairs) {
      await expect(failing).resolves.toHaveProperty("code", "Throttled");
      await expect(neighbour).resolves.toBeUndefined();
    }
    expect(server.sockets).toHaveLength(1);
    await store.close();
  });

  test.each(["undici's", "Node's"])(
    "that fell silent cost one attempt, however many they are: %s",
    async (whose) => {
      const count = 24;
      const held: (() => void)[] = [];
      const dead = new Set<Socket>();
      await using server = await scriptedServer((request, response, number) => {
        if (dead.has(request.socket)) return;
        const respond = (): void => errorResponse(404, "NoSuchKey")(request, response, number);
        // Held until all have come, so that each has a connection of its own.
        if (number > count) respond();
        else if (held.push(respond) === count) for (const each of held) each();
      });
      const clientConfig = { ...server.config(), ...(whose === "Node's" ? { requestHandler: {} } : {}) };
      const store = server.store({ clientConfig, idleTimeoutMs: 300 });
      const getAll = (): Promise<unknown> => Promise.all(Array.from({ length: count }, () => store.get(key)));
      await getAll();
      for (const socket of server.sockets) dead.add(socket);
      await expect(storeErrorOf(store.get(key))).resolves.toHaveProperty("code", "Unavailable");
      await getAll();
      await store.close();
    },
  );

  test("of a client that the store built end with close()", async () => {
    await using server = await scriptedServer(errorResponse(404, "NoSuchKey"));
    const store = server.store();
    await store.get(key);
    const [socket] = server.sockets;
    const ended = new Promise((resolve) => socket?.once("close", resolve));
    await store.close();
    await ended;
  });

  test("of Node's agents, plain and encrypted, end with it", async () => {
    await using server = await scriptedServer(errorResponse(404, "NoSuchKey"));
    const { connect, close } = ownClient({ ...server.config(), requestHandler: {} });
    const { client } = await connect(sdk);
    await new S3Store({ bucket: "bucket", client }).get(key);
    const { httpAgent, httpsAgent } = Reflect.get(client.config.requestHandler, "config") as {
      readonly httpAgent: Agent;
      readonly httpsAgent: Agent;
    };
    const ends = [vi.spyOn(httpAgent, "destroy"), vi.spyOn(httpsAgent, "destroy")];
    close();
    for (const end of ends) expect(end).toHaveBeenCalledOnce();
  });

  test("of a client that was passed in outlive close()", async () => {
    await using server = await scriptedServer(errorResponse(404, "NoSuchKey"));
    const client = new S3Client(server.config());
    const store = server.store({ client });
    await store.get(key);
    await store.close();
    await server.store({ client }).get(key);
    expect(server.sockets).toHaveLength(1);
    client.destroy();
  });

  test("of an agent or a handler that was passed in outlive close()", async () => {
    await using server = await scriptedServer(errorResponse(404, "NoSuchKey"));
    const httpAgent = new Agent({ keepAlive: true });
    const { requestHandler } = new S3Client({ ...server.config(), requestHandler: { httpAgent } }).config;
    for (const clientConfig of [
      { ...server.config(), requestHandler: { httpAgent } },
      { ...server.config(), requestHandler },
    ]) {
      const store = server.store({ clientConfig });
      await store.get(key);
      await store.close();
      await store.get(key);
    }
    expect(server.sockets).toHaveLength(1);
    httpAgent.destroy();
  });
});

test("an outcome is told in the next turn of the event loop, of large bodies four in each", async () => {
  const { turn } = await undiciConnections();
  const turns = countTurns();
  const turnsOf = (sizes: readonly number[]): Promise<(number | undefined)[]> =>
    Promise.all(sizes.map(async (bytes) => turn(bytes)?.then(() => turns.count())));
  const large = 65_536;
  expect(await turnsOf([large, 0, large, 4_096, large, 16_384, 16_384, large])).toEqual([
    1, 1, 1, 1, 1, 1, 2, 2,
  ]);
  const from = turns.count();
  expect(await turnsOf([large, large])).toEqual([from + 1, from + 1]);
  turns.stop();
});

test.each([16, 65_536])("requests that follow each other share connections: of %i bytes", async (bytes) => {
  await using server = await scriptedServer((request, response) => {
    request.resume().on("end", () => response.writeHead(200, { etag: '"0"' }).end());
  });
  const store = server.store();
  const body = new Uint8Array(bytes);
  await Promise.all(
    ["a", "b", "c"].map(async (lane) => {
      for (let number = 0; number < 20; number += 1) await store.create(`${lane}/${number}`, body);
    }),
  );
  expect(server.requests.length).toBeGreaterThanOrEqual(60);
  expect(server.sockets).toHaveLength(3);
});

describe("a call is one request", () => {
  test.each(operationNames)("whatever the client is set to: %s", async (name) => {
    await using server = await scriptedServer(errorResponse(503, "SlowDown", { "retry-after": "0" }));
    const config = { ...server.config(), maxAttempts: 5 };
    const { retryStrategy } = new S3Client(config).config;
    const stubborn = await retryStrategy();
    const stores = [
      server.store(),
      server.store({ clientConfig: config }),
      server.store({ clientConfig: { ...config, retryStrategy: stubborn } }),
      server.store({ clientConfig: { ...config, retryMode: "adaptive" } }),
      server.store({
        clientConfig: {
          ...config,
          extensions: [
            { configure: (extended) => extended.setRetryStrategy(() => Promise.resolve(stubborn)) },
          ],
        },
      }),
      server.store({ client: new S3Client(config) }),
      server.store({ client: new S3Client({ ...config, retryStrategy: stubborn }) }),
      server.store({ client: new S3Client({ ...config, retryMode: "adaptive" }) }),
    ];
    for (const store of stores) await storeErrorOf(operations[name](store));
    expect(server.requests).toHaveLength(stores.length);
  });

  test("which no rate of the SDK's adaptive mode holds back", async () => {
    const given = new S3Client({ region: "us-east-1", retryMode: "adaptive" });
    const {
      client: { config },
    } = await derivedClient(snapshotOf(given)).connect(sdk);
    await expect(config.retryStrategy()).resolves.toHaveProperty("mode", "standard");
    await expect(config.maxAttempts()).resolves.toBe(1);
  });

  test.each([undefined, {}])("also on a used connection that breaks: %o", async (requestHandler) => {
    await using server = await scriptedServer((request, response, number) => {
      if (number % 2 === 1) errorResponse(404, "NoSuchKey")(request, response, number);
      else request.socket.resetAndDestroy();
    });
    const store = server.store({
      clientConfig: { ...server.config(), ...(requestHandler === undefined ? {} : { requestHandler }) },
    });
    for (const [number, name] of operationNames.entries()) {
      await store.get(key);
      await expect(storeErrorOf(operations[name](store))).resolves.toHaveProperty("code", "Unavailable");
      expect([server.requests.length, server.sockets.length]).toEqual([2 * number + 2, number + 1]);
    }
    await store.close();
  });

  test("whatever the environment says", async () => {
    await using server = await scriptedServer((request) => request.socket.destroy());
    process.env["AWS_MAX_ATTEMPTS"] = "5";
    try {
      await storeErrorOf(operations.create(server.store()));
    } finally {
      delete process.env["AWS_MAX_ATTEMPTS"];
    }
    expect(server.requests).toHaveLength(1);
  });

  test.each(operationNames)("also where the bucket is in another region: %s", async (name) => {
    await using server = await scriptedServer(
      errorResponse(301, "PermanentRedirect", { "x-amz-bucket-region": "eu-west-3" }),
    );
    const config = { ...server.config(), followRegionRedirects: true };
    await storeErrorOf(operations[name](server.store({ clientConfig: config })));
    await storeErrorOf(operations[name](server.store({ client: new S3Client(config) })));
    expect(server.requests).toHaveLength(2);
  });

  test("without waiting to be told to go on, whatever the size of the body", async () => {
    await using server = await scriptedServer(respondWith(200, "", { etag: '"1"' }));
    const config = { ...server.config(), expectContinueHeader: true };
    await server.store({ clientConfig: config }).create("a", new Uint8Array(3 * mebibyte));
    await server.store({ client: new S3Client(config) }).create("b", new Uint8Array(3 * mebibyte));
    for (const headers of server.headers) expect(headers).not.toHaveProperty("expect");
  });
});

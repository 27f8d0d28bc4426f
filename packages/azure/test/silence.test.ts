import { Agent, type IncomingMessage } from "node:http";
import { inspect } from "node:util";
import { ContainerClient, newPipeline } from "@azure/storage-blob";
import { startScriptedServer } from "@state/servers/testing";
import { describe, expect, test, vi } from "vitest";
import { AzureStore } from "../src/index.ts";
import { type FreezingProxy, startFreezingProxy } from "./support/freezing-proxy.ts";
import { type LongTimers, takeLongTimers } from "./support/long-timers.ts";
import {
  blobHead,
  created,
  credential,
  flatAccount,
  type Script,
  scriptedServer,
} from "./support/scripted-server.ts";

const body = Buffer.from("body");
const received = { method: "", url: "", headers: {}, body };
const pooled = 24;

/** Holds the gets until all have come, so that each has a connection. */
function gathering(): Script {
  const held: (() => void)[] = [];
  return (response, request) => {
    if (request.method === "PUT") return created(response, request);
    held.push(() => response.writeHead(200, blobHead(body)).end(body));
    if (held.length === pooled) for (const respond of held) respond();
  };
}

/** Whether a promise has not settled yet. */
function isPending(promise: Promise<unknown>): boolean {
  return inspect(promise).includes("<pending>");
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Creates a key, and moves the clock on whenever an attempt has sent what nobody answers. */
async function attemptsOf(
  store: AzureStore,
  key: string,
  proxy: FreezingProxy,
  clock: LongTimers,
): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const swallowed = proxy.swallowed;
    const outcome = store.create(key, body).catch((error: unknown) => error);
    while (isPending(outcome) && proxy.swallowed === swallowed) await nextTurn();
    if (isPending(outcome)) clock.advance(60_000);
    const ended = await outcome;
    if (ended === "created") return attempt;
    expect(ended).toMatchObject({ code: "Unavailable" });
    expect(attempt).toBeLessThan(pooled);
  }
}

describe("connections that have fallen silent", () => {
  test("cost one attempt, however many they are", { timeout: 60_000 }, async () => {
    await using server = await scriptedServer(gathering());
    await using proxy = await startFreezingProxy(server.accountUrl);
    using clock = takeLongTimers();
    const container = new ContainerClient(`${proxy.endpoint}/account/box`, credential);
    const store = new AzureStore({ container });
    await store.create("first", body);
    await Promise.all(Array.from({ length: pooled }, () => store.get("a")));
    expect(proxy.connections).toBe(pooled);
    proxy.freeze();
    expect(await attemptsOf(store, "b", proxy, clock)).toBe(2);
    for (const key of ["c", "d", "e"]) expect(await attemptsOf(store, key, proxy, clock)).toBe(1);
    expect(proxy.connections).toBe(pooled + 1);
    await store.close();
  });

  test("of an agent that the owner has set are ended too", { timeout: 60_000 }, async () => {
    await using server = await scriptedServer(gathering());
    await using proxy = await startFreezingProxy(server.accountUrl);
    using clock = takeLongTimers();
    const agent = new Agent({ keepAlive: true });
    // The SDK takes it, though its type does not say so.
    const options: object = { agent };
    const container = new ContainerClient(`${proxy.endpoint}/account/box`, newPipeline(credential, options));
    const store = new AzureStore({ container });
    await store.create("first", body);
    await Promise.all(Array.from({ length: pooled }, () => store.get("a")));
    expect(Object.values(agent.freeSockets).flat()).toHaveLength(pooled);
    proxy.freeze();
    expect(await attemptsOf(store, "b", proxy, clock)).toBe(2);
    agent.destroy();
  });
});

describe("a proxy that the environment names", () => {
  test.each(["HTTP_PROXY", "http_proxy", "ALL_PROXY"])("is used, by %s", async (name) => {
    await using server = await scriptedServer(created);
    vi.stubEnv(name, new URL(server.accountUrl).origin);
    try {
      const accountUrl = "http://account.invalid";
      const store = new AzureStore({ accountUrl, containerName: "box", credential });
      expect(await store.create("a", body)).toBe("created");
    } finally {
      vi.unstubAllEnvs();
    }
    expect(server.received.map(({ url }) => url)).toEqual(["http://account.invalid/box/a"]);
  });
});

describe("a body on a slow line", () => {
  const large = Buffer.alloc(24 * 2 ** 20, "x");

  test("gets through, though it takes many times the idle time-out", { timeout: 60_000 }, async () => {
    using clock = takeLongTimers();
    await using server = await startScriptedServer((request, response) => {
      if (request.url?.includes("restype=account") === true) return flatAccount(response, received);
      let waiting = 0;
      request.on("data", (chunk: Buffer) => {
        waiting += chunk.length;
        if (waiting < 2 ** 20) return;
        waiting = 0;
        clock.advance(10_000);
      });
      request.on("end", () => created(response, received));
    });
    const store = new AzureStore({
      accountUrl: `${server.endpoint}/account`,
      containerName: "box",
      credential,
    });
    expect(await store.create("a", large)).toBe("created");
    expect(clock.passed).toBeGreaterThan(200_000);
  });

  test("that stops half way is given up, and its connection is closed", { timeout: 60_000 }, async () => {
    using clock = takeLongTimers();
    const stopped = Promise.withResolvers<IncomingMessage>();
    await using server = await startScriptedServer((request, response) => {
      if (request.url?.includes("restype=account") === true) return flatAccount(response, received);
      let taken = 0;
      request.on("data", (chunk: Buffer) => {
        const before = taken;
        taken += chunk.length;
        if (before >= 12 * 2 ** 20 || taken < 12 * 2 ** 20) return;
        request.pause();
        stopped.resolve(request);
      });
    });
    const store = new AzureStore({
      accountUrl: `${server.endpoint}/account`,
      containerName: "box",
      credential,
    });
    const outcome = store.create("a", large).catch((error: unknown) => error);
    const request = await stopped.promise;
    while (isPending(outcome)) {
      clock.advance(1_000);
      await nextTurn();
    }
    expect(await outcome).toMatchObject({
      code: "Unavailable",
      message: expect.stringContaining("30000 ms"),
    });
    // 30 s, and 64 s for the 8 MiB that the system may hold.
    expect(clock.passed - clock.lastSet).toBeLessThanOrEqual(95_000);
    // Who does not read learns of no end.
    request.resume();
    await expect.poll(() => request.destroyed, { timeout: 15_000 }).toBe(true);
    expect(request.complete).toBe(false);
  });
});

describe("idleTimeoutMs", () => {
  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, "5" as unknown as number])(
    "is refused as %s",
    (idleTimeoutMs) => {
      expect(
        () => new AzureStore({ accountUrl: "http://a.example", containerName: "box", idleTimeoutMs }),
      ).toThrow(/^idleTimeoutMs must be a whole number from 1 to 2147483647/);
    },
  );

  test("is how long a call waits", async () => {
    await using server = await scriptedServer(() => undefined);
    const store = new AzureStore({ container: server.container(), idleTimeoutMs: 50 });
    await expect(store.get("a")).rejects.toThrow(/no byte was sent or received for 50 ms/);
  });
});

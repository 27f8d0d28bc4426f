import { createServer, connect, type Socket } from "node:net";
import { startGcsDouble } from "@state/servers";
import { storeErrorOf } from "@state/servers/testing";
import { afterEach, expect, test, vi } from "vitest";
import { GcsStore } from "../src/index.ts";

afterEach(() => {
  vi.useRealTimers();
});

/** Long enough for the idle time-out, and for what a body on its way is given in addition. */
const pastIdleTimeoutMs = 100_000;

interface DeafProxy extends AsyncDisposable {
  readonly endpoint: string;
  connections(): number;
  /** From now on the connections that there are swallow all. New ones work. */
  swallow(): Promise<void>;
}

/** Stands between store and server, as a load balancer that has lost its state. */
async function startProxy(server: string): Promise<DeafProxy> {
  const { hostname, port } = new URL(server);
  const clients: Socket[] = [];
  const swallowed = Promise.withResolvers<void>();
  const proxy = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    clients.push(client);
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) {
      socket.on("error", () => socket.destroy());
      socket.on("close", () => [client, upstream].map((each) => each.destroy()));
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const address = proxy.address();
  return {
    endpoint: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`,
    connections: () => clients.length,
    swallow: async () => {
      for (const client of clients)
        client
          .unpipe()
          .on("data", () => swallowed.resolve())
          .resume();
      return swallowed.promise;
    },
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) client.destroy();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

test("24 dead connections cost one attempt, not 24", async () => {
  const double = await startGcsDouble({ anonymous: true });
  await using proxy = await startProxy(double.endpoint);
  const store = GcsStore.fromUrl(`gs://bucket/p?endpoint=${proxy.endpoint}`);
  const bytes = new Uint8Array([1]);
  await Promise.all(Array.from({ length: 24 }, (_, number) => store.create(`a-${number}`, bytes)));
  expect(proxy.connections()).toBe(24);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const swallowed = proxy.swallow();
  const first = storeErrorOf(store.create("b-0", bytes));
  await swallowed;
  vi.advanceTimersByTime(pastIdleTimeoutMs);
  expect(await first).toMatchObject({ code: "Unavailable", cause: { code: "ETIMEDOUT" } });
  for (let number = 0; number < 5; number += 1)
    expect(await store.create(`b-${number}`, bytes)).toBe("created");
  expect(proxy.connections()).toBe(25);
  await store.close();
  await double.stop();
});

test("close() ends the store's connections, and a later call opens one", async () => {
  const double = await startGcsDouble({ anonymous: true });
  await using proxy = await startProxy(double.endpoint);
  const store = GcsStore.fromUrl(`gs://bucket/p?endpoint=${proxy.endpoint}`);
  expect(await store.get("a")).toBeUndefined();
  expect(await store.get("a")).toBeUndefined();
  expect(proxy.connections()).toBe(1);
  await store.close();
  expect(await store.get("a")).toBeUndefined();
  expect(proxy.connections()).toBe(2);
  await store.close();
  await double.stop();
});

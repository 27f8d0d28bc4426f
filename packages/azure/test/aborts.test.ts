import { getEventListeners } from "node:events";
import { describe, expect, test, vi } from "vitest";
import { AzureStore } from "../src/index.ts";
import { blobHead, created, page, errorResponse, scriptedServer } from "./support/scripted-server.ts";
import type { AzureServer, Script } from "./support/scripted-server.ts";

const body = Buffer.alloc(2 ** 20, "x");

/** Sends the head and half of the body, and no more. */
const half: Script = (response) => {
  response.writeHead(200, blobHead(body));
  response.write(body.subarray(0, body.length / 2));
};

const silent: Script = () => undefined;

describe("an abort", () => {
  test.each([
    ["create", async (store: AzureStore, signal: AbortSignal) => store.create("a", body, { signal })],
    ["get", async (store: AzureStore, signal: AbortSignal) => store.get("a", { signal })],
    ["list", async (store: AzureStore, signal: AbortSignal) => store.list("", { signal }).next()],
    ["delete", async (store: AzureStore, signal: AbortSignal) => store.delete(["a", "b"], { signal })],
    ["single delete", async (store: AzureStore, signal: AbortSignal) => store.delete(["a"], { signal })],
  ] as const)("of a %s that is waiting for its response ends it, with the reason itself", async (_, call) => {
    await using server = await scriptedServer(silent);
    const store = new AzureStore({ container: server.container() });
    for (const reason of [new Error("enough"), "a string", undefined]) {
      const controller = new AbortController();
      const head = server.nextHead();
      const running = call(store, controller.signal);
      const request = await head;
      controller.abort(reason);
      await expect(running).rejects.toBe(controller.signal.reason);
      await vi.waitFor(() => expect(request.socket.destroyed).toBe(true));
      expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    }
  });

  test("in the middle of a body on its way down ends it, and no other request", async () => {
    await using server = await scriptedServer(half);
    const store = new AzureStore({ container: server.container() });
    const controller = new AbortController();
    const running = store.get("a", { signal: controller.signal });
    await vi.waitFor(() => expect(server.received).toHaveLength(1));
    const { promise: release, resolve } = Promise.withResolvers<void>();
    server.respondWith((response) => {
      response.writeHead(200, blobHead(body));
      response.write(body.subarray(0, 10));
      void release.then(() => response.end(body.subarray(10)));
    });
    const other = store.get("b");
    await vi.waitFor(() => expect(server.received).toHaveLength(2));
    controller.abort("enough");
    await expect(running).rejects.toBe("enough");
    resolve();
    expect(await other).toEqual(new Uint8Array(body));
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  test("in the middle of a body on its way up ends it, and the store works on", async () => {
    await using server = await scriptedServer(created);
    const store = new AzureStore({ container: server.container() });
    const controller = new AbortController();
    const head = server.nextHead();
    const running = store.create("a", Buffer.alloc(64 * 2 ** 20), { signal: controller.signal });
    (await head).pause();
    controller.abort("enough");
    await expect(running).rejects.toBe("enough");
    expect(await store.create("b", body)).toBe("created");
    expect(server.received.map(({ url }) => url)).toEqual(["/account/box/b"]);
  });

  test("that is the SDK's name for a dropped connection is Unavailable", async () => {
    await using server = await scriptedServer((response) => {
      half(response, { method: "", url: "", headers: {}, body });
      response.write("more", () => response.socket?.destroy());
    });
    const store = new AzureStore({ container: server.container() });
    const { signal } = new AbortController();
    await expect(store.get("a", { signal })).rejects.toMatchObject({ code: "Unavailable" });
  });

  test("between two pages asks for no further one", async () => {
    await using server = await scriptedServer(page(["a"], "more"));
    const store = new AzureStore({ container: server.container() });
    const controller = new AbortController();
    const listing = store.list("", { signal: controller.signal });
    expect((await listing.next()).value).toMatchObject({ objects: [{ key: "a" }] });
    controller.abort("enough");
    await expect(listing.next()).rejects.toBe("enough");
    expect(server.received).toHaveLength(1);
  });

  test("before the call sends nothing", async () => {
    await using server = await scriptedServer(errorResponse(500, undefined));
    const store = new AzureStore({ container: server.container() });
    const signal = AbortSignal.abort("never");
    await expect(store.create("a", body, { signal })).rejects.toBe("never");
    await expect(store.get("a", { signal })).rejects.toBe("never");
    await expect(store.list("", { signal }).next()).rejects.toBe("never");
    await expect(store.delete(["a"], { signal })).rejects.toBe("never");
    await expect(store.delete([], { signal })).rejects.toBe("never");
    expect(server.connections).toBe(0);
  });
});

describe("no listener stays on a signal", () => {
  test("that serves many calls", async () => {
    await using server = await scriptedServer((response) => {
      response.writeHead(200, blobHead(body)).end(body);
    });
    const store = new AzureStore({ container: server.container() });
    const { signal } = new AbortController();
    for (let call = 0; call < 20; call += 1) await store.get("a", { signal });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

describe("the idle time-out", () => {
  test.each([
    ["before a response", silent],
    ["inside a body", half],
  ] as const)("%s ends a get after 30 s, as Unavailable", async (_, script) => {
    await using server = await scriptedServer(script);
    using clock = fakeTimers();
    const store = new AzureStore({ container: server.container() });
    const running = store.get("a");
    await untilReceived(server, 1);
    clock.advance(29_999);
    server.respondWith(created);
    expect(await store.create("b", body)).toBe("created");
    clock.advance(30_001);
    await expect(running).rejects.toMatchObject({
      code: "Unavailable",
      message: expect.stringContaining("30000 ms"),
    });
  });

  test("ends a create, a page and a delete", async () => {
    await using server = await scriptedServer(silent);
    using clock = fakeTimers();
    const store = new AzureStore({ container: server.container() });
    const create = store.create("a", body).catch((error: unknown) => error);
    const list = store
      .list("")
      .next()
      .catch((error: unknown) => error);
    const single = store.delete(["a"]);
    const batch = store.delete(["a", "b"]);
    await untilReceived(server, 4);
    // The create has 8 s more: what a slow line needs for a MiB that was handed over.
    clock.advance(38_001);
    expect(await create).toMatchObject({ code: "Unavailable" });
    expect(await list).toMatchObject({ code: "Unavailable" });
    expect(await single).toMatchObject([{ key: "a", error: { code: "Unavailable" } }]);
    expect(await batch).toMatchObject([
      { key: "a", error: { code: "Unavailable" } },
      { key: "b", error: { code: "Unavailable" } },
    ]);
  });

  test("is longer by what a slow line needs for the bytes that were handed over", async () => {
    await using server = await scriptedServer(silent);
    using clock = fakeTimers();
    const store = new AzureStore({ container: server.container() });
    const { promise, resolve } = Promise.withResolvers<() => void>();
    server.respondWith((response, received) => resolve(() => created(response, received)));
    const creating = store.create("a", body);
    const respond = await promise;
    clock.advance(37_999);
    respond();
    expect(await creating).toBe("created");
  });

  test("leaves no timer behind a call that has ended", async () => {
    await using server = await scriptedServer(created);
    using clock = fakeTimers();
    const store = new AzureStore({ container: server.container() });
    expect(await store.create("a", body)).toBe("created");
    server.respondWith(errorResponse(500, undefined));
    await expect(store.get("a")).rejects.toMatchObject({ code: "Unavailable" });
    expect(clock.waiting()).toBe(0);
  });

  test("starts anew whenever bytes arrive", async () => {
    await using server = await scriptedServer(silent);
    using clock = fakeTimers();
    const store = new AzureStore({ container: server.container() });
    const { promise, resolve } = Promise.withResolvers<Parameters<Script>[0]>();
    server.respondWith((response) => resolve(response));
    const running = store.get("a");
    const response = await promise;
    response.writeHead(200, blobHead(body));
    for (let from = 0; from < body.length; from += body.length / 4) {
      clock.advance(20_000);
      await new Promise<void>((written) => {
        response.write(body.subarray(from, from + body.length / 4), () => written());
      });
      await clock.settle();
    }
    response.end();
    expect(await running).toEqual(new Uint8Array(body));
  });
});

function fakeTimers(): Disposable & {
  advance(ms: number): void;
  settle(): Promise<void>;
  waiting(): number;
} {
  const real = setTimeout;
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  return {
    advance: (ms) => {
      vi.advanceTimersByTime(ms);
    },
    waiting: () => vi.getTimerCount(),
    settle: () => new Promise((resolve) => real(resolve, 20)),
    [Symbol.dispose]: () => {
      vi.useRealTimers();
    },
  };
}

async function untilReceived(server: AzureServer, count: number): Promise<void> {
  while (server.received.length < count) await new Promise((resolve) => setImmediate(resolve));
}

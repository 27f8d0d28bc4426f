import { getEventListeners } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { StoreError } from "@state/core";
import { startGcsDouble } from "@state/servers";
import { operationNames, operations, rejectionOf, respondWith, storeErrorOf } from "@state/servers/testing";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  errorResponse,
  clientWithoutToken,
  scriptedServer,
  storeBy,
  storeWith,
} from "./support/scripted-server.ts";
import { storeOn } from "./support/target.ts";

const idleTimeoutMs = 30_000;
/** What a body that is on its way is given in addition, for a slow line. */
const extraMs = 64_000;

/** Unlike `once`, does not reject with the error that a socket emits if its request is cut. */
function closeOf(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.once("close", resolve));
}

/** Lets the time pass to just before the idle time-out. */
function passAlmostIdleTimeout(): void {
  vi.advanceTimersByTime(idleTimeoutMs - 1);
}

afterEach(() => {
  vi.useRealTimers();
});

describe("an abort", () => {
  test.each(operationNames)("before %s sends nothing, and gives its reason by identity", async (name) => {
    await using server = await scriptedServer(errorResponse(500, "backendError"));
    for (const reason of [new Error("mine"), "a text", 0, undefined]) {
      const signal = AbortSignal.abort(reason);
      expect(await rejectionOf(operations[name](server.store(), { signal }))).toBe(signal.reason);
    }
    expect(server.requests).toEqual([]);
  });

  test("before a delete of no keys is its end too", async () => {
    await using server = await scriptedServer(respondWith(204));
    expect(await rejectionOf(server.store().delete([], { signal: AbortSignal.abort("mine") }))).toBe("mine");
  });

  test.each(operationNames)(
    "while %s waits for its response rejects with its reason, and leaves no listener",
    async (name) => {
      const { promise: arrived, resolve } = Promise.withResolvers<IncomingMessage>();
      await using server = await scriptedServer((request) => resolve(request));
      const owner = new AbortController();
      const running = rejectionOf(operations[name](server.store(), { signal: owner.signal }));
      const request = await arrived;
      const closed = closeOf(request.socket);
      owner.abort("why");
      expect(await running).toBe("why");
      expect(getEventListeners(owner.signal, "abort")).toEqual([]);
      await closed;
      expect(server.requests).toHaveLength(1);
    },
  );

  test("in the middle of a download ends it, and no other request", async () => {
    const { promise: begun, resolve } = Promise.withResolvers<void>();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    await using server = await scriptedServer((request, response) => {
      const hash = "md5=5N3f5uK4Yp8yQ0k7V6c0nA==";
      response.writeHead(200, { "content-length": "200000", "x-goog-hash": hash });
      response.write(Buffer.alloc(100_000), () => resolve());
      if (request.url?.includes("stays") === true)
        void released.then(() => response.end(Buffer.alloc(100_000)));
    });
    const store = server.store();
    const owner = new AbortController();
    const stays = storeErrorOf(store.get("stays"));
    const goes = rejectionOf(store.get("goes", { signal: owner.signal }));
    await begun;
    const reason = new Error("mine");
    owner.abort(reason);
    expect(await goes).toBe(reason);
    release();
    // It arrived whole: only a whole body can fail by its hash.
    expect(await stays).toMatchObject({ code: "Corrupt", message: expect.stringContaining("200000 bytes") });
  });

  test("in the middle of an upload ends it, and the body is the caller's again", async () => {
    const { promise: begun, resolve } = Promise.withResolvers<IncomingMessage>();
    // Nothing is read, so that the upload cannot end.
    await using server = await scriptedServer((request) => resolve(request));
    const owner = new AbortController();
    const body = new Uint8Array(64 * 1024 * 1024);
    const running = rejectionOf(server.store().create("a", body, { signal: owner.signal }));
    const request = await begun;
    const closed = closeOf(request.socket);
    request.resume();
    owner.abort("why");
    expect(await running).toBe("why");
    await closed;
    expect(getEventListeners(owner.signal, "abort")).toEqual([]);
  });

  test("of a delete ends each of its requests", async () => {
    const { promise: arrived, resolve } = Promise.withResolvers<void>();
    const closes: Promise<unknown>[] = [];
    await using server = await scriptedServer((request, _, number) => {
      closes.push(closeOf(request.socket));
      if (number === 48) resolve();
    });
    const owner = new AbortController();
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on("warning", onWarning);
    const keys = Array.from({ length: 100 }, (_, number) => `key-${number}`);
    const running = rejectionOf(server.store().delete(keys, { signal: owner.signal }));
    await arrived;
    owner.abort("why");
    expect(await running).toBe("why");
    await Promise.all(closes);
    expect(server.requests).toHaveLength(48);
    expect(getEventListeners(owner.signal, "abort")).toEqual([]);
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });

  test("of a delete whose reason is a StoreError, as that of a time-out is, rejects with it, and reports no key", async () => {
    const { promise: arrived, resolve } = Promise.withResolvers<void>();
    await using server = await scriptedServer(() => resolve());
    const owner = new AbortController();
    const running = rejectionOf(server.store().delete(["a"], { signal: owner.signal }));
    await arrived;
    const reason = new StoreError("Unavailable", "no response in time");
    owner.abort(reason);
    expect(await running).toBe(reason);
  });

  test.each(operationNames)(
    "while %s waits for a token sends nothing, and harms no other call that waits for it",
    async (name) => {
      const { promise: asked, resolve } = Promise.withResolvers<ServerResponse>();
      await using tokens = await scriptedServer((_, response) => resolve(response));
      await using service = await scriptedServer(respondWith(404, "No such object: x"));
      const store = storeWith(clientWithoutToken(tokens.endpoint), service.endpoint);
      const owner = new AbortController();
      const goes = rejectionOf(operations[name](store, { signal: owner.signal }));
      const stays = store.get("stays");
      const response = await asked;
      owner.abort("why");
      expect(await goes).toBe("why");
      expect(getEventListeners(owner.signal, "abort")).toEqual([]);
      response
        .setHeader("content-type", "application/json")
        .end(JSON.stringify({ access_token: "x", expires_in: 3_600 }));
      expect(await stays).toBeUndefined();
      expect(await store.get("later")).toBeUndefined();
      expect(service.requests).toEqual([expect.stringContaining("stays"), expect.stringContaining("later")]);
    },
  );

  test("that is not ours is Unavailable, whatever its error is called", async () => {
    await using server = await scriptedServer((request) => request.socket.destroy());
    const owner = new AbortController();
    for (const name of operationNames) {
      const error = await storeErrorOf(operations[name](server.store(), { signal: owner.signal }));
      expect(error).toHaveProperty("code", "Unavailable");
    }
    expect(getEventListeners(owner.signal, "abort")).toEqual([]);
  });

  test.each(operationNames)("leaves no listener behind a response to %s that breaks off", async (name) => {
    await using server = await scriptedServer((request, response) => {
      request.resume().once("end", () => {
        response.writeHead(200, { "content-length": "100" });
        response.write("part", () => request.socket.destroy());
      });
    });
    const { signal } = new AbortController();
    await storeErrorOf(operations[name](server.store(), { signal }));
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("leaves no listener behind what succeeded", async () => {
    const double = await startGcsDouble();
    const owner = new AbortController();
    const store = storeOn(double);
    for (const name of operationNames) await operations[name](store, { signal: owner.signal });
    expect(getEventListeners(owner.signal, "abort")).toEqual([]);
    await double.stop();
  });
});

describe("a service that stands still", () => {
  test.each(operationNames)(
    "before it responds to %s is Unavailable after the idle time-out",
    async (name) => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
      const { promise: arrived, resolve } = Promise.withResolvers<IncomingMessage>();
      await using server = await scriptedServer((request) => resolve(request));
      const { signal } = new AbortController();
      const running = storeErrorOf(operations[name](server.store(), { signal }));
      const closed = closeOf((await arrived).socket);
      vi.advanceTimersByTime(idleTimeoutMs + extraMs);
      const error = await running;
      expect(error).toMatchObject({ code: "Unavailable", cause: { code: "ETIMEDOUT" } });
      expect(error.message).toContain("failed: no byte was sent or received for 30000 ms");
      expect(getEventListeners(signal, "abort")).toEqual([]);
      await closed;
    },
  );

  test("in the middle of a download is Unavailable", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { promise: begun, resolve } = Promise.withResolvers<void>();
    await using server = await scriptedServer((_, response) => {
      response.writeHead(200, { "content-length": "100", "x-goog-hash": "md5=AAAAAAAAAAAAAAAAAAAAAA==" });
      response.write("part", () => resolve());
    });
    const running = storeErrorOf(server.store().get("a"));
    await begun;
    vi.advanceTimersByTime(idleTimeoutMs);
    expect(await running).toMatchObject({ code: "Unavailable", cause: { code: "ETIMEDOUT" } });
  });

  test("with the token is Unavailable after the idle time-out", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    await using tokens = await scriptedServer(() => resolve());
    const running = storeErrorOf(storeWith(clientWithoutToken(tokens.endpoint)).get("a"));
    await asked;
    vi.advanceTimersByTime(idleTimeoutMs);
    expect(await running).toMatchObject({ code: "Unavailable", cause: { code: "ETIMEDOUT" } });
  });

  test("in the middle of an upload is Unavailable, and its connection is closed", async () => {
    // The hash of so large a body waits for timers in between.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"], shouldAdvanceTime: true });
    const { promise: begun, resolve } = Promise.withResolvers<IncomingMessage>();
    // Nothing is read, so that the upload cannot end.
    await using server = await scriptedServer((request) => resolve(request));
    const running = storeErrorOf(server.store().create("a", new Uint8Array(64 * 1024 * 1024)));
    const request = await begun;
    const closed = closeOf(request.socket);
    request.resume();
    vi.advanceTimersByTime(idleTimeoutMs + extraMs);
    expect(await running).toMatchObject({ code: "Unavailable", cause: { code: "ETIMEDOUT" } });
    await closed;
  });

  test("is not what moves a little each time, down or up", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const down = storeBy({
      fetchImplementation: async () => {
        const chunks = ["a", "b", "c"].values();
        const pull = (controller: ReadableStreamDefaultController): void => {
          passAlmostIdleTimeout();
          const { value } = chunks.next();
          if (value === undefined) controller.close();
          else controller.enqueue(new TextEncoder().encode(value));
        };
        const headers = { "x-goog-hash": "md5=kAFQmDzST7DWlj99KOF/cg==" };
        return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }), { headers });
      },
    });
    expect(await down.get("a")).toEqual(new TextEncoder().encode("abc"));
    let sent = 0;
    const up = storeBy({
      fetchImplementation: async (_, init) => {
        if (!(init?.body instanceof Readable)) throw new Error("no stream to send");
        for await (const slice of init.body) {
          // The next slice is taken in a turn of its own, as on a line.
          await new Promise((resolve) => void setImmediate(resolve));
          passAlmostIdleTimeout();
          sent += Buffer.byteLength(slice);
        }
        return new Response("", { status: 503 });
      },
    });
    const error = await storeErrorOf(up.create("a", new Uint8Array(1024 * 1024)));
    expect(error.message).toContain("responded with 503");
    expect(sent).toBeGreaterThan(1024 * 1024);
  });

  test("leaves no timer behind what succeeded", async () => {
    const double = await startGcsDouble();
    const store = storeOn(double);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    for (const name of operationNames) await operations[name](store);
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
    await double.stop();
  });
});

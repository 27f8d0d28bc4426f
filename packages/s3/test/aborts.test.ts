import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { getEventListeners } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { S3Client } from "@aws-sdk/client-s3";
import {
  key,
  operationNames,
  operations,
  rejectionOf,
  respondWith,
  storeErrorOf,
} from "@state/servers/testing";
import { describe, expect, test } from "vitest";
import { runRequest } from "@state/core/adapter";
import { errorResponse, scriptedServer } from "./support/scripted-server.ts";

const mebibyte = 2 ** 20;
/**
 * Unlike `once`, does not reject with the error that a connection emits if it is reset before it
 * closes.
 */
async function closed(socket: Socket): Promise<void> {
  if (!socket.destroyed) await new Promise((resolve) => socket.once("close", resolve));
}

const reasons = [new Error("enough"), "a string", { plain: "object" }, null, 0] as const;

describe("an abort", () => {
  test.each(operationNames)(
    "ends an operation that waits for its response, with its own reason: %s",
    async (name) => {
      for (const reason of reasons) {
        const { promise: asked, resolve } = Promise.withResolvers<Socket>();
        await using server = await scriptedServer((request) => resolve(request.socket));
        const controller = new AbortController();
        const running = rejectionOf(operations[name](server.store(), { signal: controller.signal }));
        const socket = await asked;
        controller.abort(reason);
        expect(await running).toBe(reason);
        await closed(socket);
        expect(getEventListeners(controller.signal, "abort")).toEqual([]);
      }
    },
  );

  test("ends a create in the middle of its body, and no request beside it", async () => {
    const { promise: started, resolve } = Promise.withResolvers<IncomingMessage>();
    const { promise: neighbour, resolve: arrived } = Promise.withResolvers<ServerResponse>();
    await using server = await scriptedServer((request, response) => {
      if (request.url?.includes("neighbour") === true) {
        request.resume().once("end", () => arrived(response));
      } else {
        // The first bytes are here, the others are left on the way.
        request.once("readable", () => resolve(request));
      }
    });
    const store = server.store();
    const controller = new AbortController();
    const reason = new Error("enough");
    const beside = store.create("neighbour", new Uint8Array(mebibyte));
    const running = rejectionOf(
      store.create(key, new Uint8Array(64 * mebibyte), { signal: controller.signal }),
    );
    const [request, response] = await Promise.all([started, neighbour]);
    controller.abort(reason);
    expect(await running).toBe(reason);
    await new Promise((resolveClosed) => request.once("close", resolveClosed).resume());
    expect(request.complete).toBe(false);
    response.writeHead(200, { etag: '"1"', "content-length": 0 }).end();
    await expect(beside).resolves.toBe("created");
  });

  test("ends a get in the middle of its body, and no request beside it", async () => {
    const { promise: started, resolve } = Promise.withResolvers<Socket>();
    const { promise: neighbour, resolve: arrived } = Promise.withResolvers<ServerResponse>();
    const head = { etag: '"1"', "content-length": 10 };
    await using server = await scriptedServer((request, response) => {
      response.writeHead(200, head).write("01234");
      if (request.url?.includes("neighbour") === true) arrived(response);
      else resolve(request.socket);
    });
    const store = server.store();
    const controller = new AbortController();
    const reason = { enough: true };
    const beside = store.get("neighbour");
    const running = rejectionOf(store.get(key, { signal: controller.signal }));
    const [socket, response] = await Promise.all([started, neighbour]);
    controller.abort(reason);
    expect(await running).toBe(reason);
    await closed(socket);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    response.end("56789");
    await expect(beside).resolves.toEqual(new TextEncoder().encode("0123456789"));
  });

  test("ends an operation that waits for credentials, and nothing is sent", async () => {
    await using server = await scriptedServer(respondWith(200));
    const { promise: asked, resolve } = Promise.withResolvers<undefined>();
    const clientConfig = {
      ...server.config(),
      credentials: (): Promise<never> => {
        resolve(undefined);
        return new Promise(() => undefined);
      },
    };
    const controller = new AbortController();
    const running = rejectionOf(
      operations.create(server.store({ clientConfig }), { signal: controller.signal }),
    );
    await asked;
    controller.abort("enough");
    expect(await running).toBe("enough");
    expect(server.requests).toEqual([]);
  });

  test("stops a delete that goes key by key", async () => {
    const controller = new AbortController();
    await using server = await scriptedServer((request, response, number) => {
      if (number === 1) errorResponse(501, "NotImplemented")(request, response, number);
      else controller.abort("enough");
    });
    // The server may see what was sent before the abort after it: what counts is what is sent.
    let sent = 0;
    const count = (message: unknown): void => {
      const { request } = message as { readonly request: { readonly origin: string } };
      if (request.origin === server.endpoint) sent += 1;
    };
    subscribe("undici:client:sendHeaders", count);
    const keys = Array.from({ length: 500 }, (_, index) => `a/${index}`);
    expect(await rejectionOf(server.store().delete(keys, { signal: controller.signal }))).toBe("enough");
    const sentBefore = sent;
    await using later = await scriptedServer(respondWith(204));
    await later.store().delete([key]);
    unsubscribe("undici:client:sendHeaders", count);
    expect(sent).toBe(sentBefore);
    expect(server.requests.length).toBeLessThan(sent + 1);
    expect(sent).toBeGreaterThan(1);
    expect(sent).toBeLessThan(1 + 32 + 1);
  });

  test.each([
    ["in batches", 3_000, undefined, 1],
    ["key by key", 500, "NotImplemented", 1 + 32],
  ] as const)(
    "stops a delete that goes %s: nothing more is prepared",
    async (_, count, bulkDelete, prepared) => {
      await using server = await scriptedServer((request, response, number) => {
        if (number === 1 && bulkDelete !== undefined)
          errorResponse(501, bulkDelete)(request, response, number);
        else controller.abort("enough");
      });
      const controller = new AbortController();
      let commands = 0;
      const client = new S3Client(server.config());
      client.middlewareStack.add(
        (next) => (args) => {
          commands += 1;
          return next(args);
        },
        { step: "initialize" },
      );
      const keys = Array.from({ length: count }, (_each, index) => `a/${index}`);
      const running = server.store({ client }).delete(keys, { signal: controller.signal });
      expect(await rejectionOf(running)).toBe("enough");
      // The response to a later request comes after everything that was under way.
      await using later = await scriptedServer(respondWith(204));
      await later.store().delete([key]);
      expect(commands).toBe(prepared);
      client.destroy();
    },
  );

  test("that came before is told before anything else, whatever was asked", async () => {
    await using server = await scriptedServer(respondWith(200));
    const store = server.store();
    const options = { signal: AbortSignal.abort("enough") };
    for (const running of [
      ...operationNames.map((name) => operations[name](store, options)),
      store.create("a//b", new Uint8Array(), options),
      store.get("a//b", options),
      store.list("a", options)[Symbol.asyncIterator]().next(),
      store.delete(["a//b"], options),
      store.delete([], options),
    ]) {
      expect(await rejectionOf(running)).toBe("enough");
    }
    expect(server.requests).toEqual([]);
  });

  test("of a listing is told at next()", async () => {
    await using server = await scriptedServer(respondWith(200));
    const pages = server.store().list("", { signal: AbortSignal.abort("enough") });
    expect(await rejectionOf(pages[Symbol.asyncIterator]().next())).toBe("enough");
    expect(server.requests).toEqual([]);
  });
});

describe("whose abort it is", () => {
  test("is told by the signal: the server's own reset is Unavailable, with a signal that has not aborted", async () => {
    await using server = await scriptedServer((request) => request.socket.destroy());
    const { signal } = new AbortController();
    for (const name of operationNames) {
      const error = await storeErrorOf(operations[name](server.store(), { signal }));
      expect(error.code).toBe("Unavailable");
    }
  });

  test("is told by the signal: with it aborted, a reset of the server is the caller's abort", async () => {
    const controller = new AbortController();
    await using server = await scriptedServer((request) => {
      request.socket.destroy();
      controller.abort("enough");
    });
    const running = rejectionOf(operations.get(server.store(), { signal: controller.signal }));
    expect(await running).toBe("enough");
  });

  test("is told by the signal: one that aborts before the failure has been passed on is the caller's", async () => {
    const controller = new AbortController();
    const running = runRequest(() => Promise.reject(new Error("reset")), { signal: controller.signal });
    controller.abort("enough");
    expect(await rejectionOf(running)).toBe("enough");
  });

  test("is not told by a name: an AbortError of somebody else is Unavailable", async () => {
    await using server = await scriptedServer(respondWith(200));
    const clientConfig = {
      ...server.config(),
      credentials: () => Promise.reject(new DOMException("not yours", "AbortError")),
    };
    const { signal } = new AbortController();
    const error = await storeErrorOf(operations.get(server.store({ clientConfig }), { signal }));
    expect(error.code).toBe("Unavailable");
  });
});

import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { operationNames, operations, type Script, storeErrorOf } from "@state/servers/testing";
import { describe, expect, test } from "vitest";
import { GcsStore } from "../src/index.ts";
import { scriptedServer } from "./support/scripted-server.ts";

const part = Buffer.alloc(64 * 1024, "x");

function closed(socket: Socket | undefined): Promise<unknown> {
  return new Promise((resolve) => {
    if (socket === undefined || socket.destroyed) resolve(undefined);
    else socket.once("close", resolve);
  });
}

/** Sends for as long as the other side reads. */
function sendOn(response: ServerResponse): void {
  if (!response.destroyed) response.write(part, () => sendOn(response));
}

/** A response in chunks, without an end. */
function endless(status: number, headers: Readonly<Record<string, string>> = {}): Script {
  return (request, response) => {
    request.resume().once("end", () => {
      response.writeHead(status, headers);
      sendOn(response);
    });
  };
}

describe("no more is read than was announced or is allowed, and the connection is closed", () => {
  test.each([400, 403, 404, 412, 500])("of a %i without an end", async (status) => {
    await using server = await scriptedServer(endless(status));
    for (const [index, name] of operationNames.entries()) {
      expect(await storeErrorOf(operations[name](server.store()))).toHaveProperty("code", "Unavailable");
      await closed(server.sockets[index]);
    }
  });

  test("of a listing without an end", async () => {
    await using server = await scriptedServer(endless(200));
    expect(await storeErrorOf(server.store().list("").next())).toHaveProperty("code", "Unavailable");
    await closed(server.sockets[0]);
  });

  test("of a download that announces 20 GiB", async () => {
    await using server = await scriptedServer(
      endless(200, { "content-length": String(20 * 2 ** 30), "x-goog-hash": "md5=AAAAAAAAAAAAAAAAAAAAAA==" }),
    );
    const error = await storeErrorOf(server.store().get("a"));
    expect(error).toMatchObject({ code: "Failed", message: expect.stringContaining("2^31") });
    await closed(server.sockets[0]);
  });

  test("of a download in chunks that is longer than the object", async () => {
    await using server = await scriptedServer(
      endless(200, { "x-goog-stored-content-length": "5", "x-goog-hash": "md5=AAAAAAAAAAAAAAAAAAAAAA==" }),
    );
    const error = await storeErrorOf(server.store().get("a"));
    expect(error).toMatchObject({
      code: "Corrupt",
      message: expect.stringContaining("5 that were announced"),
    });
    await closed(server.sockets[0]);
  });
});

// On the way down it is tested without a clock, with the aborts.
describe("a slow line", () => {
  const body = new Uint8Array(8 * 2 ** 20);
  const idleTimeoutMs = 500;
  // 64 KiB at a time: in all some 2.5 s, several times the time-out.
  const pauseMs = 20;

  test("that takes a body bit by bit is no silence", async () => {
    let taken = 0;
    await using server = await scriptedServer((request, response) => {
      const take = (): void => {
        const bytes: unknown = request.read(64 * 1024) ?? request.read();
        if (Buffer.isBuffer(bytes)) taken += bytes.byteLength;
        if (request.readableEnded) response.writeHead(503).end();
        else setTimeout(take, pauseMs);
      };
      take();
    });
    const error = await storeErrorOf(server.store({ idleTimeoutMs }).create("a", body));
    expect(error.message).toContain("responded with 503");
    expect(taken).toBeGreaterThan(body.byteLength);
  });

  test("has the time that it needs for a small body, which the system holds at once", async () => {
    await using server = await scriptedServer((request, response) => {
      request.resume().once("end", () => setTimeout(() => response.writeHead(503).end(), 300));
    });
    // A second for 128 KiB.
    const small = body.subarray(0, 127 * 1024);
    const error = await storeErrorOf(server.store({ idleTimeoutMs: 50 }).create("a", small));
    expect(error.message).toContain("responded with 503");
  });
});

describe("idleTimeoutMs", () => {
  test.each([0, -1, 1.5, 2 ** 31, Number.NaN, Number.POSITIVE_INFINITY])("cannot be %s", (idleTimeoutMs) => {
    expect(() => new GcsStore({ bucket: "b", idleTimeoutMs })).toThrow(RangeError);
  });

  test("is how long a service may say nothing", async () => {
    await using server = await scriptedServer((request) => void request.resume());
    const error = await storeErrorOf(server.store({ idleTimeoutMs: 50 }).get("a"));
    expect(error).toMatchObject({ code: "Unavailable", message: expect.stringContaining("for 50 ms") });
  });
});

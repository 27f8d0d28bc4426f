import type { ServerResponse } from "node:http";
import { describe, expect, test, vi } from "vitest";
import { AzureStore } from "../src/index.ts";
import { blobHead, type Script, scriptedServer } from "./support/scripted-server.ts";

const part = Buffer.alloc(64 * 1024, "x");

/** Sends until the connection is closed, in chunks without an announced end. */
function endless(status: number, headers: Readonly<Record<string, string>>, sent: { bytes: number }): Script {
  return (response) => {
    response.writeHead(status, { "x-ms-request-id": "1", ...headers });
    pour(response, sent);
  };
}

function pour(response: ServerResponse, sent: { bytes: number }): void {
  while (!response.destroyed) {
    sent.bytes += part.byteLength;
    if (response.write(part)) continue;
    response.once("drain", () => pour(response, sent));
    return;
  }
}

const xml = { "content-type": "application/xml" };
const mixed = { "content-type": "multipart/mixed; boundary=part" };
/** What the buffers of the system hold. */
const buffered = 16 * 2 ** 20;

const calls: Readonly<Record<string, (store: AzureStore) => Promise<unknown>>> = {
  create: (store) => store.create("a", Buffer.from("body")),
  get: (store) => store.get("a"),
  list: (store) => store.list("").next(),
  "single delete": async (store) => thrown(await store.delete(["a"])),
  "batch delete": async (store) => thrown(await store.delete(["a", "b"])),
};

function thrown(failures: readonly { readonly error: Error }[]): never {
  throw failures[0]?.error ?? new Error("no failure");
}

const cases: readonly (readonly [string, number, Readonly<Record<string, string>>, number])[] = [
  ["create", 403, xml, 64 * 1024],
  ["create", 201, {}, 64 * 2 ** 20],
  ["get", 404, xml, 64 * 1024],
  ["get", 500, {}, 64 * 1024],
  ["get", 200, { etag: '"1"', "x-ms-blob-type": "BlockBlob" }, 64 * 1024],
  ["list", 403, xml, 64 * 1024],
  ["list", 200, xml, 64 * 2 ** 20],
  ["single delete", 403, xml, 64 * 1024],
  ["batch delete", 503, xml, 64 * 1024],
  ["batch delete", 202, mixed, 4 * 2 ** 20],
];

describe("a response without end", () => {
  test.each(cases)(
    "to a %s of %d %j is given up at its limit",
    { timeout: 60_000 },
    async (name, status, headers, limit) => {
      const sent = { bytes: 0 };
      await using server = await scriptedServer(endless(status, headers, sent));
      const store = new AzureStore({ container: server.container() });
      await expect(calls[name]?.(store)).rejects.toMatchObject({ code: "Unavailable" });
      await vi.waitFor(() => expect(server.heads.every(({ socket }) => socket.destroyed)).toBe(true), {
        timeout: 15_000,
      });
      expect(sent.bytes).toBeLessThan(limit + buffered);
    },
  );

  test("to a get ends at the length that was announced", async () => {
    const body = Buffer.from("the body");
    await using server = await scriptedServer((response) => {
      response.writeHead(200, blobHead(body)).end(body);
    });
    expect(await new AzureStore({ container: server.container() }).get("a")).toEqual(new Uint8Array(body));
  });
});

import { describe, expect, test } from "vitest";
import { AzureStore } from "../src/index.ts";
import {
  batchResponse,
  blobHead,
  created,
  deleted,
  page,
  errorResponse,
  scriptedServer,
} from "./support/scripted-server.ts";
import type { Script } from "./support/scripted-server.ts";

const body = Buffer.alloc(3 * 2 ** 20, "x");

const service: Script = (response, received) => {
  const { method, url } = received;
  if (method === "PUT")
    return (url.endsWith("/there") ? errorResponse(409, "BlobAlreadyExists") : created)(response, received);
  if (method === "POST")
    return batchResponse([
      [0, 202],
      [1, 404, "BlobNotFound"],
    ])(response, received);
  if (method === "DELETE") return deleted(response, received);
  if (url.includes("comp=list")) return page([], "")(response, received);
  if (url.endsWith("/absent")) return errorResponse(404, "BlobNotFound")(response, received);
  response.writeHead(200, blobHead(body)).end(body);
};

describe("connections", () => {
  test("are used again, whatever the operation and its response", async () => {
    await using server = await scriptedServer(service);
    const store = new AzureStore({ container: server.container() });
    for (let round = 0; round < 3; round += 1) {
      expect(await store.create("new", body)).toBe("created");
      expect(await store.create("there", body)).toBe("exists");
      expect((await store.get("a"))?.byteLength).toBe(body.byteLength);
      expect(await store.get("absent")).toBeUndefined();
      for await (const listed of store.list("")) expect(listed).toEqual({ objects: [], prefixes: [] });
      expect(await store.delete(["a", "b"])).toEqual([]);
      expect(await store.delete(["a"])).toEqual([]);
    }
    expect(server.received).toHaveLength(21);
    expect(server.connections).toBe(1);
  });

  test("are used again after a failure that was read to its end", async () => {
    await using server = await scriptedServer(errorResponse(503, "ServerBusy"));
    const store = new AzureStore({ container: server.container() });
    for (let round = 0; round < 3; round += 1) {
      await expect(store.create("a", body)).rejects.toMatchObject({ code: "Throttled" });
      await expect(store.get("a")).rejects.toMatchObject({ code: "Throttled" });
      await expect(store.list("").next()).rejects.toMatchObject({ code: "Throttled" });
      expect(await store.delete(["a"])).toHaveLength(1);
      expect(await store.delete(["a", "b"])).toHaveLength(2);
    }
    expect(server.received).toHaveLength(15);
    expect(server.connections).toBe(1);
  });

  test("of the store end with it, and those of the client that was passed in outlive it", async () => {
    await using server = await scriptedServer(service);
    const container = server.container();
    const store = new AzureStore({ container });
    await store.get("a");
    await store.close();
    const downloaded = await container.getBlobClient("a").downloadToBuffer(0, body.byteLength);
    expect(downloaded.byteLength).toBe(body.byteLength);
    expect(server.connections).toBe(2);
    expect(server.sockets[0]?.destroyed).toBe(true);
    expect(server.sockets[1]?.destroyed).toBe(false);
    // The store can still be used.
    expect(await store.create("new", body)).toBe("created");
    expect(server.connections).toBe(3);
  });
});

import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { ContainerClient } from "@azure/storage-blob";
import type { StoragePipelineOptions } from "@azure/storage-blob";
import { describe, expect, test, vi } from "vitest";
import { AzureStore } from "../src/index.ts";
import { blobHead, created, credential, errorResponse, scriptedServer } from "./support/scripted-server.ts";
import type { Script } from "./support/scripted-server.ts";
import { download, md5Of, readBlob } from "../src/body.ts";

const body = Buffer.from("the bytes of a partial, all of them");

const cut: Script = (response) => {
  response.writeHead(200, blobHead(body));
  response.write(body.subarray(0, 5), () => response.socket?.end());
};

async function got(script: Script): Promise<{ code: string; requests: number }> {
  await using server = await scriptedServer(script);
  const store = new AzureStore({ container: server.container() });
  const code = await store.get("a").then(
    (bytes) => `${bytes?.byteLength} bytes`,
    (error: { code: string }) => error.code,
  );
  return { code, requests: server.received.length };
}

describe("a body on its way down", () => {
  test("is given whole", async () => {
    expect(await got((response) => response.writeHead(200, blobHead(body)).end(body))).toEqual({
      code: `${body.length} bytes`,
      requests: 1,
    });
  });

  test("that was changed is Corrupt", async () => {
    const changed = Buffer.from(body);
    changed[3] = 0;
    expect(await got((response) => response.writeHead(200, blobHead(body)).end(changed))).toEqual({
      code: "Corrupt",
      requests: 1,
    });
  });

  test("that is cut is Unavailable, and the SDK does not ask for the rest by itself", async () => {
    expect(await got(cut)).toEqual({ code: "Unavailable", requests: 1 });
  });

  test("that is whole and shorter than its blob is Corrupt", async () => {
    const short = body.subarray(0, 10);
    const head = { ...blobHead(body), "content-length": String(short.length) };
    expect(await got((response) => response.writeHead(200, head).end(short))).toEqual({
      code: "Corrupt",
      requests: 1,
    });
  });

  test.each([["content-length"], ["etag"], ["x-ms-blob-type"]])(
    "without %s is Unavailable: the service sends it always",
    async (name) => {
      const head = Object.fromEntries(Object.entries(blobHead(body)).filter(([header]) => header !== name));
      expect(await got((response) => response.writeHead(200, head).end(body))).toEqual({
        code: "Unavailable",
        requests: 1,
      });
    },
  );

  test("of 2^31 bytes or more is refused, not read", async () => {
    const head = { ...blobHead(body), "content-length": String(2 ** 31) };
    expect(await got((response) => response.writeHead(200, head).write(body))).toEqual({
      code: "Failed",
      requests: 1,
    });
  });

  test.each([
    ["shorter", 5, 0],
    ["longer", body.length, 5],
    ["longer in one piece", body.length, 2 ** 20],
  ])("that is %s than its head says, without a cut, is Unavailable or Corrupt", async (_, take, add) => {
    let requests = 0;
    const httpClient: NonNullable<StoragePipelineOptions["httpClient"]> = {
      sendRequest: async (request) => {
        requests += 1;
        const headers = request.headers.clone();
        for (const [name, value] of Object.entries(blobHead(body))) headers.set(name, value);
        const sent = Buffer.concat([body.subarray(0, take), Buffer.alloc(add)]);
        return {
          request,
          headers,
          status: 200,
          readableStreamBody: Readable.from([sent], { objectMode: false }),
        };
      },
    };
    const container = new ContainerClient("https://a.invalid/box", credential, { httpClient });
    const error: unknown = await new AzureStore({ container }).get("a").catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: expect.stringMatching(/^(Unavailable|Corrupt)$/), retryable: true });
    expect(requests).toBe(1);
  });

  test("of which the service keeps no MD5 is given by its length alone", async () => {
    const { "content-md5": _, ...head } = blobHead(body);
    expect(await got((response) => response.writeHead(200, head).end(body))).toEqual({
      code: `${body.length} bytes`,
      requests: 1,
    });
  });

  test.each([
    ["has no length", { "content-length": undefined }],
    ["has no ETag", { etag: undefined }],
    ["is not the blob service's", { "x-ms-blob-type": undefined }],
    ["is 2^31 bytes long", { "content-length": String(2 ** 31) }],
  ])("that %s is not waited for: its connection is closed", async (_, change) => {
    const head = Object.entries({ ...blobHead(body), ...change }).filter(([, value]) => value !== undefined);
    await using server = await scriptedServer((response) => {
      response.writeHead(200, Object.fromEntries(head) as Record<string, string>).write(body.subarray(0, 5));
    });
    const store = new AzureStore({ container: server.container() });
    await expect(store.get("a")).rejects.toThrow(/^get of "a" in .* failed/);
    await vi.waitFor(() => expect(server.heads[0]?.socket.destroyed).toBe(true));
  });
});

describe("a body of which the SDK does not notice the length", () => {
  test.each([
    ["shorter", body.subarray(0, 10)],
    ["longer", Buffer.concat([body, body])],
  ])("is Corrupt where it is %s than its blob", async (_, sent) => {
    const response = {
      contentLength: body.length,
      blobType: "BlockBlob",
      readableStreamBody: Readable.from([sent]),
    };
    const container = {
      getBlobClient: () => ({ download: async () => response }),
    } as unknown as ContainerClient;
    const call = { store: "azure://account/box", operation: "get", key: "a" } as const;
    const request = {
      signal: new AbortController().signal,
      sent: () => undefined,
      received: () => undefined,
    };
    await expect(
      readBlob("a", call, request, () => download(container, "a", {}, request.signal)),
    ).rejects.toMatchObject({ code: "Corrupt" });
  });
});

describe("an MD5", () => {
  const call = { store: "azure://account/box", operation: "create", key: "a" } as const;

  test("lets others have their turn while it is counted", async () => {
    const turns: string[] = [];
    const counting = md5Of(Buffer.alloc(24 * 2 ** 20), call, undefined).then(() => turns.push("counted"));
    setTimeout(() => turns.push("another"));
    await counting;
    expect(turns).toEqual(["another", "counted"]);
  });

  test("is not counted on once the caller has aborted", async () => {
    const controller = new AbortController();
    const counting = md5Of(Buffer.alloc(24 * 2 ** 20), call, controller.signal);
    controller.abort("enough");
    await expect(counting).rejects.toBe("enough");
  });
});

describe("a body on its way up", () => {
  test("carries its MD5, its length and the condition, in one Put Blob", async () => {
    await using server = await scriptedServer(created);
    const store = new AzureStore({ container: server.container({ retryOptions: { maxTries: 5 } }) });
    const large = Buffer.alloc(20 * 2 ** 20, "0123456789");
    expect(await store.create("a/b", large)).toBe("created");
    expect(server.received).toHaveLength(1);
    const [put] = server.received;
    expect(put).toMatchObject({
      method: "PUT",
      url: "/account/box/a/b",
      headers: {
        "if-none-match": "*",
        "content-md5": createHash("md5").update(large).digest("base64"),
        "content-length": String(large.length),
        "x-ms-blob-type": "BlockBlob",
      },
    });
    expect(put?.headers["transfer-encoding"]).toBeUndefined();
    expect(put?.body.equals(large)).toBe(true);
  });

  test("that the service found changed is Corrupt", async () => {
    await using server = await scriptedServer(errorResponse(400, "Md5Mismatch"));
    const store = new AzureStore({ container: server.container() });
    await expect(store.create("a", body)).rejects.toMatchObject({ code: "Corrupt", retryable: true });
  });

  test("of 2^31 bytes is a RangeError, and nothing is sent", async () => {
    await using server = await scriptedServer(created);
    const store = new AzureStore({ container: server.container() });
    const large = { byteLength: 2 ** 31 } as Uint8Array;
    await expect(store.create("a", large)).rejects.toThrow(RangeError);
    expect(server.connections).toBe(0);
  });
});

import { createHash } from "node:crypto";
import { text as textOf } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { CRC32C, Storage } from "@google-cloud/storage";
import { startGcsDouble } from "@state/servers";
import { respondWith, storeErrorOf } from "@state/servers/testing";
import { describe, expect, test } from "vitest";
import { GcsStore } from "../src/index.ts";
import { errorResponse, authClient, scriptedServer, storeBy } from "./support/scripted-server.ts";
import { storeOn } from "./support/target.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const crc32cOf = (text: string): string => {
  const crc = new CRC32C();
  crc.update(Buffer.from(text));
  return crc.toString();
};
const md5Of = (text: string): string => createHash("md5").update(text).digest("base64");

describe("a create", () => {
  test("is one multipart upload, conditional, with a hash that the service checks, and no content encoding", async () => {
    const double = await startGcsDouble();
    expect(await storeOn(double).create("a/b", bytes("hello"))).toBe("created");
    expect(double.requests).toHaveLength(1);
    const [{ method, url, headers } = { method: "", url: "", headers: {} }] = double.requests;
    expect(`${method} ${url}`).toBe(
      "POST /upload/storage/v1/b/bucket/o?uploadType=multipart&ifGenerationMatch=0&fields=name%2Cmd5Hash",
    );
    expect(headers).toMatchObject({
      "content-type": expect.stringMatching(/^multipart\/related; boundary=/),
      "content-length": expect.stringMatching(/^\d+$/),
    });
    expect(headers).not.toHaveProperty("transfer-encoding");
    expect(headers).not.toHaveProperty("content-encoding");
    const stored = double.objects.get("p/a/b");
    expect(stored).toMatchObject({ contentType: "application/octet-stream", md5Hash: md5Of("hello") });
    await double.stop();
  });

  test("whose bytes were changed on the way is Corrupt; nothing was created, and nothing is deleted", async () => {
    const double = await startGcsDouble({ anonymous: true });
    // Between store and service: one byte of the body is turned.
    await using between = await scriptedServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.once("end", () => {
        const content = Buffer.concat(chunks);
        content[content.indexOf("hello")] = 0;
        void fetch(`${double.endpoint}${request.url}`, {
          method: "POST",
          headers: { "content-type": request.headers["content-type"] ?? "" },
          body: content,
        }).then(async (forwarded) => response.writeHead(forwarded.status).end(await forwarded.text()));
      });
    });
    const error = await storeErrorOf(between.store().create("a", bytes("hello")));
    expect(error).toMatchObject({ code: "Corrupt", retryable: true });
    expect(double.objects.get("job/a")).toBeUndefined();
    expect(between.requests.map((request) => request.split(" ")[0])).toEqual(["POST"]);
    expect(double.requests).toHaveLength(1);
    await double.stop();
  });

  test("whose 200 tells other hashes sends nothing more, where the SDK's own save deletes whatever is there", async () => {
    const name = "job/a";
    const resource = JSON.stringify({
      name,
      md5Hash: md5Of("other"),
      crc32c: "AAAAAA==",
      generation: "1",
      size: "5",
    });
    await using server = await scriptedServer(
      respondWith(200, resource, { "content-type": "application/json" }),
    );
    const storage = new Storage({
      apiEndpoint: server.endpoint,
      useAuthWithCustomEndpoint: true,
      authClient: authClient(),
      retryOptions: { autoRetry: false },
    });
    const methods = (): unknown => server.requests.map((request) => request.split(" ")[0]);
    expect(await storeErrorOf(server.store({ storage }).create("a", bytes("hello")))).toHaveProperty(
      "code",
      "Unavailable",
    );
    expect(methods()).toEqual(["POST"]);
    const saving = storage
      .bucket("bucket")
      .file(name)
      .save("hello", { resumable: false, preconditionOpts: { ifGenerationMatch: 0 } });
    await expect(saving).rejects.toThrow();
    expect(methods()).toEqual(["POST", "POST", "DELETE"]);
    // Without a condition: it would take another committer's object.
    expect(server.requests[2]).not.toContain("ifGenerationMatch");
  });

  test("that loses to another sends no DELETE, nor anything else, after it", async () => {
    await using server = await scriptedServer(errorResponse(412, "conditionNotMet"));
    expect(await server.store().create("a", bytes("hello"))).toBe("exists");
    expect(server.requests).toEqual([expect.stringMatching(/^POST /)]);
  });

  test("takes a body that looks like its own frame, and one that is a view", async () => {
    const double = await startGcsDouble();
    const store = storeOn(double);
    const frame = bytes("\r\n--x\r\ncontent-type: text/plain\r\n\r\n--x--\r\n");
    const whole = new Uint8Array(1_000_000).map((_, index) => index % 251);
    expect(await store.create("frame", frame)).toBe("created");
    expect(await store.create("view", whole.subarray(17, 700_001))).toBe("created");
    expect(await store.get("frame")).toEqual(frame);
    expect(await store.get("view")).toEqual(whole.slice(17, 700_001));
    await double.stop();
  });

  test("of 2^31 bytes or more is a RangeError, and nothing is sent", async () => {
    await using server = await scriptedServer(respondWith(200));
    const body = new Uint8Array();
    Object.defineProperty(body, "byteLength", { value: 2 ** 31 });
    await expect(server.store().create("a", body)).rejects.toThrow(RangeError);
    expect(server.requests).toEqual([]);
  });

  test("takes a response that arrives before its body is sent", async () => {
    await using server = await scriptedServer((request, response) => {
      // Node reads no more of the request, and closes.
      response.writeHead(401, { connection: "close", "x-guploader-uploadid": "a" }).end();
      request.pause();
    });
    const body = new Uint8Array(32 * 1024 * 1024);
    const { code } = await storeErrorOf(server.store().create("a", body));
    // It sees the response, or the closed connection that came with it.
    expect(["Denied", "Unavailable"]).toContain(code);
    expect(server.requests).toHaveLength(1);
  });
});

test("a create tells the name, the hash and the type, no encoding, in a frame that nobody can guess", async () => {
  const types: string[] = [];
  const sent: string[] = [];
  await using server = await scriptedServer((request, response) => {
    void textOf(request).then((body) => {
      types.push(request.headers["content-type"] ?? "");
      sent.push(body);
      return response.writeHead(503).end();
    });
  });
  await storeErrorOf(server.store().create("a", bytes("hello")));
  await storeErrorOf(server.store().create("a", bytes("hello")));
  const metadata = { name: "job/a", md5Hash: md5Of("hello"), contentType: "application/octet-stream" };
  expect(sent[0]?.split("\r\n")).toContain(JSON.stringify(metadata));
  expect(new Set(types).size).toBe(2);
});

test.each([5, 200_000])(
  "a response before a body of %i bytes is sent: no more of it is read",
  async (length) => {
    const sent: unknown[] = [];
    const store = storeBy({
      fetchImplementation: async (_, init) => {
        sent.push(init?.body);
        return new Response("", { status: 503 });
      },
    });
    await storeErrorOf(store.create("a", new Uint8Array(length)));
    expect(sent).toEqual([expect.objectContaining({ destroyed: true })]);
  },
);

describe("a get", () => {
  test.each([
    ["the MD5", "abcde", `crc32c=AAAAAA==,md5=${md5Of("hello")}`],
    ["the MD5, when the CRC32C would fit", "hellp", `crc32c=${crc32cOf("hellp")},md5=${md5Of("hello")}`],
    ["the MD5, after a CRC32C and a space", "hellp", `crc32c=${crc32cOf("hellp")}, md5=${md5Of("hello")}`],
    ["the CRC32C, where there is no MD5", "abcde", "crc32c=mnG7TA=="],
    ["a hash that is empty", "hello", "md5="],
  ])("of bytes that do not match %s is Corrupt", async (_, body, hash) => {
    await using server = await scriptedServer(respondWith(200, body, { "x-goog-hash": hash }));
    const error = await storeErrorOf(server.store().get("a"));
    expect(error).toMatchObject({ code: "Corrupt", retryable: true, key: "a" });
    expect(server.requests).toHaveLength(1);
  });

  test.each([
    ["the MD5", `md5=${md5Of("hello")}`],
    ["both, in any order", `md5=${md5Of("hello")}, crc32c=mnG7TA==`],
    ["the CRC32C of a composite object", "crc32c=mnG7TA=="],
  ])("gives bytes that match %s, as memory of their own", async (_, hash) => {
    await using server = await scriptedServer(respondWith(200, "hello", { "x-goog-hash": hash }));
    const body = await server.store().get("a");
    expect(body).toEqual(bytes("hello"));
    expect(body?.buffer.byteLength).toBe(5);
  });

  test("takes the hashes from two headers as from one", async () => {
    await using server = await scriptedServer((_, response) => {
      response.writeHead(200, { "x-goog-hash": ["crc32c=mnG7TA==", `md5=${md5Of("hello")}`] }).end("hello");
    });
    expect(await server.store().get("a")).toEqual(bytes("hello"));
  });

  test("gives the stored bytes where something on the way has compressed them", async () => {
    await using server = await scriptedServer(
      respondWith(200, gzipSync("hello"), {
        "content-encoding": "gzip",
        "x-goog-hash": `md5=${md5Of("hello")}`,
      }),
    );
    expect(await server.store().get("a")).toEqual(bytes("hello"));
  });

  test.each([
    ["the service has decompressed", "hello", "identity"],
    ["the transport has decompressed", gzipSync("hello"), "gzip"],
    ["the transport has decompressed in part, for they were cut", gzipSync("hello").subarray(0, -9), "gzip"],
  ])("of bytes that %s is Corrupt: the hash is of those that are stored", async (_, body, encoding) => {
    const hash = createHash("md5").update(gzipSync("hello")).digest("base64");
    await using server = await scriptedServer(
      respondWith(200, body, {
        "content-encoding": encoding,
        "x-goog-hash": `md5=${hash}`,
        "x-goog-stored-content-encoding": "gzip",
      }),
    );
    expect(await storeErrorOf(server.store().get("a"))).toHaveProperty("code", "Corrupt");
  });

  test("whose body is shorter than the stored one is Corrupt, though its Content-Length agrees", async () => {
    await using server = await scriptedServer(
      respondWith(200, "hell", { "x-goog-hash": `md5=${md5Of("hello")}` }),
    );
    expect(await storeErrorOf(server.store().get("a"))).toHaveProperty("code", "Corrupt");
  });

  test("whose body is cut is Unavailable, with a length or in chunks", async () => {
    for (const headers of [{ "content-length": "5" }, {}]) {
      await using server = await scriptedServer((request, response) => {
        response.writeHead(200, { ...headers, "x-goog-hash": `md5=${md5Of("hell")}` });
        response.write("hell", () => request.socket.destroy());
      });
      expect(await storeErrorOf(server.store().get("a"))).toHaveProperty("code", "Unavailable");
    }
  });

  test("of a 200 without a hash, such as a proxy's page, is Unavailable", async () => {
    await using server = await scriptedServer(respondWith(200, "<html>welcome</html>"));
    expect(await storeErrorOf(server.store().get("a"))).toHaveProperty("code", "Unavailable");
  });

  test("asks for the bytes as they are stored", async () => {
    await using server = await scriptedServer(
      respondWith(200, "hello", { "x-goog-hash": `md5=${md5Of("hello")}` }),
    );
    await server.store().get("a");
    expect(server.headers[0]).toHaveProperty("accept-encoding", "identity");
  });
});

test("a store without a name that a bucket could have is a TypeError", () => {
  expect(() => new GcsStore({ bucket: "" })).toThrow(TypeError);
  for (const bucket of ["a/b", "a b", ".", ".."]) expect(() => new GcsStore({ bucket })).toThrow(TypeError);
});

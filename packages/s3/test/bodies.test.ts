import { crc32 } from "node:zlib";
import { Readable } from "node:stream";
import { S3Client } from "@aws-sdk/client-s3";
import { startS3Double } from "servers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { S3Store } from "../src/index.ts";
import { key, storeErrorOf } from "./support/operations.ts";
import { answer, type Script, scriptedServer } from "./support/scripted-server.ts";
import { configOf } from "./support/target.ts";

const body = Buffer.from("the bytes of a partial");
const flipped = Buffer.from("the bytes of a partiaL");

function crc32Of(bytes: Uint8Array): string {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(bytes));
  return sum.toString("base64");
}

const etag = { etag: '"0"' };
const checked = { ...etag, "x-amz-checksum-crc32": crc32Of(body), "x-amz-checksum-type": "FULL_OBJECT" };

/** Sends some of what it announces, then goes away. */
function cut(bytes: Uint8Array, headers: Readonly<Record<string, string>>): Script {
  return (request, response) => {
    response.writeHead(200, { "content-length": body.length, ...headers });
    response.write(bytes, () => request.socket.destroy());
  };
}

/** Flips the body after it was signed, as a bad memory or a proxy would. */
function change(client: S3Client): void {
  client.middlewareStack.add(
    (next) => (args) => {
      const sent: unknown = Reflect.get(Object(args.request), "body");
      if (sent instanceof Uint8Array) Reflect.set(Object(args.request), "body", flipped);
      return next(args);
    },
    { step: "finalizeRequest", priority: "low" },
  );
}

function leaveBodyUnsigned(client: S3Client): void {
  client.middlewareStack.add(
    (next) => (args) => {
      const headers: unknown = Reflect.get(Object(args.request), "headers");
      Reflect.set(Object(headers), "x-amz-content-sha256", "UNSIGNED-PAYLOAD");
      return next(args);
    },
    { step: "build", priority: "low" },
  );
}

describe("a body on the way out", () => {
  test("comes back when it matches its checksum, with a length or without", async () => {
    await using server = await scriptedServer(answer(200, body, checked));
    await expect(server.store().get(key)).resolves.toEqual(new Uint8Array(body));
    await using chunked = await scriptedServer((_, response) => {
      response.writeHead(200, checked).write(body.subarray(0, 5));
      response.end(body.subarray(5));
    });
    await expect(chunked.store().get(key)).resolves.toEqual(new Uint8Array(body));
  });

  test("asks for the checksum, also where the client was told not to", async () => {
    await using server = await scriptedServer(answer(200, flipped, checked));
    const clientConfig = { ...server.config(), responseChecksumValidation: "WHEN_REQUIRED" as const };
    const error = await storeErrorOf(server.store({ clientConfig }).get(key));
    expect(error.code).toBe("Corrupt");
    expect(server.headers[0]).toHaveProperty("x-amz-checksum-mode", "ENABLED");
  });

  test("that was changed is Corrupt", async () => {
    await using server = await scriptedServer(answer(200, flipped, checked));
    await expect(storeErrorOf(server.store().get(key))).resolves.toMatchObject({
      code: "Corrupt",
      retryable: true,
    });
  });

  test("that was shortened, and its length with it, is Corrupt", async () => {
    await using server = await scriptedServer(answer(200, body.subarray(0, 10), checked));
    await expect(storeErrorOf(server.store().get(key))).resolves.toHaveProperty("code", "Corrupt");
  });

  test.each([
    ["with a checksum", checked],
    ["without", etag],
  ])("that is cut is Unavailable, %s", async (_, headers) => {
    await using server = await scriptedServer(cut(body.subarray(0, 10), headers));
    await expect(storeErrorOf(server.store().get(key))).resolves.toHaveProperty("code", "Unavailable");
  });

  test("without a checksum is taken by its length", async () => {
    await using server = await scriptedServer(answer(200, body, etag));
    await expect(server.store().get(key)).resolves.toEqual(new Uint8Array(body));
  });

  test.each([
    ["shorter", body.subarray(1)],
    ["longer", Buffer.concat([body, body])],
  ])("that is %s than its length is Corrupt, whatever the HTTP client lets through", async (_, bytes) => {
    const handle = async (): Promise<unknown> => ({
      response: {
        statusCode: 200,
        headers: { ...etag, "content-length": String(body.length) },
        body: Readable.from([bytes]),
      },
    });
    const client = new S3Client({
      region: "us-east-1",
      credentials: { accessKeyId: "id", secretAccessKey: "key" },
      requestHandler: { handle } as never,
    });
    const store = new S3Store({ bucket: "bucket", client });
    await expect(storeErrorOf(store.get(key))).resolves.toHaveProperty("code", "Corrupt");
  });

  test("with neither a checksum nor a length is not given out", async () => {
    await using server = await scriptedServer((_, response) => {
      response.writeHead(200, etag).write(body);
      response.end();
    });
    await expect(storeErrorOf(server.store().get(key))).resolves.toHaveProperty("code", "Unavailable");
  });

  test.each([
    [204, etag],
    [206, checked],
    [200, {}],
  ])("of status %i with %o is no object's", async (status, headers) => {
    await using server = await scriptedServer(answer(status, status === 204 ? "" : body, headers));
    await expect(storeErrorOf(server.store().get(key))).resolves.toHaveProperty("code", "Unavailable");
  });

  test("of 2^31 bytes or more is refused before it is read", async () => {
    await using server = await scriptedServer((_, response) => {
      response.writeHead(200, { ...etag, "content-length": 2 ** 31 }).flushHeaders();
    });
    await expect(storeErrorOf(server.store().get(key))).resolves.toHaveProperty("code", "Failed");
  });

  test("that stalls for ever ends with the time-out for idle connections", async () => {
    await using server = await scriptedServer((_, response) => {
      response.writeHead(200, { ...checked, "content-length": body.length }).write(body.subarray(0, 10));
    });
    const clientConfig = { ...server.config(), requestHandler: { socketTimeout: 50 } };
    await expect(storeErrorOf(server.store({ clientConfig }).get(key))).resolves.toHaveProperty(
      "code",
      "Unavailable",
    );
  });
});

describe("a body on the way in", () => {
  let double: Awaited<ReturnType<typeof startS3Double>>;
  beforeAll(async () => {
    double = await startS3Double();
  });
  afterAll(() => double.stop());

  test("carries its CRC32, which the service keeps", async () => {
    const store = new S3Store({ bucket: "bucket", prefix: "crc", clientConfig: configOf(double) });
    await store.create(key, body);
    expect(double.requests.at(-1)?.headers).toHaveProperty("x-amz-checksum-crc32", crc32Of(body));
    expect(double.requests.at(-1)?.headers).not.toHaveProperty("transfer-encoding");
  });

  test("that was changed is Corrupt, and nothing is stored: found by its signature", async () => {
    const client = new S3Client(configOf(double));
    change(client);
    const store = new S3Store({ bucket: "bucket", prefix: "sha256", client });
    const error = await storeErrorOf(store.create(key, body));
    expect(error).toMatchObject({ code: "Corrupt", cause: { name: "XAmzContentSHA256Mismatch" } });
    await expect(store.get(key)).resolves.toBeUndefined();
  });

  test("that was changed is Corrupt, and nothing is stored: found by its checksum", async () => {
    const client = new S3Client(configOf(double));
    leaveBodyUnsigned(client);
    change(client);
    const store = new S3Store({ bucket: "bucket", prefix: "checksum", client });
    const error = await storeErrorOf(store.create(key, body));
    expect(error).toMatchObject({ code: "Corrupt", cause: { name: "XAmzContentChecksumMismatch" } });
    await expect(store.get(key)).resolves.toBeUndefined();
  });

  test("goes without its checksum where that is asked for, and then a change on the way out is not seen", async () => {
    const clientConfig = { ...configOf(double), requestChecksumCalculation: "WHEN_REQUIRED" as const };
    const store = new S3Store({ bucket: "bucket", prefix: "required", clientConfig });
    await store.create(key, body);
    expect(double.requests.at(-1)?.headers).not.toHaveProperty("x-amz-checksum-crc32");
    await store.get(key);
    await using server = await scriptedServer(answer(200, flipped, etag));
    await expect(server.store().get(key)).resolves.toEqual(new Uint8Array(flipped));
  });

  test("is created only if the service says so in its own words", async () => {
    await using server = await scriptedServer(answer(200));
    await expect(storeErrorOf(server.store().create(key, body))).resolves.toHaveProperty(
      "code",
      "Unavailable",
    );
  });
});

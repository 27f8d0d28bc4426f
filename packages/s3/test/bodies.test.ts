import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { Readable } from "node:stream";
import { S3Client } from "@aws-sdk/client-s3";
import { startS3Double } from "@state/servers";
import { key, respondWith, type Script, storeErrorOf } from "@state/servers/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { digestsOf } from "../src/body.ts";
import { S3Store } from "../src/index.ts";
import { scriptedServer } from "./support/scripted-server.ts";
import { configOf } from "./support/target.ts";
import { countTurns } from "./support/turns.ts";

const body = Buffer.from("the bytes of a partial");
const flipped = Buffer.from("the bytes of a partiaL");

function crc32Of(bytes: Uint8Array): string {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(bytes));
  return sum.toString("base64");
}

function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
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

/** Behind an HTTP client that gives out these pieces, whatever was announced. */
function storeThatReads(pieces: readonly Uint8Array[]): S3Store {
  const handle = async (): Promise<unknown> => ({
    response: {
      statusCode: 200,
      headers: { ...etag, "content-length": String(body.length) },
      body: Readable.from(pieces),
    },
  });
  const client = new S3Client({
    region: "us-east-1",
    credentials: { accessKeyId: "id", secretAccessKey: "key" },
    requestHandler: { handle } as never,
  });
  return new S3Store({ bucket: "bucket", client });
}

describe("a body on the way out", () => {
  test("comes back when it matches its checksum, with a length or without", async () => {
    await using server = await scriptedServer(respondWith(200, body, checked));
    await expect(server.store().get(key)).resolves.toEqual(new Uint8Array(body));
    await using chunked = await scriptedServer((_, response) => {
      response.writeHead(200, checked).write(body.subarray(0, 5));
      response.end(body.subarray(5));
    });
    await expect(chunked.store().get(key)).resolves.toEqual(new Uint8Array(body));
  });

  test("asks for the checksum, also where the client was told not to", async () => {
    await using server = await scriptedServer(respondWith(200, flipped, checked));
    const clientConfig = { ...server.config(), responseChecksumValidation: "WHEN_REQUIRED" as const };
    const error = await storeErrorOf(server.store({ clientConfig }).get(key));
    expect(error.code).toBe("Corrupt");
    expect(server.headers[0]).toHaveProperty("x-amz-checksum-mode", "ENABLED");
  });

  test("that was changed is Corrupt", async () => {
    await using server = await scriptedServer(respondWith(200, flipped, checked));
    await expect(storeErrorOf(server.store().get(key))).resolves.toMatchObject({
      code: "Corrupt",
      retryable: true,
    });
  });

  test("that was shortened, and its length with it, is Corrupt", async () => {
    await using server = await scriptedServer(respondWith(200, body.subarray(0, 10), checked));
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
    await using server = await scriptedServer(respondWith(200, body, etag));
    await expect(server.store().get(key)).resolves.toEqual(new Uint8Array(body));
  });

  test.each([
    ["shorter", body.subarray(1)],
    ["longer", Buffer.concat([body, body])],
  ])("that is %s than its length is Corrupt, whatever the HTTP client lets through", async (_, bytes) => {
    await expect(storeErrorOf(storeThatReads([bytes]).get(key))).resolves.toHaveProperty("code", "Corrupt");
  });

  test("that comes in pieces is put together, and shares no memory with them", async () => {
    const pieces = [body.subarray(0, 5), body.subarray(5, 6), body.subarray(6)];
    const bytes = await storeThatReads(pieces).get(key);
    expect(bytes).toEqual(new Uint8Array(body));
    expect(bytes?.buffer).not.toBe(body.buffer);
  });

  test.each([
    ["x-amz-checksum-crc32c", "hp9Rgg=="],
    ["x-amz-checksum-crc64nvme", "KNdnMNASdic="],
  ])("is compared with %s, where somebody else has put it so", async (header, sum) => {
    const send =
      (bytes: Uint8Array): Script =>
      (_, response) => {
        response.writeHead(200, { ...etag, [header]: sum }).write(bytes.subarray(0, 5));
        response.end(bytes.subarray(5));
      };
    await using right = await scriptedServer(send(body));
    await expect(right.store().get(key)).resolves.toEqual(new Uint8Array(body));
    await using wrong = await scriptedServer(send(flipped));
    await expect(storeErrorOf(wrong.store().get(key))).resolves.toHaveProperty("code", "Corrupt");
  });

  test.each([
    ["with neither a checksum nor a length", etag],
    ["with a checksum of its parts and no length", { ...etag, "x-amz-checksum-crc32": "6wOK5Q==-2" }],
  ])("%s is not given out", async (_, headers) => {
    await using server = await scriptedServer((_request, response) => {
      response.writeHead(200, headers).write(body);
      response.end();
    });
    await expect(storeErrorOf(server.store().get(key))).resolves.toHaveProperty("code", "Unavailable");
  });

  test.each([
    [204, etag],
    [206, checked],
    [200, {}],
  ])("of status %i with %o is no object's", async (status, headers) => {
    await using server = await scriptedServer(respondWith(status, status === 204 ? "" : body, headers));
    await expect(storeErrorOf(server.store().get(key))).resolves.toHaveProperty("code", "Unavailable");
  });

  test.each([
    ["of 2^31 bytes or more", 200, 2 ** 31, "Failed"],
    ["of a part of an object", 206, 2 ** 20, "Unavailable"],
  ])("%s is refused before it is read, and its connection is closed", async (_, status, length, code) => {
    const { promise: closed, resolve } = Promise.withResolvers<undefined>();
    await using server = await scriptedServer((request, response) => {
      request.socket.once("close", () => resolve(undefined));
      response.writeHead(status, { ...etag, "content-length": length }).write(body);
    });
    await expect(storeErrorOf(server.store().get(key))).resolves.toHaveProperty("code", code);
    await closed;
  });

  test("that breaks before it is read ends its own call, and not the process", async () => {
    const { promise: held, resolve: hold } = Promise.withResolvers<undefined>();
    const { promise: broken, resolve: broke } = Promise.withResolvers<undefined>();
    await using server = await scriptedServer((request, response) => {
      response.writeHead(200, { ...checked, "content-length": body.length }).write(body.subarray(0, 5));
      void held.then(() => request.socket.destroy());
    });
    const client = new S3Client(server.config());
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        const stream: unknown = Reflect.get(result.output, "Body");
        if (stream instanceof Readable) stream.once("close", () => broke(undefined));
        hold(undefined);
        await broken;
        return result;
      },
      { step: "initialize" },
    );
    await expect(storeErrorOf(server.store({ client }).get(key))).resolves.toHaveProperty(
      "code",
      "Unavailable",
    );
    client.destroy();
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

test("bodies that come at once are hashed 512 KiB a turn of the event loop", async () => {
  const turns = countTurns();
  const kibibytes = [256, 128, 15, 256, 128, 2_048, 512, 1, 16, 512];
  const begun = kibibytes.map(async (length) => {
    await digestsOf(new Uint8Array(length * 1_024), { sha256: "0".repeat(64) });
    return turns.count();
  });
  // The large one is hashed in four slices, a turn each.
  await expect(Promise.all(begun)).resolves.toEqual([0, 0, 0, 1, 0, 5, 3, 0, 1, 4]);
  turns.stop();
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

  test.each([
    ["directly", {}],
    ["by the SDK", { directRequests: false }],
  ])("is signed with the SHA-256 that comes with it, %s", async (way, options) => {
    const store = new S3Store({ bucket: "bucket", prefix: way, clientConfig: configOf(double), ...options });
    for (const [name, bytes] of Object.entries({ small: body, large: Buffer.alloc(2 ** 20 + 1, 7) })) {
      const [sha256, other] = [sha256Of(bytes), sha256Of(flipped)];
      await expect(store.create(name, bytes, { sha256 })).resolves.toBe("created");
      expect(double.requests.at(-1)?.headers).toHaveProperty("x-amz-content-sha256", sha256);
      await expect(store.get(name)).resolves.toEqual(new Uint8Array(bytes));
      const error = await storeErrorOf(store.create(`${name}/other`, bytes, { sha256: other }));
      expect(error).toMatchObject({ code: "Corrupt", cause: { name: "XAmzContentSHA256Mismatch" } });
      expect(double.requests.at(-1)?.headers).toHaveProperty("x-amz-content-sha256", other);
      await expect(store.get(`${name}/other`)).resolves.toBeUndefined();
    }
  });

  test.each(["", "0", "A".repeat(64), `${"0".repeat(64)}\r\nx: y`])(
    "is not sent with a SHA-256 that is none: %j",
    async (sha256) => {
      await using server = await scriptedServer(respondWith(200, body, checked));
      await expect(server.store().create(key, body, { sha256 })).rejects.toThrow(TypeError);
      expect(server.requests).toHaveLength(0);
    },
  );

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
    await using server = await scriptedServer(respondWith(200, flipped, etag));
    await expect(server.store().get(key)).resolves.toEqual(new Uint8Array(flipped));
  });

  test("is created only if the service says so in its own words", async () => {
    await using server = await scriptedServer(respondWith(200));
    await expect(storeErrorOf(server.store().create(key, body))).resolves.toHaveProperty(
      "code",
      "Unavailable",
    );
  });
});

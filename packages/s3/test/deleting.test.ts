import { startS3Double } from "@state/servers";
import { key, respondWith, type Script, storeErrorOf } from "@state/servers/testing";
import { describe, expect, test } from "vitest";
import { S3Store } from "../src/index.ts";
import { errorResponse, scriptedServer } from "./support/scripted-server.ts";
import { configOf } from "./support/target.ts";

function deleteResult(...parts: readonly string[]): string {
  return `<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts.join("")}</DeleteResult>`;
}

const deleted = (name: string): string => `<Deleted><Key>${name}</Key></Deleted>`;
const failed = (name: string, code: string): string =>
  `<Error><Key>${name}</Key><Code>${code}</Code><Message>what ${code} says</Message></Error>`;

describe("a delete", () => {
  test("goes in requests of 1,000 keys, each key once", async () => {
    const double = await startS3Double();
    const store = new S3Store({ bucket: "bucket", clientConfig: configOf(double) });
    const keys = Array.from({ length: 2_500 }, (_, number) => `a/${number}`);
    await expect(store.delete([...keys, "a/0", "a/1"])).resolves.toEqual([]);
    const counts = double.requests.map(({ body }) => body.toString().split("<Key>").length - 1);
    expect(counts).toEqual([1_000, 1_000, 500]);
    await double.stop();
  });

  test("reports failures key by key", async () => {
    await using server = await scriptedServer(
      respondWith(
        200,
        deleteResult(
          deleted("job/a"),
          failed("job/b", "AccessDenied"),
          failed("job/c", "SlowDown"),
          failed("job/d", "InternalError"),
          failed("job/e", "NoSuchKey"),
          "<Error><Key>job/g</Key></Error>",
        ),
      ),
    );
    const failures = await server.store().delete(["a", "b", "c", "d", "e", "f", "g"]);
    expect(failures.map((failure) => [failure.key, failure.error.code, failure.error.key])).toEqual([
      ["b", "Denied", "b"],
      ["c", "Throttled", "c"],
      ["d", "Unavailable", "d"],
      // Nobody has said what became of it.
      ["f", "Unavailable", "f"],
      ["g", "Failed", "g"],
    ]);
    expect(failures[0]?.error.message).toContain("what AccessDenied says");
  });

  test.each([
    ["a failure", errorResponse(503, "SlowDown"), "Throttled"],
    ["a refusal that is not about the batch", errorResponse(400, "MalformedXML"), "Failed"],
    ["a 200 with an error", errorResponse(200, "InternalError"), "Unavailable"],
    ["a response that is cut", respondWith(200, deleteResult(deleted("job/a")).slice(0, -9)), "Unavailable"],
    ["no response", ((request) => request.socket.destroy()) satisfies Script, "Unavailable"],
  ] as const)("that gets %s reports it for each of its keys", async (_, script, code) => {
    await using server = await scriptedServer(script);
    const failures = await server.store().delete(["a", "b", "c"]);
    expect(failures.map((failure) => [failure.key, failure.error.code, failure.error.key])).toEqual([
      ["a", code, "a"],
      ["b", code, "b"],
      ["c", code, "c"],
    ]);
    expect(server.requests).toHaveLength(1);
  });

  test("goes on with the next 1,000 after a request that failed", async () => {
    await using server = await scriptedServer((request, response, number) => {
      const script =
        number === 1
          ? errorResponse(500, "InternalError")
          : respondWith(200, deleteResult(deleted("job/last")));
      script(request, response, number);
    });
    const keys = Array.from({ length: 1_000 }, (_, number) => `a/${number}`);
    await expect(server.store().delete([...keys, "last"])).resolves.toHaveLength(1_000);
    expect(server.requests).toHaveLength(2);
  });

  test.each(["MissingContentMD5", "NotImplemented"] as const)(
    "goes key by key on a service that responds with %s, which is tried once",
    async (bulkDelete) => {
      const double = await startS3Double({ bulkDelete });
      const store = new S3Store({ bucket: "bucket", clientConfig: configOf(double) });
      const keys = Array.from({ length: 100 }, (_, number) => `a/${number}`);
      await Promise.all(keys.map((name) => store.create(name, new Uint8Array())));
      await expect(store.delete([...keys, "absent"])).resolves.toEqual([]);
      await expect(store.delete(["absent"])).resolves.toEqual([]);
      for await (const { objects } of store.list("")) expect(objects).toEqual([]);
      const methods = double.requests.map(({ method }) => method);
      expect(methods.filter((method) => method === "POST")).toHaveLength(1);
      expect(methods.filter((method) => method === "DELETE")).toHaveLength(102);
      await double.stop();
    },
  );

  test.each([
    [405, "MethodNotAllowed"],
    [400, "InvalidRequest"],
    [501, "Whatever"],
  ])("goes key by key after %i %s, if that is about the batch", async (status, code) => {
    await using server = await scriptedServer((request, response, number) => {
      const body = `<Error><Code>${code}</Code><Message>Missing required header: Content-MD5</Message></Error>`;
      const script = request.method === "POST" ? respondWith(status, body) : respondWith(204);
      script(request, response, number);
    });
    await expect(server.store().delete(["a"])).resolves.toEqual([]);
    expect(server.requests).toEqual(["POST /bucket/?delete=", "DELETE /bucket/job/a?x-id=DeleteObject"]);
  });

  test("that goes key by key reports failures so too, and takes an absent key for gone", async () => {
    await using server = await scriptedServer((request, response, number) => {
      const url = request.url ?? "";
      if (request.method === "POST") errorResponse(501, "NotImplemented")(request, response, number);
      else if (url.includes("denied")) errorResponse(403, "AccessDenied")(request, response, number);
      else if (url.includes("gone")) errorResponse(404, "NoSuchKey")(request, response, number);
      else if (url.includes("proxy")) respondWith(404)(request, response, number);
      else respondWith(204)(request, response, number);
    });
    const failures = await server.store().delete(["a", "denied", "gone", "proxy"]);
    expect(Object.fromEntries(failures.map((failure) => [failure.key, failure.error.code]))).toEqual({
      denied: "Denied",
      proxy: "Unavailable",
    });
  });

  test("that goes key by key has 32 requests under way", async () => {
    const waiting: (() => void)[] = [];
    let most = 0;
    await using server = await scriptedServer((request, response, number) => {
      if (request.method === "POST") return errorResponse(501, "NotImplemented")(request, response, number);
      waiting.push(() => respondWith(204)(request, response, number));
      most = Math.max(most, waiting.length);
      if (waiting.length === 32) for (const send of waiting.splice(0)) send();
    });
    const keys = Array.from({ length: 64 }, (_, number) => `a/${number}`);
    await expect(server.store().delete(keys)).resolves.toEqual([]);
    expect(most).toBe(32);
    expect(server.sockets.length).toBeLessThan(1 + 32 + 1);
  });

  test("of no keys, or with one bad key, sends nothing", async () => {
    await using server = await scriptedServer(respondWith(200));
    await expect(server.store().delete([])).resolves.toEqual([]);
    await expect(storeErrorOf(server.store().delete([key, "a//b"]))).resolves.toHaveProperty(
      "code",
      "InvalidKey",
    );
    expect(server.requests).toEqual([]);
  });
});

import { isStoreError, type StoreErrorCode } from "@state/core";
import {
  key,
  type OperationName,
  operationNames,
  operations,
  respondWith,
  storeErrorOf,
} from "@state/servers/testing";
import { describe, expect, test } from "vitest";
import { requestError } from "../src/errors.ts";
import { errorResponse, scriptedServer } from "./support/scripted-server.ts";

const all = operationNames;
type Row = readonly [
  status: number,
  reason: string,
  message: string,
  names: readonly OperationName[],
  code: StoreErrorCode,
];

const noHash = 'Provided MD5 hash "a" doesn\'t match calculated MD5 hash "b".';
const noBucket = "The specified bucket does not exist.";

/** Responses and what each means to the operations. */
const rows: readonly Row[] = [
  [206, "", "", all, "Unavailable"],
  [301, "", "", all, "Misconfigured"],
  [307, "", "", all, "Misconfigured"],
  [
    400,
    "userProjectMissing",
    "Bucket is a requester pays bucket but no user project provided.",
    all,
    "Misconfigured",
  ],
  [400, "invalid", noHash, ["create"], "Corrupt"],
  [400, "invalid", noHash, ["get", "list", "delete"], "Failed"],
  [400, "invalid", "Invalid argument.", all, "Failed"],
  [401, "authError", "Invalid Credentials", all, "Denied"],
  [403, "rateLimitExceeded", "", all, "Throttled"],
  [403, "userRateLimitExceeded", "", all, "Throttled"],
  [403, "retentionPolicyNotMet", "", all, "Denied"],
  [403, "objectUnderActiveHold", "", all, "Denied"],
  [403, "forbidden", "", all, "Denied"],
  [404, "notFound", noBucket, all, "Misconfigured"],
  [404, "notFound", "Not Found", ["create", "list"], "Misconfigured"],
  [404, "", "", all, "Unavailable"],
  [407, "", "", all, "Denied"],
  [408, "", "", all, "Unavailable"],
  [409, "conflict", "", all, "Unavailable"],
  [412, "orgPolicyConstraintFailed", "", all, "Denied"],
  [412, "", "", all, "Unavailable"],
  [418, "", "", all, "Failed"],
  [429, "rateLimitExceeded", "", all, "Throttled"],
  [500, "backendError", "", all, "Unavailable"],
  [501, "notImplemented", "", ["create"], "Unsupported"],
  [501, "notImplemented", "", ["get", "list", "delete"], "Failed"],
  [502, "", "", all, "Unavailable"],
  [503, "backendError", "", all, "Unavailable"],
  [504, "", "", all, "Unavailable"],
];

const cases = rows.flatMap(([status, reason, message, names, code]) =>
  names.map((name) => [name, status, reason, message, code] as const),
);

describe("a response", () => {
  test.each(cases)("to %s of %i %s %s is %s", async (name, status, reason, message, code) => {
    const script = reason === "" ? respondWith(status) : errorResponse(status, reason, message || undefined);
    await using server = await scriptedServer(script);
    const error = await storeErrorOf(operations[name](server.store()));
    expect(error).toMatchObject({ code, store: "gs://bucket/job" });
    expect(error.message).toContain('in bucket "bucket" failed');
    expect(error.message).toContain(name === "list" ? '"epoch=1/"' : `"${key}"`);
    expect(error).toHaveProperty("cause.status", status);
    expect(server.requests).toHaveLength(1);
  });

  test.each([
    ["7", 7_000],
    [new Date(Date.now() - 60_000).toUTCString(), 0],
    ["soon", undefined],
  ])("with Retry-After: %s says %s", async (value, expected) => {
    await using server = await scriptedServer(
      errorResponse(429, "rateLimitExceeded", undefined, { "retry-after": value }),
    );
    for (const name of all) {
      const { retryAfterMs } = await storeErrorOf(operations[name](server.store()));
      expect(retryAfterMs).toBe(expected);
    }
  });

  test("with a Retry-After that is a date says how far off it is", async () => {
    const at = new Date(Date.now() + 100_000).toUTCString();
    await using server = await scriptedServer(
      errorResponse(503, "backendError", undefined, { "retry-after": at }),
    );
    const { retryAfterMs = 0 } = await storeErrorOf(operations.get(server.store()));
    expect(retryAfterMs).toBeGreaterThan(60_000);
    expect(retryAfterMs).toBeLessThanOrEqual(100_000);
  });

  test("names the retention policy or the hold that keeps an object", async () => {
    await using server = await scriptedServer(errorResponse(403, "retentionPolicyNotMet"));
    const { message } = await storeErrorOf(operations.delete(server.store()));
    expect(message).toContain("a retention policy or a hold keeps the object");
  });
});

describe("a get and a delete", () => {
  const absences = [
    ["the text of a download", "No such object: bucket/job/epoch=1/part"],
    ["the text of fake-gcs-server", "Not Found\n"],
    [
      "JSON",
      JSON.stringify({
        error: { code: 404, message: "No such object: x", errors: [{ reason: "notFound" }] },
      }),
    ],
  ] as const;
  test.each(absences)("take a 404 for absence that says so in %s", async (_, body) => {
    await using server = await scriptedServer(respondWith(404, body));
    const store = server.store();
    expect(await store.get("a")).toBeUndefined();
    expect(await store.delete(["a"])).toEqual([]);
  });
});

// "Not Found" without an end of line is Google's front ends' for a path that no service has.
test.each([
  "",
  "<html>404</html>",
  '{"error":{"code":404,"message":"No such obj',
  "Not Found",
  "404 page not found\n",
])("no operation takes the 404 %j for the absence of its object, or of the bucket", async (body) => {
  await using server = await scriptedServer(respondWith(404, body));
  for (const name of all) {
    expect(await storeErrorOf(operations[name](server.store()))).toHaveProperty("code", "Unavailable");
  }
});

describe("a create", () => {
  test("returns exists after a 412 that names the condition", async () => {
    await using server = await scriptedServer(errorResponse(412, "conditionNotMet"));
    expect(await operations.create(server.store())).toBe("exists");
  });

  test.each([
    ["nothing", ""],
    ["a page", "<html>hello</html>"],
    ["a response that was cut", '{"name":"job/epoch=1/pa'],
    ["an error", JSON.stringify({ error: { code: 503, message: "x" } })],
    ["another object", JSON.stringify({ name: "job/other", md5Hash: "UonFrHp7uHyAsgx4GlQGiA==" })],
    ["other bytes", JSON.stringify({ name: "job/epoch=1/part", md5Hash: "AAAAAAAAAAAAAAAAAAAAAA==" })],
  ])("is of unknown outcome when the 200 holds %s, and no second request follows", async (_, body) => {
    await using server = await scriptedServer(respondWith(200, body));
    expect(await storeErrorOf(operations.create(server.store()))).toHaveProperty("code", "Unavailable");
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]).toMatch(/^POST /);
  });
});

describe("a failure of the network", () => {
  test.each(all)("before the response to %s is Unavailable, and nothing is sent again", async (name) => {
    await using server = await scriptedServer((request) => request.socket.destroy());
    expect(await storeErrorOf(operations[name](server.store()))).toHaveProperty("code", "Unavailable");
    expect(server.requests).toHaveLength(1);
  });

  test.each(all)("to reach the service for %s is Unavailable", async (name) => {
    const server = await scriptedServer(respondWith(200));
    const store = server.store();
    await server[Symbol.asyncDispose]();
    expect(await storeErrorOf(operations[name](store))).toHaveProperty("code", "Unavailable");
  });

  test.each(all)("in the middle of the response to %s is Unavailable", async (name) => {
    await using server = await scriptedServer((request, response) => {
      request.resume().once("end", () => {
        response.writeHead(200, { "content-length": "100", "x-goog-hash": "md5=AAAAAAAAAAAAAAAAAAAAAA==" });
        response.write("part", () => request.socket.destroy());
      });
    });
    expect(await storeErrorOf(operations[name](server.store()))).toHaveProperty("code", "Unavailable");
    expect(server.requests).toHaveLength(1);
  });

  const url = "http://127.0.0.1/storage";
  const reading = { store: "gs://bucket/job", bucket: "bucket", name: "get", key: "a" } as const;

  test.each([
    ["ENOTFOUND", "Unavailable"],
    ["UND_ERR_SOCKET", "Unavailable"],
    ["TimeoutError", "Unavailable"],
    ["EMFILE", "Throttled"],
    ["CERT_HAS_EXPIRED", "Misconfigured"],
    ["HPE_INVALID_CONSTANT", "Unavailable"],
    ["ERR_SOMETHING_ELSE", "Failed"],
  ] as const)("with %s is %s, whether it is the error's or its cause's", (code, expected) => {
    const config = { url: new URL(url) };
    const own = Object.assign(new Error("what it says"), { code, config });
    const caused = Object.assign(new Error("what it says", { cause: { code } }), { config });
    for (const error of [own, caused]) {
      const failure = requestError(error, reading, url, false);
      expect(isStoreError(failure)).toBe(true);
      expect(failure).toMatchObject({ code: expected, key: "a", cause: { code, message: "what it says" } });
    }
  });

  test("whose causes go round is Failed", () => {
    const error = Object.assign(new Error("what it says"), { config: { url } });
    error.cause = error;
    expect(requestError(error, reading, url, false)).toHaveProperty("code", "Failed");
  });
});

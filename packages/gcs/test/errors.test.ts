import type { StoreErrorCode } from "@state/core";
import {
  key,
  type OperationName,
  operationNames,
  operations,
  respondWith,
  storeErrorOf,
} from "@state/servers/testing";
import { describe, expect, test } from "vitest";
import { errorResponse, scriptedServer, storeBy } from "./support/scripted-server.ts";

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
const noCondition = "The parameter ifGenerationMatch is not supported.";
const others = ["get", "list", "delete"] as const;

/** Responses of the service, and what each means to the operations. */
const rows: readonly Row[] = [
  [206, "other", "", all, "Unavailable"],
  [301, "movedPermanently", "", all, "Misconfigured"],
  [400, "userProjectMissing", "Bucket is requester pays.", all, "Misconfigured"],
  [400, "invalid", noHash, ["create"], "Corrupt"],
  [400, "invalid", noHash, others, "Failed"],
  [400, "invalid", "Invalid argument.", all, "Failed"],
  [400, "invalidParameter", noCondition, ["create"], "Unsupported"],
  [400, "invalidParameter", noCondition, others, "Failed"],
  [400, "RESOURCE_EXHAUSTED", "", all, "Throttled"],
  [401, "authError", "Invalid Credentials", all, "Denied"],
  [403, "rateLimitExceeded", "", all, "Throttled"],
  [403, "userRateLimitExceeded", "", all, "Throttled"],
  [403, "quotaExceeded", "", all, "Throttled"],
  [403, "backendError", "", all, "Unavailable"],
  [403, "retentionPolicyNotMet", "", all, "Denied"],
  [403, "objectUnderActiveHold", "", all, "Denied"],
  [403, "forbidden", "", all, "Denied"],
  [404, "notFound", noBucket, all, "Misconfigured"],
  [404, "notFound", "Not Found", ["create", "list"], "Misconfigured"],
  [404, "other", "", all, "Unavailable"],
  [405, "methodNotAllowed", "", all, "Failed"],
  [408, "uploadBrokenConnection", "", all, "Unavailable"],
  [409, "conflict", "", all, "Unavailable"],
  [412, "orgPolicyConstraintFailed", "", all, "Denied"],
  [412, "other", "", all, "Unavailable"],
  [412, "conditionNotMet", "", others, "Unavailable"],
  [418, "teapot", "", all, "Failed"],
  [429, "rateLimitExceeded", "", all, "Throttled"],
  [429, "other", "", all, "Throttled"],
  [500, "backendError", "", all, "Unavailable"],
  [501, "notImplemented", noCondition, ["create"], "Unsupported"],
  [501, "notImplemented", "The key of KMS is not supported.", all, "Failed"],
  [503, "other", "", all, "Unavailable"],
];

const cases = rows.flatMap(([status, reason, message, names, code]) =>
  names.map((name) => [name, status, reason, message, code] as const),
);

describe("a response of the service", () => {
  test.each(cases)("to %s of %i %s %s is %s", async (name, status, reason, message, code) => {
    await using server = await scriptedServer(errorResponse(status, reason, message || undefined));
    const error = await storeErrorOf(operations[name](server.store()));
    expect(error).toMatchObject({ code, store: "gs://bucket/job" });
    expect(error.message).toContain(`in gs://bucket/job failed: the service responded with ${status}`);
    expect(error.message).toContain(name === "list" ? '"epoch=1/"' : `"${key}"`);
    // What a 401 ends in is the issuer's refusal.
    if (status !== 401) expect(error).toMatchObject({ cause: { status, reason } });
    expect(server.requests).toHaveLength(1);
  });

  test.each([
    [401, "Denied"],
    [403, "Denied"],
    [412, "Unavailable"],
    [501, "Failed"],
  ])("of %i without a body is known by the header of its servers, and is %s", async (status, code) => {
    await using server = await scriptedServer(respondWith(status, "", { "x-guploader-uploadid": "a" }));
    for (const name of all) {
      const error = await storeErrorOf(operations[name](server.store()));
      expect(error.message).toContain("the service responded");
      expect(error).toHaveProperty("code", code);
    }
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

  test("with a Retry-After that is a date says how far off it is by the service's clock", async () => {
    const date = new Date(Date.now() + 3_600_000);
    await using server = await scriptedServer(
      errorResponse(503, "backendError", undefined, {
        date: date.toUTCString(),
        "retry-after": new Date(date.getTime() + 100_000).toUTCString(),
      }),
    );
    expect(await storeErrorOf(operations.get(server.store()))).toHaveProperty("retryAfterMs", 100_000);
  });

  test("names the retention policy or the hold that keeps an object", async () => {
    await using server = await scriptedServer(errorResponse(403, "retentionPolicyNotMet"));
    const { message } = await storeErrorOf(operations.delete(server.store()));
    expect(message).toContain("a retention policy or a hold keeps the object");
  });
});

const page = "<html><head><title>Sorry</title></head><body>nginx</body></html>";
const xml = '<?xml version="1.0"?><Error><Message>no code here</Message></Error>';
const oAuthError = '{"error":"invalid_request"}';
const statuses = [
  200, 201, 301, 302, 304, 307, 400, 401, 403, 404, 405, 407, 408, 412, 421, 499, 500, 501, 502, 503, 504,
];

describe("a response of something on the way", () => {
  test.each(statuses.flatMap((status) => [page, xml, oAuthError].map((body) => [status, body] as const)))(
    "of %i %s is Unavailable for each operation, and the message says so",
    async (status, body) => {
      await using server = await scriptedServer(respondWith(status, body));
      for (const name of all) {
        const error = await storeErrorOf(operations[name](server.store()));
        expect(error).toMatchObject({ code: "Unavailable", retryable: true });
      }
      expect(server.requests).toHaveLength(all.length);
    },
  );

  test.each([403, 407, 502])("of %i says what it is and what to do", async (status) => {
    await using server = await scriptedServer(respondWith(status, page));
    const { message } = await storeErrorOf(operations.create(server.store()));
    expect(message).toContain(`something on the way responded with ${status} "<html>`);
    expect(message).toMatch(/look at the endpoint, and at the proxies|put them into its URL/);
  });

  test.each([
    [429, "with"],
    [429, "without"],
    [503, "with"],
  ])("of %i %s a Retry-After is Throttled", async (status, withOrWithout) => {
    const headers = withOrWithout === "with" ? { "retry-after": "3" } : {};
    await using server = await scriptedServer(respondWith(status, page, headers));
    for (const name of all) {
      const error = await storeErrorOf(operations[name](server.store()));
      expect(error).toMatchObject({ code: "Throttled" });
      expect(error.retryAfterMs).toBe(withOrWithout === "with" ? 3_000 : undefined);
    }
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

  test.each([
    ["ENOTFOUND", "Unavailable"],
    ["EBUSY", "Unavailable"],
    ["ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC", "Unavailable"],
    ["UND_ERR_SOCKET", "Unavailable"],
    ["HPE_INVALID_CONSTANT", "Unavailable"],
    ["ERR_SOMETHING_ELSE", "Unavailable"],
    ["EMFILE", "Throttled"],
    ["CERT_HAS_EXPIRED", "Misconfigured"],
  ] as const)("with %s is %s, whether it is the error's or its cause's", async (code, expected) => {
    const own = Object.assign(new Error("what it says"), { code });
    for (const error of [own, new Error("what it says", { cause: own })]) {
      const store = storeBy({ adapter: () => Promise.reject(error) });
      for (const name of all) {
        const failure = await storeErrorOf(operations[name](store));
        expect(failure).toMatchObject({ code: expected, cause: { message: "what it says" } });
      }
    }
  });
});

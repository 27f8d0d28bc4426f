import { isStoreError, type StoreErrorCode } from "@state/core";
import { PassThroughClient } from "google-auth-library";
import {
  answer,
  key,
  type OperationName,
  operationNames,
  operations,
  storeErrorOf,
} from "@state/servers/testing";
import { describe, expect, test } from "vitest";
import { meanings, wireFailure, wireMeanings } from "../src/errors.ts";
import { GcsStore } from "../src/index.ts";
import { answerError, scriptedServer } from "./support/scripted-server.ts";

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

/** In the order of the table in the source; at least one line for each of its rows. */
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

describe("an answer", () => {
  test.each(cases)("to %s of %i %s %s is %s", async (name, status, reason, message, code) => {
    const script = reason === "" ? answer(status) : answerError(status, reason, message || undefined);
    await using server = await scriptedServer(script);
    const error = await storeErrorOf(operations[name](server.store()));
    expect(error).toMatchObject({ code, store: "gs://bucket/job" });
    expect(error.message).toContain('in bucket "bucket" failed');
    expect(error.message).toContain(name === "list" ? '"epoch=1/"' : `"${key}"`);
    expect(error).toHaveProperty("cause.status", status);
    expect(server.requests).toHaveLength(1);
  });

  test("of every row of the table is tried above", () => {
    const tried = rows.map(([status, reason, message, names]) =>
      meanings.find(
        (meaning) =>
          (typeof meaning.status === "number"
            ? meaning.status === status
            : meaning.status[0] <= status && status <= meaning.status[1]) &&
          (meaning.reasons?.includes(reason) ?? true) &&
          (meaning.text?.test(message) ?? true) &&
          names.every((name) => meaning.operations?.includes(name) ?? true),
      ),
    );
    expect(new Set(tried)).toEqual(new Set([...meanings, undefined]));
  });

  test.each([
    ["7", 7_000],
    [new Date(Date.now() - 60_000).toUTCString(), 0],
    ["soon", undefined],
  ])("with Retry-After: %s says %s", async (value, expected) => {
    await using server = await scriptedServer(
      answerError(429, "rateLimitExceeded", undefined, { "retry-after": value }),
    );
    for (const name of all) {
      const { retryAfterMs } = await storeErrorOf(operations[name](server.store()));
      expect(retryAfterMs).toBe(expected);
    }
  });

  test("with a Retry-After that is a date says how far off it is", async () => {
    const at = new Date(Date.now() + 100_000).toUTCString();
    await using server = await scriptedServer(
      answerError(503, "backendError", undefined, { "retry-after": at }),
    );
    const { retryAfterMs = 0 } = await storeErrorOf(operations.get(server.store()));
    expect(retryAfterMs).toBeGreaterThan(60_000);
    expect(retryAfterMs).toBeLessThanOrEqual(100_000);
  });

  test("names the retention policy or the hold that keeps an object", async () => {
    await using server = await scriptedServer(answerError(403, "retentionPolicyNotMet"));
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
    await using server = await scriptedServer(answer(404, body));
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
  await using server = await scriptedServer(answer(404, body));
  for (const name of all) {
    expect(await storeErrorOf(operations[name](server.store()))).toHaveProperty("code", "Unavailable");
  }
});

describe("a create", () => {
  test("is answered exists by a 412 that names the condition", async () => {
    await using server = await scriptedServer(answerError(412, "conditionNotMet"));
    expect(await operations.create(server.store())).toBe("exists");
  });

  test.each([
    ["nothing", ""],
    ["a page", "<html>hello</html>"],
    ["a cut answer", '{"name":"job/epoch=1/pa'],
    ["an error", JSON.stringify({ error: { code: 503, message: "x" } })],
    ["another object", JSON.stringify({ name: "job/other", md5Hash: "UonFrHp7uHyAsgx4GlQGiA==" })],
    ["other bytes", JSON.stringify({ name: "job/epoch=1/part", md5Hash: "AAAAAAAAAAAAAAAAAAAAAA==" })],
  ])("is of unknown outcome when the 200 holds %s, and no second request follows", async (_, body) => {
    await using server = await scriptedServer(answer(200, body));
    expect(await storeErrorOf(operations.create(server.store()))).toHaveProperty("code", "Unavailable");
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]).toMatch(/^POST /);
  });
});

describe("a failure of the network", () => {
  test.each(all)("before the answer to %s is Unavailable, and nothing is sent again", async (name) => {
    await using server = await scriptedServer((request) => request.socket.destroy());
    expect(await storeErrorOf(operations[name](server.store()))).toHaveProperty("code", "Unavailable");
    expect(server.requests).toHaveLength(1);
  });

  test.each(all)("to reach the service for %s is Unavailable", async (name) => {
    const server = await scriptedServer(answer(200));
    const store = server.store();
    await server[Symbol.asyncDispose]();
    expect(await storeErrorOf(operations[name](store))).toHaveProperty("code", "Unavailable");
  });

  test.each(all)("in the middle of the answer to %s is Unavailable", async (name) => {
    await using server = await scriptedServer((request, response) => {
      request.resume().once("end", () => {
        response.writeHead(200, { "content-length": "100", "x-goog-hash": "md5=AAAAAAAAAAAAAAAAAAAAAA==" });
        response.write("part", () => request.socket.destroy());
      });
    });
    expect(await storeErrorOf(operations[name](server.store()))).toHaveProperty("code", "Unavailable");
    expect(server.requests).toHaveLength(1);
  });

  const wireRows: readonly (readonly [string, StoreErrorCode])[] = [
    ["EADDRNOTAVAIL", "Unavailable"],
    ["EAI_AGAIN", "Unavailable"],
    ["ECONNABORTED", "Unavailable"],
    ["ECONNREFUSED", "Unavailable"],
    ["ECONNRESET", "Unavailable"],
    ["EHOSTDOWN", "Unavailable"],
    ["EHOSTUNREACH", "Unavailable"],
    ["ENETDOWN", "Unavailable"],
    ["ENETRESET", "Unavailable"],
    ["ENETUNREACH", "Unavailable"],
    ["ENOTFOUND", "Unavailable"],
    ["EPIPE", "Unavailable"],
    ["EPROTO", "Unavailable"],
    ["ERR_STREAM_PREMATURE_CLOSE", "Unavailable"],
    ["ETIMEDOUT", "Unavailable"],
    ["UND_ERR_BODY_TIMEOUT", "Unavailable"],
    ["UND_ERR_CONNECT_TIMEOUT", "Unavailable"],
    ["UND_ERR_HEADERS_TIMEOUT", "Unavailable"],
    ["UND_ERR_SOCKET", "Unavailable"],
    ["AbortError", "Unavailable"],
    ["TimeoutError", "Unavailable"],
    ["EMFILE", "Throttled"],
    ["ENFILE", "Throttled"],
    ["CERT_HAS_EXPIRED", "Misconfigured"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "Misconfigured"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "Misconfigured"],
    ["SELF_SIGNED_CERT_IN_CHAIN", "Misconfigured"],
    ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "Misconfigured"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "Misconfigured"],
  ];
  const url = "http://127.0.0.1/storage";
  const place = { store: "gs://bucket/job", bucket: "bucket", operation: "get", key: "a" } as const;

  test.each([
    ...wireRows,
    ["HPE_INVALID_CONSTANT", "Unavailable"],
    ["ERR_SOMETHING_ELSE", "Failed"],
  ] as const)("with %s is %s, whether it is the error's or its cause's", (code, expected) => {
    const config = { url: new URL(url) };
    const own = Object.assign(new Error("what it says"), { code, config });
    const caused = Object.assign(new Error("what it says", { cause: { code } }), { config });
    for (const error of [own, caused]) {
      const failure = wireFailure(error, place, url, false);
      expect(isStoreError(failure)).toBe(true);
      expect(failure).toMatchObject({ code: expected, key: "a", cause: { code, message: "what it says" } });
    }
  });

  test("of every row of the table is tried above", () => {
    expect(wireRows.map(([code]) => code).toSorted()).toEqual([...wireMeanings.keys()].toSorted());
  });

  test("whose causes go round is Failed", () => {
    const error = Object.assign(new Error("what it says"), { config: { url } });
    error.cause = error;
    expect(wireFailure(error, place, url, false)).toHaveProperty("code", "Failed");
  });
});

describe("credentials", () => {
  test.each([
    [new Error("Could not load the default credentials."), "Denied"],
    [
      Object.assign(new Error("invalid_grant"), {
        status: 400,
        config: { url: "https://oauth2.googleapis.com/token" },
      }),
      "Denied",
    ],
    [
      Object.assign(new Error("down"), {
        status: 503,
        config: { url: "https://oauth2.googleapis.com/token" },
      }),
      "Unavailable",
    ],
    [
      Object.assign(new Error("slow"), {
        status: 429,
        config: { url: "https://oauth2.googleapis.com/token" },
      }),
      "Throttled",
    ],
    [
      Object.assign(new Error("no host"), {
        code: "ENOTFOUND",
        config: { url: "https://oauth2.googleapis.com/token" },
      }),
      "Unavailable",
    ],
    ["a text", "Denied"],
  ] as const)("that fail with %s are %s, and the message says so", async (error, code) => {
    for (const name of all) {
      const failure = await storeErrorOf(operations[name](storeWithout(error)));
      expect(failure).toMatchObject({ code });
      expect(failure.message).toContain("no credentials could be had");
    }
  });
});

/** A store whose client fails before it sends anything. */
function storeWithout(error: unknown): GcsStore {
  const client = new PassThroughClient();
  client.request = async () => {
    throw error;
  };
  const storageOptions = {
    apiEndpoint: "http://127.0.0.1:1",
    useAuthWithCustomEndpoint: true,
    authClient: client,
  };
  return new GcsStore({ bucket: "bucket", storageOptions });
}

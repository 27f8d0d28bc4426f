import { S3ServiceException } from "@aws-sdk/client-s3";
import type { StoreErrorCode } from "@state/core";
import { answer, key, operationNames, operations, storeErrorOf } from "@state/servers/testing";
import { describe, expect, test, vi } from "vitest";
import {
  meaningOfName,
  meaningOfStatus,
  meaningOfSystemCode,
  meaningOfText,
  type Place,
  toStoreError,
} from "../src/errors.ts";
import { answerError, errorBody, scriptedServer } from "./support/scripted-server.ts";

const place: Place = { store: "s3://bucket/job", operation: "get", key };

/** Name, the status it comes with, what it means. */
const names: readonly (readonly [name: string, status: number | undefined, code: StoreErrorCode])[] = [
  ["SlowDown", 503, "Throttled"],
  ["SlowDownRead", 503, "Throttled"],
  ["SlowDownWrite", 503, "Throttled"],
  ["Throttling", 400, "Throttled"],
  ["ThrottlingException", 400, "Throttled"],
  ["TooManyRequests", 429, "Throttled"],
  ["RequestLimitExceeded", 503, "Throttled"],
  ["BandwidthLimitExceeded", 509, "Throttled"],
  ["InternalError", 500, "Unavailable"],
  ["ServiceUnavailable", 503, "Unavailable"],
  ["RequestTimeout", 400, "Unavailable"],
  ["TemporaryRedirect", 307, "Unavailable"],
  ["IncompleteBody", 400, "Unavailable"],
  ["ConditionalRequestConflict", 409, "Unavailable"],
  ["OperationAborted", 409, "Unavailable"],
  ["TimeoutError", undefined, "Unavailable"],
  ["AbortError", undefined, "Unavailable"],
  ["RequestTimeTooSkewed", 403, "Unavailable"],
  ["BadDigest", 400, "Corrupt"],
  ["XAmzContentSHA256Mismatch", 400, "Corrupt"],
  ["XAmzContentChecksumMismatch", 400, "Corrupt"],
  ["AccessDenied", 403, "Denied"],
  ["AllAccessDisabled", 403, "Denied"],
  ["AccountProblem", 403, "Denied"],
  ["NotSignedUp", 403, "Denied"],
  ["InvalidAccessKeyId", 403, "Denied"],
  ["SignatureDoesNotMatch", 403, "Denied"],
  ["ExpiredToken", 400, "Denied"],
  ["InvalidToken", 400, "Denied"],
  ["TokenRefreshRequired", 400, "Denied"],
  ["CredentialsProviderError", undefined, "Denied"],
  ["IDPCommunicationErrorException", 400, "Unavailable"],
  ["ExpiredTokenException", 400, "Denied"],
  ["InvalidIdentityTokenException", 400, "Denied"],
  ["NoSuchBucket", 404, "Misconfigured"],
  ["InvalidBucketName", 400, "Misconfigured"],
  ["PermanentRedirect", 301, "Misconfigured"],
  ["AuthorizationHeaderMalformed", 400, "Misconfigured"],
  ["IllegalLocationConstraintException", 400, "Misconfigured"],
  ["EndpointError", undefined, "Misconfigured"],
  ["KMS.DisabledException", 400, "Misconfigured"],
  ["KMS.InvalidKeyUsageException", 400, "Misconfigured"],
  ["KMS.KMSInvalidStateException", 400, "Misconfigured"],
  ["KMS.NotFoundException", 400, "Misconfigured"],
  ["XMinioAdminBucketQuotaExceeded", 400, "Failed"],
  ["InvalidObjectState", 403, "Failed"],
  ["EntityTooLarge", 400, "Failed"],
  ["KeyTooLongError", 400, "Failed"],
];

/** Statuses with a name that nobody knows. */
const statuses: readonly (readonly [status: number, code: StoreErrorCode])[] = [
  [301, "Misconfigured"],
  [307, "Unavailable"],
  [308, "Misconfigured"],
  [401, "Denied"],
  [403, "Denied"],
  [404, "Unavailable"],
  [408, "Unavailable"],
  [409, "Unavailable"],
  [429, "Throttled"],
  [501, "Failed"],
];

const systemCodes: readonly (readonly [code: string, meaning: StoreErrorCode])[] = [
  ["ECONNRESET", "Unavailable"],
  ["ECONNREFUSED", "Unavailable"],
  ["ECONNABORTED", "Unavailable"],
  ["EPIPE", "Unavailable"],
  ["ETIMEDOUT", "Unavailable"],
  ["EHOSTUNREACH", "Unavailable"],
  ["ENETUNREACH", "Unavailable"],
  ["ENETDOWN", "Unavailable"],
  ["EADDRNOTAVAIL", "Unavailable"],
  ["ENOTFOUND", "Unavailable"],
  ["EAI_AGAIN", "Unavailable"],
  ["EPROTO", "Unavailable"],
  ["ERR_STREAM_PREMATURE_CLOSE", "Unavailable"],
  ["EMFILE", "Throttled"],
  ["ENFILE", "Throttled"],
  ["ERR_INVALID_URL", "Misconfigured"],
  ["CERT_HAS_EXPIRED", "Misconfigured"],
  ["CERT_NOT_YET_VALID", "Misconfigured"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "Misconfigured"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "Misconfigured"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "Misconfigured"],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "Misconfigured"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "Misconfigured"],
];

const texts: readonly (readonly [text: string, meaning: StoreErrorCode])[] = [
  ['Checksum mismatch: expected "a" but received "b" in response header "x-amz-checksum-crc32".', "Corrupt"],
  ["Connection lost or stream closed before all data was received.", "Unavailable"],
  ["Parse Error: Expected HTTP/, RTSP/ or ICE/", "Unavailable"],
  ["Region is missing", "Misconfigured"],
];

const onWire = names.flatMap(([name, status, code]) =>
  status === undefined ? [] : [[name, status, code] as const],
);

function serviceError(name: string, status: number | undefined): Error {
  if (status === undefined) return Object.assign(new Error(`what ${name} says`), { name });
  const $metadata = { httpStatusCode: status };
  return new S3ServiceException({ name, message: `what ${name} says`, $fault: "client", $metadata });
}

describe("the table", () => {
  test("has no row that is not tested", () => {
    expect([...meaningOfName.keys()]).toEqual(names.map(([name]) => name));
    expect([...meaningOfStatus.keys()]).toEqual(statuses.map(([status]) => status));
    expect([...meaningOfSystemCode.keys()]).toEqual(systemCodes.map(([code]) => code));
    expect(meaningOfText.map(([text]) => texts.findIndex(([example]) => text.test(example)))).toEqual([
      ...texts.keys(),
    ]);
  });

  test.each(names)("%s (%s) is %s", (name, status, code) => {
    expect(toStoreError(serviceError(name, status), place)).toMatchObject({
      code,
      cause: { name, message: `what ${name} says` },
      key,
      store: "s3://bucket/job",
    });
  });

  test.each(statuses)("status %i is %s", (status, code) => {
    expect(toStoreError(serviceError("Whatever", status), place)).toHaveProperty("code", code);
  });

  test.each(systemCodes)("%s is %s", (systemCode, code) => {
    const cause = Object.assign(new Error("system"), { code: systemCode });
    expect(toStoreError(cause, place)).toHaveProperty("code", code);
  });

  test.each(texts)("“%s” is %s", (text, code) => {
    expect(toStoreError(new Error(text), place)).toHaveProperty("code", code);
  });

  test("puts the name before the status", () => {
    expect(toStoreError(serviceError("SlowDown", 500), place)).toHaveProperty("code", "Throttled");
    expect(toStoreError(serviceError("AccessDenied", 503), place)).toHaveProperty("code", "Denied");
  });

  test.each([500, 502, 503, 504, 520])(
    "takes status %i without a name it knows for Unavailable",
    (status) => {
      expect(toStoreError(serviceError("Unknown", status), place)).toHaveProperty("code", "Unavailable");
    },
  );

  test("takes what it does not know for Failed, and keeps the cause", () => {
    const cause = new Error("out of the blue");
    expect(toStoreError(cause, place)).toMatchObject({ code: "Failed", retryable: false, cause });
    expect(toStoreError(serviceError("Novelty", 400), place)).toHaveProperty("code", "Failed");
    expect(toStoreError("a string", place)).toMatchObject({ code: "Failed", cause: "a string" });
  });
});

describe("on the wire", () => {
  test.each(onWire)("%s (%i) is %s, in one request", async (name, status, code) => {
    await using server = await scriptedServer(answerError(status, name));
    for (const operation of ["create", "get", "list"] as const) {
      const error = await storeErrorOf(operations[operation](server.store()));
      expect(error).toMatchObject({ code, cause: { name, $metadata: { httpStatusCode: status } } });
    }
    expect(server.requests).toHaveLength(3);
  });

  test("a message names the operation, the key and the bucket, and what the service said", async () => {
    await using server = await scriptedServer(answerError(403, "AccessDenied"));
    for (const operation of operationNames) {
      const { message } = await storeErrorOf(operations[operation](server.store()));
      expect(message).toContain(
        `${operation} of ${JSON.stringify(operation === "list" ? "epoch=1/" : key)} in s3://bucket/job failed: AccessDenied (403): what AccessDenied says`,
      );
    }
  });

  test.each([
    ["PreconditionFailed", errorBody("PreconditionFailed")],
    ["another name", errorBody("ConditionNotMet")],
    ["no body", ""],
  ])("412 with %s, to a create, says that the key is taken", async (_, body) => {
    await using server = await scriptedServer(answer(412, body));
    await expect(operations.create(server.store())).resolves.toBe("exists");
  });

  test.each([
    ["cut short", errorBody("PreconditionFailed").slice(0, -20)],
    ["a page", "<html><body>412<br></body></html>"],
  ])("412 with a body that is %s says nothing", async (_, body) => {
    await using server = await scriptedServer(answer(412, body));
    await expect(storeErrorOf(operations.create(server.store()))).resolves.toHaveProperty(
      "code",
      "Unavailable",
    );
  });

  test.each([
    ["NotImplemented", 501],
    ["NotImplemented", 400],
    ["NotImplemented", 405],
    ["Whatever", 501],
    ["InvalidArgument", 400],
    ["InvalidRequest", 400],
  ])("%s (%i) to a create is Unsupported, to anything else Failed", async (name, status) => {
    await using server = await scriptedServer(answerError(status, name));
    await expect(storeErrorOf(operations.create(server.store()))).resolves.toHaveProperty(
      "code",
      "Unsupported",
    );
    await expect(storeErrorOf(operations.get(server.store()))).resolves.toHaveProperty("code", "Failed");
  });

  test.each([
    ["that nobody can read", "<html><br></html>", "Unavailable"],
    ["without a body", "", "Failed"],
  ])("a 400 %s, to a create, does not refuse the condition", async (_, body, code) => {
    await using server = await scriptedServer(answer(400, body));
    await expect(storeErrorOf(operations.create(server.store()))).resolves.toHaveProperty("code", code);
  });

  test.each([
    ["PackedPolicyTooLargeException", 400, "Failed"],
    ["NotImplemented", 501, "Failed"],
    ["PreconditionFailed", 412, "Failed"],
  ])(
    "where credentials come from does not speak for the bucket: %s (%i) to a create is %s",
    async (name, status, code) => {
      await using server = await scriptedServer(answer(200));
      const clientConfig = {
        ...server.config(),
        credentials: () => Promise.reject(serviceError(name, status)),
      };
      const error = await storeErrorOf(operations.create(server.store({ clientConfig })));
      expect(error).toMatchObject({ code, cause: { name } });
      expect(server.requests).toEqual([]);
    },
  );

  test("a message says nothing of the SDK's hidden fields, which the cause does not have", async () => {
    await using server = await scriptedServer(answer(502, "<html><br></html>"));
    const { message, cause } = await storeErrorOf(operations.get(server.store()));
    expect(message).toMatch(/XML parse error: [^\n]*$/);
    expect(cause).not.toHaveProperty("$response");
  });

  test("404 NoSuchKey is absent, and nothing else is", async () => {
    await using absent = await scriptedServer(answerError(404, "NoSuchKey"));
    await expect(absent.store().get(key)).resolves.toBeUndefined();
    await using ill = await scriptedServer(answerError(500, "NoSuchKey"));
    await expect(storeErrorOf(ill.store().get(key))).resolves.toHaveProperty("code", "Unavailable");
    await using noBucket = await scriptedServer(answerError(404, "NoSuchBucket"));
    await expect(storeErrorOf(noBucket.store().get(key))).resolves.toHaveProperty("code", "Misconfigured");
  });

  test.each([
    ["without a body", ""],
    ["cut in the middle of its XML", errorBody("NoSuchKey").slice(0, -12)],
    ["cut in the middle of its code", errorBody("NoSuchKey").slice(0, 65)],
    ["of a proxy", "<html><body><h1>Not Found</h1></body></html>"],
    ["of a proxy, in a sentence", "no such host"],
    ["of another meaning", errorBody("NoSuchUpload")],
  ])("a 404 %s is Unavailable, whatever was asked", async (_, body) => {
    await using server = await scriptedServer(answer(404, body));
    for (const operation of operationNames) {
      const error = await storeErrorOf(operations[operation](server.store()));
      expect(error).toHaveProperty("code", "Unavailable");
    }
  });

  test.each(["create", "list", "delete"] as const)(
    "a 200 with an error in its body is that error: %s",
    async (operation) => {
      await using slow = await scriptedServer(answerError(200, "SlowDown"));
      await expect(storeErrorOf(operations[operation](slow.store()))).resolves.toHaveProperty(
        "code",
        "Throttled",
      );
      await using broken = await scriptedServer(answerError(200, "InternalError"));
      await expect(storeErrorOf(operations[operation](broken.store()))).resolves.toHaveProperty(
        "code",
        "Unavailable",
      );
    },
  );

  test.each(operationNames)("a 200 with nothing in it is Unavailable: %s", async (operation) => {
    await using server = await scriptedServer(answer(200));
    await expect(storeErrorOf(operations[operation](server.store()))).resolves.toHaveProperty(
      "code",
      "Unavailable",
    );
  });

  test.each(operationNames)("a 200 that is somebody's page is Unavailable: %s", async (operation) => {
    await using server = await scriptedServer(answer(200, "<html><body>Sign in<br></body></html>"));
    await expect(storeErrorOf(operations[operation](server.store()))).resolves.toHaveProperty(
      "code",
      "Unavailable",
    );
  });

  test.each(operationNames)("a connection that is reset is Unavailable: %s", async (operation) => {
    await using server = await scriptedServer((request) => request.socket.destroy());
    await expect(storeErrorOf(operations[operation](server.store()))).resolves.toHaveProperty(
      "code",
      "Unavailable",
    );
    expect(server.requests).toHaveLength(1);
  });

  test.each(operationNames)("an answer that is not HTTP is Unavailable: %s", async (operation) => {
    await using server = await scriptedServer((request) => request.socket.end("garbage\r\n\r\n"));
    await expect(storeErrorOf(operations[operation](server.store()))).resolves.toHaveProperty(
      "code",
      "Unavailable",
    );
  });

  test("nobody who listens is Unavailable", async () => {
    const server = await scriptedServer(answer(200));
    const store = server.store();
    await server[Symbol.asyncDispose]();
    for (const operation of operationNames) {
      await expect(storeErrorOf(operations[operation](store))).resolves.toHaveProperty("code", "Unavailable");
    }
  });

  test("Retry-After is passed on, in seconds and as a date by the service's own clock", async () => {
    await using seconds = await scriptedServer(answerError(503, "SlowDown", { "retry-after": "7" }));
    await expect(storeErrorOf(operations.get(seconds.store()))).resolves.toHaveProperty(
      "retryAfterMs",
      7_000,
    );
    await using date = await scriptedServer(
      answerError(503, "SlowDown", {
        date: "Wed, 21 Oct 2015 07:28:00 GMT",
        "retry-after": "Wed, 21 Oct 2015 07:28:30 GMT",
      }),
    );
    await expect(storeErrorOf(operations.get(date.store()))).resolves.toHaveProperty("retryAfterMs", 30_000);
    await using past = await scriptedServer(
      answerError(503, "SlowDown", {
        date: "Wed, 21 Oct 2015 07:28:00 GMT",
        "retry-after": "Wed, 21 Oct 2015 07:00:00 GMT",
      }),
    );
    await expect(storeErrorOf(operations.get(past.store()))).resolves.toHaveProperty("retryAfterMs", 0);
    await using clockless = await scriptedServer((request, response, number) => {
      response.sendDate = false;
      const header = { "retry-after": "Wed, 21 Oct 2015 07:28:30 GMT" };
      answerError(503, "SlowDown", header)(request, response, number);
    });
    await expect(storeErrorOf(operations.get(clockless.store()))).resolves.toHaveProperty("retryAfterMs", 0);
    await using nonsense = await scriptedServer(answerError(503, "SlowDown", { "retry-after": "soon" }));
    await expect(storeErrorOf(operations.get(nonsense.store()))).resolves.not.toHaveProperty("retryAfterMs");
  });

  test("301 names the region that the bucket is in", async () => {
    await using server = await scriptedServer(
      answerError(301, "PermanentRedirect", { "x-amz-bucket-region": "eu-west-3" }),
    );
    const error = await storeErrorOf(operations.create(server.store()));
    expect(error.code).toBe("Misconfigured");
    expect(error.message).toContain("the bucket is in eu-west-3");
  });

  test("without a region, or credentials, nothing is sent", async () => {
    await using server = await scriptedServer(answer(200));
    const { region: _region, ...nowhere } = server.config();
    const { credentials: _credentials, ...nobody } = server.config();
    for (const name of ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID"]) {
      vi.stubEnv(name, undefined);
    }
    vi.stubEnv("AWS_CONFIG_FILE", "/nonexistent");
    vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
    vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
    await expect(
      storeErrorOf(operations.create(server.store({ clientConfig: nowhere }))),
    ).resolves.toHaveProperty("code", "Misconfigured");
    await expect(
      storeErrorOf(operations.create(server.store({ clientConfig: nobody }))),
    ).resolves.toHaveProperty("code", "Denied");
    vi.unstubAllEnvs();
    expect(server.requests).toEqual([]);
  });
});

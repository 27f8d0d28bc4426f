import { S3ServiceException } from "@aws-sdk/client-s3";
import type { StoreErrorCode } from "@state/core";
import { key, operationNames, operations, respondWith, storeErrorOf } from "@state/servers/testing";
import { describe, expect, test, vi } from "vitest";
import type { StoreCall } from "@state/core/adapter";
import { toStoreError } from "../src/errors.ts";
import { errorResponse, scriptedServer } from "./support/scripted-server.ts";

const reading: StoreCall = { store: "s3://bucket/job", operation: "get", key };

/** Errors of the service: name, the status it comes with, what it means. */
const names: readonly (readonly [name: string, status: number, code: StoreErrorCode])[] = [
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
  ["ExpiredTokenException", 400, "Denied"],
  ["NoSuchBucket", 404, "Misconfigured"],
  ["InvalidBucketName", 400, "Misconfigured"],
  ["PermanentRedirect", 301, "Misconfigured"],
  ["AuthorizationHeaderMalformed", 400, "Misconfigured"],
  ["IllegalLocationConstraintException", 400, "Misconfigured"],
  ["KMS.DisabledException", 400, "Misconfigured"],
  ["KMS.InvalidKeyUsageException", 400, "Misconfigured"],
  ["KMS.KMSInvalidStateException", 400, "Misconfigured"],
  ["KMS.NotFoundException", 400, "Misconfigured"],
  ["XMinioAdminBucketQuotaExceeded", 400, "Failed"],
  ["InvalidObjectState", 403, "Failed"],
  ["EntityTooLarge", 400, "Failed"],
  ["KeyTooLongError", 400, "Failed"],
];

/** Statuses of an error whose name is in no table. */
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
];

const onWire = [...names, ...statuses.map(([status, code]) => ["Whatever", status, code] as const)];

function serviceError(name: string, status: number): Error {
  const $metadata = { httpStatusCode: status };
  const error = new S3ServiceException({ name, message: `what ${name} says`, $fault: "client", $metadata });
  return Object.assign(error, { Code: name });
}

describe("an error", () => {
  test.each([
    ["TimeoutError", "Unavailable"],
    ["AbortError", "Unavailable"],
    ["EndpointError", "Misconfigured"],
  ])("of the SDK itself, %s, is %s", (name, code) => {
    const cause = Object.assign(new Error("what it says"), { name });
    expect(toStoreError(cause, reading)).toMatchObject({
      code,
      cause: { name, message: "what it says" },
      key,
      store: "s3://bucket/job",
    });
  });

  test.each([
    ["ENOTFOUND", "Unavailable"],
    ["ERR_STREAM_PREMATURE_CLOSE", "Unavailable"],
    ["EMFILE", "Throttled"],
    ["CERT_HAS_EXPIRED", "Misconfigured"],
  ])("of the system, %s, is %s", (systemCode, code) => {
    const cause = Object.assign(new Error("system"), { code: systemCode });
    expect(toStoreError(cause, reading)).toHaveProperty("code", code);
  });

  test("of the SDK for a body that ends early, which has no code, is Unavailable", () => {
    const cause = new Error("Connection lost or stream closed before all data was received.");
    expect(toStoreError(cause, reading)).toHaveProperty("code", "Unavailable");
  });

  test("is known by its code before its status", () => {
    expect(toStoreError(serviceError("SlowDown", 500), reading)).toHaveProperty("code", "Throttled");
    expect(toStoreError(serviceError("AccessDenied", 503), reading)).toHaveProperty("code", "Denied");
  });

  test.each([500, 502, 503, 504, 520])("of status %i without a known name is Unavailable", (status) => {
    expect(toStoreError(serviceError("Unknown", status), reading)).toHaveProperty("code", "Unavailable");
  });

  test("of an unknown kind may pass, and is kept as the cause; of the service's own, it is Failed", () => {
    const cause = new Error("out of the blue");
    expect(toStoreError(cause, reading)).toMatchObject({ code: "Unavailable", retryable: true, cause });
    expect(toStoreError("a string", reading)).toMatchObject({ code: "Unavailable", cause: "a string" });
    expect(toStoreError(serviceError("Novelty", 400), reading)).toHaveProperty("code", "Failed");
  });
});

describe("an error of a request", () => {
  test.each(onWire)("%s (%i) is %s, in one request", async (name, status, code) => {
    await using server = await scriptedServer(errorResponse(status, name));
    for (const operation of ["create", "get", "list"] as const) {
      const error = await storeErrorOf(operations[operation](server.store()));
      expect(error).toMatchObject({ code, cause: { name, $metadata: { httpStatusCode: status } } });
    }
    expect(server.requests).toHaveLength(3);
  });

  test("a message names the operation, the key and the bucket, and what the service said", async () => {
    await using server = await scriptedServer(errorResponse(403, "AccessDenied"));
    for (const operation of operationNames) {
      const { message } = await storeErrorOf(operations[operation](server.store()));
      expect(message).toContain(
        `${operation} of ${JSON.stringify(operation === "list" ? "epoch=1/" : key)} in s3://bucket/job failed: AccessDenied (403): what AccessDenied says`,
      );
    }
  });

  test.each([
    ["PackedPolicyTooLargeException", 400, "Denied"],
    ["InvalidIdentityTokenException", 400, "Denied"],
    ["IDPCommunicationErrorException", 400, "Unavailable"],
    ["NotImplemented", 501, "Unavailable"],
    ["PreconditionFailed", 412, "Denied"],
  ])(
    "where credentials come from does not speak for the bucket: %s (%i) to a create is %s",
    async (name, status, code) => {
      await using server = await scriptedServer(respondWith(200));
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
    await using server = await scriptedServer(respondWith(502, "<html><br></html>"));
    const { message, cause } = await storeErrorOf(operations.get(server.store()));
    expect(message).toMatch(/XML parse error: [^\n]*$/);
    expect(cause).not.toHaveProperty("$response");
  });

  test("Retry-After is passed on, in seconds and as a date by the service's own clock", async () => {
    await using seconds = await scriptedServer(errorResponse(503, "SlowDown", { "retry-after": "7" }));
    await expect(storeErrorOf(operations.get(seconds.store()))).resolves.toHaveProperty(
      "retryAfterMs",
      7_000,
    );
    await using date = await scriptedServer(
      errorResponse(503, "SlowDown", {
        date: "Wed, 21 Oct 2015 07:28:00 GMT",
        "retry-after": "Wed, 21 Oct 2015 07:28:30 GMT",
      }),
    );
    await expect(storeErrorOf(operations.get(date.store()))).resolves.toHaveProperty("retryAfterMs", 30_000);
    await using past = await scriptedServer(
      errorResponse(503, "SlowDown", {
        date: "Wed, 21 Oct 2015 07:28:00 GMT",
        "retry-after": "Wed, 21 Oct 2015 07:00:00 GMT",
      }),
    );
    await expect(storeErrorOf(operations.get(past.store()))).resolves.toHaveProperty("retryAfterMs", 0);
    await using clockless = await scriptedServer((request, response, number) => {
      response.sendDate = false;
      const header = { "retry-after": "Wed, 21 Oct 2015 07:28:30 GMT" };
      errorResponse(503, "SlowDown", header)(request, response, number);
    });
    await expect(storeErrorOf(operations.get(clockless.store()))).resolves.toHaveProperty("retryAfterMs", 0);
    await using nonsense = await scriptedServer(errorResponse(503, "SlowDown", { "retry-after": "soon" }));
    await expect(storeErrorOf(operations.get(nonsense.store()))).resolves.not.toHaveProperty("retryAfterMs");
  });

  test("301 names the region that the bucket is in", async () => {
    await using server = await scriptedServer(
      errorResponse(301, "PermanentRedirect", { "x-amz-bucket-region": "eu-west-3" }),
    );
    const error = await storeErrorOf(operations.create(server.store()));
    expect(error.code).toBe("Misconfigured");
    expect(error.message).toContain("the bucket is in eu-west-3");
  });

  test("without a region, or credentials, nothing is sent", async () => {
    await using server = await scriptedServer(respondWith(200));
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

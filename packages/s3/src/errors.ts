import { isStoreError, StoreError } from "@state/core";
import type { StoreErrorCode } from "@state/core";
import { readSdkError, type SdkError } from "./sdk-error.ts";
import { withoutSecrets } from "./secrets.ts";

type Meaning = readonly [code: StoreErrorCode, advice?: string];

const checkBucket = "create the bucket, or mend `bucket` and the endpoint";
const checkRegion = "set `region` to the bucket's own";
const checkRights =
  "the credentials need s3:PutObject, s3:GetObject and s3:DeleteObject on the prefix, and s3:ListBucket on the bucket";
const checkClock = "the SDK has corrected its clock by the service's";
const checkEncoding = "the body was changed on its way to the service";
const checkKmsKey = "enable the bucket's KMS key, or let the credentials use it";
const noCondition =
  "the service does not know `If-None-Match`, without which it cannot hold checkpoints, or another header that the client sends";

/**
 * By the error's name, as the service or the SDK gives it. It comes before the status, which a
 * proxy may change.
 */
const meaningOfName: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ["SlowDown", ["Throttled"]],
  ["SlowDownRead", ["Throttled"]],
  ["SlowDownWrite", ["Throttled"]],
  ["Throttling", ["Throttled"]],
  ["ThrottlingException", ["Throttled"]],
  ["TooManyRequests", ["Throttled"]],
  ["RequestLimitExceeded", ["Throttled"]],
  ["BandwidthLimitExceeded", ["Throttled"]],
  ["InternalError", ["Unavailable"]],
  ["ServiceUnavailable", ["Unavailable"]],
  ["RequestTimeout", ["Unavailable"]],
  ["TemporaryRedirect", ["Unavailable"]],
  ["IncompleteBody", ["Unavailable"]],
  // Another request for the same key was under way. Whether the object is there now is not known.
  ["ConditionalRequestConflict", ["Unavailable"]],
  ["OperationAborted", ["Unavailable"]],
  // From the SDK. If the caller has aborted, an `AbortError` never comes here: `raceAbort` throws
  // the signal's reason.
  ["TimeoutError", ["Unavailable"]],
  ["AbortError", ["Unavailable"]],
  ["RequestTimeTooSkewed", ["Unavailable", checkClock]],
  ["BadDigest", ["Corrupt", checkEncoding]],
  ["XAmzContentSHA256Mismatch", ["Corrupt", checkEncoding]],
  ["XAmzContentChecksumMismatch", ["Corrupt", checkEncoding]],
  ["AccessDenied", ["Denied", checkRights]],
  ["AllAccessDisabled", ["Denied"]],
  ["AccountProblem", ["Denied"]],
  ["NotSignedUp", ["Denied"]],
  ["InvalidAccessKeyId", ["Denied"]],
  ["SignatureDoesNotMatch", ["Denied"]],
  ["ExpiredToken", ["Denied"]],
  ["InvalidToken", ["Denied"]],
  ["TokenRefreshRequired", ["Denied"]],
  ["CredentialsProviderError", ["Denied"]],
  // From STS, which issues credentials.
  ["IDPCommunicationErrorException", ["Unavailable"]],
  ["ExpiredTokenException", ["Denied"]],
  ["InvalidIdentityTokenException", ["Denied"]],
  ["NoSuchBucket", ["Misconfigured", checkBucket]],
  ["InvalidBucketName", ["Misconfigured", checkBucket]],
  ["PermanentRedirect", ["Misconfigured", checkRegion]],
  ["AuthorizationHeaderMalformed", ["Misconfigured", checkRegion]],
  ["IllegalLocationConstraintException", ["Misconfigured", checkRegion]],
  ["EndpointError", ["Misconfigured"]],
  ["KMS.DisabledException", ["Misconfigured", checkKmsKey]],
  ["KMS.InvalidKeyUsageException", ["Misconfigured", checkKmsKey]],
  ["KMS.KMSInvalidStateException", ["Misconfigured", checkKmsKey]],
  ["KMS.NotFoundException", ["Misconfigured", checkKmsKey]],
  // By their status alone these would be `Denied`, or on a create `Unsupported`.
  ["XMinioAdminBucketQuotaExceeded", ["Failed", "the bucket is full: raise its quota, or prune"]],
  ["InvalidObjectState", ["Failed", "the object is archived: exempt the prefix from such lifecycle rules"]],
  ["EntityTooLarge", ["Failed"]],
  ["KeyTooLongError", ["Failed"]],
]);

/** By the status, for an error whose name is in no row of `meaningOfName`. */
const meaningOfStatus: ReadonlyMap<number, Meaning> = new Map<number, Meaning>([
  [301, ["Misconfigured", checkRegion]],
  [307, ["Unavailable"]],
  [308, ["Misconfigured", checkRegion]],
  [401, ["Denied"]],
  [403, ["Denied", checkRights]],
  // Without the name `NoSuchKey` it may be a proxy's, or cut short, and says nothing of the object.
  [404, ["Unavailable"]],
  [408, ["Unavailable"]],
  [409, ["Unavailable"]],
  [429, ["Throttled"]],
  [501, ["Failed"]],
]);

/** By the `code` of an error of Node or of the system, for a request without a response. */
const meaningOfErrorCode: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ["ECONNRESET", ["Unavailable"]],
  ["ECONNREFUSED", ["Unavailable"]],
  ["ECONNABORTED", ["Unavailable"]],
  ["EPIPE", ["Unavailable"]],
  ["ETIMEDOUT", ["Unavailable"]],
  ["EHOSTUNREACH", ["Unavailable"]],
  ["ENETUNREACH", ["Unavailable"]],
  ["ENETDOWN", ["Unavailable"]],
  ["EADDRNOTAVAIL", ["Unavailable"]],
  ["ENOTFOUND", ["Unavailable"]],
  ["EAI_AGAIN", ["Unavailable"]],
  ["EPROTO", ["Unavailable"]],
  ["ERR_STREAM_PREMATURE_CLOSE", ["Unavailable"]],
  ["EMFILE", ["Throttled"]],
  ["ENFILE", ["Throttled"]],
  ["ERR_INVALID_URL", ["Misconfigured"]],
  ["CERT_HAS_EXPIRED", ["Misconfigured"]],
  ["CERT_NOT_YET_VALID", ["Misconfigured"]],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", ["Misconfigured"]],
  ["SELF_SIGNED_CERT_IN_CHAIN", ["Misconfigured"]],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", ["Misconfigured"]],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", ["Misconfigured"]],
  ["ERR_TLS_CERT_ALTNAME_INVALID", ["Misconfigured"]],
]);

/**
 * By the message, for errors of the SDK and of Node that have neither a name nor a code of their
 * own.
 */
const meaningOfText: readonly (readonly [text: RegExp, meaning: Meaning])[] = [
  [/^Checksum mismatch/, ["Corrupt"]],
  [/^Connection lost or stream closed/, ["Unavailable"]],
  // From Node's parser, for a response that is not HTTP.
  [/^Parse Error/, ["Unavailable"]],
  [/^Region is missing/, ["Misconfigured", "set `region`, or AWS_REGION"]],
];

/** One call of the store, as its errors name it. */
export interface Operation {
  /** The store's `name`. */
  readonly store: string;
  readonly name: "create" | "get" | "list" | "delete";
  readonly key: string;
}

/** The `StoreError` for whatever the SDK rejected with. */
export function toStoreError(error: unknown, operation: Operation): StoreError {
  if (isStoreError(error)) return error;
  const sdkError = readSdkError(error);
  return fromSdkError(error, operation, sdkError, meaningOf(sdkError));
}

/**
 * The `StoreError` for a create whose condition the service refuses. No other operation has a
 * condition.
 */
export function conditionUnsupported(error: unknown, operation: Operation): StoreError {
  return fromSdkError(error, operation, readSdkError(error), ["Unsupported", noCondition]);
}

function fromSdkError(
  error: unknown,
  operation: Operation,
  sdkError: SdkError,
  [code, advice]: Meaning,
): StoreError {
  const what = [
    `${sdkError.name}${sdkError.status === undefined ? "" : ` (${sdkError.status})`}: ${sdkError.message}`,
  ];
  if (advice !== undefined) what.push(advice);
  if (sdkError.region !== undefined) what.push(`the bucket is in ${sdkError.region}`);
  return new StoreError(code, `${subject(operation)} failed: ${what.join("; ")}`, {
    key: operation.key,
    store: operation.store,
    retryAfterMs: sdkError.retryAfterMs,
    cause: withoutSecrets(error),
  });
}

/** A `StoreError` for what the store itself found wrong. */
export function storeError(code: StoreErrorCode, operation: Operation, why: string): StoreError {
  return new StoreError(code, `${subject(operation)} failed: ${why}`, {
    key: operation.key,
    store: operation.store,
  });
}

/** Whether the error means that the key has an object already: a 412 that the SDK could parse. */
export function meansExists(error: unknown): boolean {
  const { name, status, isParsed } = readSdkError(error);
  return name === "PreconditionFailed" || (status === 412 && isParsed);
}

/**
 * Whether the error means that there is no object. A 404 alone does not: a proxy, a missing bucket
 * and a response that was cut have it too.
 */
export function meansAbsent(error: unknown): boolean {
  const { name, status } = readSdkError(error);
  return name === "NoSuchKey" && status === 404;
}

/**
 * Whether the error means that the service does not know the condition. A 400 does only if its
 * reason is in no table.
 */
export function meansNoCondition(error: unknown): boolean {
  const { name, status, isParsed } = readSdkError(error);
  if (meaningOfName.has(name)) return false;
  return (
    name === "NotImplemented" || (isParsed && (status === 501 || (status === 400 && name !== "Unknown")))
  );
}

/**
 * Whether the service has no bulk delete, or demands a Content-MD5 for it, which the SDK does not
 * send.
 */
export function meansNoBulkDelete(error: unknown): boolean {
  const { name, status, message } = readSdkError(error);
  return (
    ["MissingContentMD5", "NotImplemented", "MethodNotAllowed"].includes(name) ||
    status === 501 ||
    (status === 400 && /content-md5/i.test(message))
  );
}

function meaningOf({ name, status, isParsed, code, message }: SdkError): Meaning {
  const named = meaningOfName.get(name);
  if (named !== undefined) return named;
  if (status !== undefined) {
    const byStatus = meaningOfStatus.get(status);
    if (byStatus !== undefined) return byStatus;
    // A response that cannot be parsed was cut, or is not the service's: what happened is not
    // known.
    return status >= 500 || !isParsed ? ["Unavailable"] : ["Failed"];
  }
  const byErrorCode = meaningOfErrorCode.get(code ?? "");
  if (byErrorCode !== undefined) return byErrorCode;
  return meaningOfText.find(([text]) => text.test(message))?.[1] ?? ["Failed"];
}

function subject({ name, key, store }: Operation): string {
  return `${name} of ${JSON.stringify(key)} in ${store}`;
}

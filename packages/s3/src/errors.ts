import { isStoreError, StoreError } from "@state/core";
import type { StoreErrorCode } from "@state/core";
import { type Answer, answerOf } from "./answer.ts";
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

/** By the name that the service or the SDK gives to the failure. It comes before the status, which a proxy may change. */
export const meaningOfName: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
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
  // Another request for the key was under way. Whether the object is there now is not known.
  ["ConditionalRequestConflict", ["Unavailable"]],
  ["OperationAborted", ["Unavailable"]],
  // From the SDK: `AbortError` only when nobody asked for it.
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
  // From STS, where the credentials come from.
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
  // By their status these would be Denied, or on a create Unsupported.
  ["XMinioAdminBucketQuotaExceeded", ["Failed", "the bucket is full: raise its quota, or prune"]],
  ["InvalidObjectState", ["Failed", "the object is archived: exempt the prefix from such lifecycle rules"]],
  ["EntityTooLarge", ["Failed"]],
  ["KeyTooLongError", ["Failed"]],
]);

export const meaningOfStatus: ReadonlyMap<number, Meaning> = new Map<number, Meaning>([
  [301, ["Misconfigured", checkRegion]],
  [307, ["Unavailable"]],
  [308, ["Misconfigured", checkRegion]],
  [401, ["Denied"]],
  [403, ["Denied", checkRights]],
  // Not `NoSuchKey`: a proxy's, or cut short. That the object is absent must be said in so many words.
  [404, ["Unavailable"]],
  [408, ["Unavailable"]],
  [409, ["Unavailable"]],
  [429, ["Throttled"]],
  [501, ["Failed"]],
]);

/** By the `code` of a system error. */
export const meaningOfSystemCode: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
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

/** Errors of the SDK that have nothing but a text. */
export const meaningOfText: readonly (readonly [text: RegExp, meaning: Meaning])[] = [
  [/^Checksum mismatch/, ["Corrupt"]],
  [/^Connection lost or stream closed/, ["Unavailable"]],
  // What Node's parser makes of an answer that is not HTTP.
  [/^Parse Error/, ["Unavailable"]],
  [/^Region is missing/, ["Misconfigured", "set `region`, or AWS_REGION"]],
];

/** Where a failure happened, for its message. */
export interface Place {
  /** The store's `name`. */
  readonly store: string;
  readonly operation: "create" | "get" | "list" | "delete";
  readonly key: string;
}

/** The `StoreError` for whatever the SDK rejected with. */
export function toStoreError(error: unknown, place: Place): StoreError {
  if (isStoreError(error)) return error;
  const answer = answerOf(error);
  return storeErrorOf(error, place, answer, meaningOf(answer));
}

/** Of a create, which is the only one that has a condition to refuse. */
export function unsupported(error: unknown, place: Place): StoreError {
  return storeErrorOf(error, place, answerOf(error), ["Unsupported", noCondition]);
}

function storeErrorOf(error: unknown, place: Place, answer: Answer, [code, advice]: Meaning): StoreError {
  const what = [
    `${answer.name}${answer.status === undefined ? "" : ` (${answer.status})`}: ${answer.message}`,
  ];
  if (advice !== undefined) what.push(advice);
  if (answer.region !== undefined) what.push(`the bucket is in ${answer.region}`);
  return new StoreError(code, `${subject(place)} failed: ${what.join("; ")}`, {
    key: place.key,
    store: place.store,
    retryAfterMs: answer.retryAfterMs,
    cause: withoutSecrets(error),
  });
}

export function refusal(code: StoreErrorCode, place: Place, why: string): StoreError {
  return new StoreError(code, `${subject(place)} failed: ${why}`, { key: place.key, store: place.store });
}

/** 412: the key is taken, by whomever. */
export function saysExists(error: unknown): boolean {
  const { name, status, isRead } = answerOf(error);
  return name === "PreconditionFailed" || (status === 412 && isRead);
}

/** Not any 404: a proxy, a missing bucket and half an answer have that status too. */
export function saysAbsent(error: unknown): boolean {
  const { name, status } = answerOf(error);
  return name === "NoSuchKey" && status === 404;
}

/** That the service does not know the condition. 400 only when it has given a reason that is in no table. */
export function saysNoCondition(error: unknown): boolean {
  const { name, status, isRead } = answerOf(error);
  if (meaningOfName.has(name)) return false;
  return name === "NotImplemented" || (isRead && (status === 501 || (status === 400 && name !== "Unknown")));
}

/** A service without bulk delete, or one that wants a Content-MD5 for it, which the SDK does not send. */
export function saysNoBulkDelete(error: unknown): boolean {
  const { name, status, message } = answerOf(error);
  return (
    ["MissingContentMD5", "NotImplemented", "MethodNotAllowed"].includes(name) ||
    status === 501 ||
    (status === 400 && /content-md5/i.test(message))
  );
}

function meaningOf({ name, status, isRead, code, message }: Answer): Meaning {
  const named = meaningOfName.get(name);
  if (named !== undefined) return named;
  if (status !== undefined) {
    const byStatus = meaningOfStatus.get(status);
    if (byStatus !== undefined) return byStatus;
    // An answer that cannot be read is none: half of it, or somebody else's.
    return status >= 500 || !isRead ? ["Unavailable"] : ["Failed"];
  }
  const bySystem = meaningOfSystemCode.get(code ?? "");
  if (bySystem !== undefined) return bySystem;
  return meaningOfText.find(([text]) => text.test(message))?.[1] ?? ["Failed"];
}

function subject({ operation, key, store }: Place): string {
  return `${operation} of ${JSON.stringify(key)} in ${store}`;
}

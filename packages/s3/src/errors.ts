import { isStoreError, type StoreError, type StoreErrorCode } from "@state/core";
import {
  codeOf,
  fieldOf,
  type Meaning,
  meaningOfForeign,
  meaningOfSilence,
  retryAfterMs as waitOf,
  SdkFailure,
  type StoreCall,
  storeError,
  textOf,
} from "@state/core/adapter";
import { hasRemoteSource } from "./credentials.ts";
import { harmlessFields } from "./secrets.ts";

const checkBucket = "create the bucket, or mend `bucket` and the endpoint";
const checkRegion = "set `region` to the bucket's own";
const checkRights =
  "the credentials need s3:PutObject, s3:GetObject and s3:DeleteObject on the prefix, and s3:ListBucket on the bucket";
const checkClock = "the SDK has corrected its clock by the service's";
const checkEncoding = "the body was changed on its way to the service";
const checkKmsKey = "enable the bucket's KMS key, or let the credentials use it";
const checkCredentials = "mend the credentials, or their source";
const checkFields = "mend `storageClass`, `encryption`, `tags` or what else goes with each request";
const noCondition =
  "the service does not know `If-None-Match`, without which it cannot hold checkpoints: use another service";

/** By the code in S3's own response. It says more than the status, which a proxy may change. */
const meaningOfCode: ReadonlyMap<string, readonly [code: StoreErrorCode, advice?: string]> = new Map<
  string,
  readonly [StoreErrorCode, string?]
>([
  ["SlowDown", ["Throttled"]],
  ["SlowDownRead", ["Throttled"]],
  ["SlowDownWrite", ["Throttled"]],
  ["Throttling", ["Throttled"]],
  ["ThrottlingException", ["Throttled"]],
  ["TooManyRequests", ["Throttled"]],
  ["TooManyRequestsException", ["Throttled"]],
  ["RequestLimitExceeded", ["Throttled"]],
  ["BandwidthLimitExceeded", ["Throttled"]],
  ["KMS.ThrottlingException", ["Throttled", "KMS is busy: a bucket key asks it less often"]],
  // A code without a meaning of its own: services and their gateways send it for what they could not read.
  ["BadRequest", ["Unavailable"]],
  ["InternalError", ["Unavailable"]],
  ["ServiceUnavailable", ["Unavailable"]],
  ["RequestTimeout", ["Unavailable"]],
  ["TemporaryRedirect", ["Unavailable"]],
  ["IncompleteBody", ["Unavailable"]],
  // Another request for the same key was under way. Whether the object is there now is not known.
  ["ConditionalRequestConflict", ["Unavailable"]],
  ["OperationAborted", ["Unavailable"]],
  ["RequestTimeTooSkewed", ["Unavailable", checkClock]],
  ["BadDigest", ["Corrupt", checkEncoding]],
  ["XAmzContentSHA256Mismatch", ["Corrupt", checkEncoding]],
  ["XAmzContentChecksumMismatch", ["Corrupt", checkEncoding]],
  ["AccessDenied", ["Denied", checkRights]],
  ["AllAccessDisabled", ["Denied", checkRights]],
  ["AccountProblem", ["Denied", "the account has to be mended with its provider"]],
  ["NotSignedUp", ["Denied", "the account is not signed up for S3"]],
  ["InvalidAccessKeyId", ["Denied", checkCredentials]],
  ["SignatureDoesNotMatch", ["Denied", checkCredentials]],
  ["ExpiredToken", ["Denied", checkCredentials]],
  ["ExpiredTokenException", ["Denied", checkCredentials]],
  ["InvalidToken", ["Denied", checkCredentials]],
  ["TokenRefreshRequired", ["Denied", checkCredentials]],
  ["NoSuchBucket", ["Misconfigured", checkBucket]],
  ["InvalidBucketName", ["Misconfigured", checkBucket]],
  ["PermanentRedirect", ["Misconfigured", checkRegion]],
  ["AuthorizationHeaderMalformed", ["Misconfigured", checkRegion]],
  ["IllegalLocationConstraintException", ["Misconfigured", checkRegion]],
  ["KMS.DisabledException", ["Misconfigured", checkKmsKey]],
  ["KMS.InvalidKeyUsageException", ["Misconfigured", checkKmsKey]],
  ["KMS.KMSInvalidStateException", ["Misconfigured", checkKmsKey]],
  ["KMS.NotFoundException", ["Misconfigured", checkKmsKey]],
  ["KMSNotConfigured", ["Misconfigured", checkKmsKey]],
  ["InvalidStorageClass", ["Misconfigured", checkFields]],
  ["InvalidEncryptionAlgorithmError", ["Misconfigured", checkFields]],
  ["InvalidTag", ["Misconfigured", checkFields]],
  // By their status alone these would be `Denied`.
  ["XMinioAdminBucketQuotaExceeded", ["Failed", "the bucket is full: raise its quota, or prune"]],
  ["InvalidObjectState", ["Failed", "the object is archived: exempt the prefix from such lifecycle rules"]],
  ["EntityTooLarge", ["Failed"]],
  ["KeyTooLongError", ["Failed"]],
]);

/** By the status of S3's own response, whose code is in no row of `meaningOfCode`. */
const meaningOfStatus: ReadonlyMap<number, readonly [code: StoreErrorCode, advice?: string]> = new Map<
  number,
  readonly [StoreErrorCode, string?]
>([
  [301, ["Misconfigured", checkRegion]],
  [307, ["Unavailable"]],
  [308, ["Misconfigured", checkRegion]],
  [401, ["Denied", checkCredentials]],
  [403, ["Denied", checkRights]],
  [404, ["Unavailable"]],
  [408, ["Unavailable"]],
  [409, ["Unavailable"]],
  [429, ["Throttled"]],
  [501, ["Failed", "the service does not know this request, or a header of it"]],
]);

/** By the text of an error of the SDK that has no code, and is about the configuration. */
const meaningOfText: readonly (readonly [text: RegExp, advice: string])[] = [
  [/^Region is missing/, "set `region`, or AWS_REGION"],
  [/^Endpoint Unresolved|^Invalid endpoint|^EndpointError/i, "mend the endpoint"],
];

/** The fields of an error of the SDK that say what it means. Any may be missing: several libraries throw such errors. */
interface SdkError {
  readonly name: string;
  readonly message: string;
  readonly status: number | undefined;
  /** The `<Code>` of S3's own response. Nothing else shows that a response is S3's: its SDK takes any XML for one. */
  readonly code: string | undefined;
  /** The header that S3 says it does not know. */
  readonly header: string | undefined;
  readonly retryAfterMs: number | undefined;
  /** The bucket's region, where the service names it. */
  readonly region: string | undefined;
}

function readSdkError(error: unknown): SdkError {
  const headers = fieldOf(fieldOf(error, "$response"), "headers");
  const status = fieldOf(fieldOf(error, "$metadata"), "httpStatusCode");
  return {
    name: textOf(error, "name") ?? "Error",
    // The SDK's hint names the field `$response`, which the cause does not keep.
    message: (textOf(error, "message") ?? String(error)).replace(/\n {2}Deserialization error: .*$/s, ""),
    status: typeof status === "number" ? status : undefined,
    code: textOf(error, "Code"),
    header: textOf(error, "Header"),
    retryAfterMs: waitOf(textOf(headers, "retry-after"), textOf(headers, "date")),
    region: textOf(headers, "x-amz-bucket-region"),
  };
}

/** The code in S3's own response, or `undefined` if the error is not one. */
export function serviceCodeOf(error: unknown): string | undefined {
  return readSdkError(error).code;
}

/** The `StoreError` for whatever the SDK rejected with, once the request was sent. */
export function toStoreError(error: unknown, call: StoreCall): StoreError {
  if (isStoreError(error)) return error;
  if (error instanceof SdkFailure) {
    const { advice, message, cause } = error;
    return storeError(call, { code: "Misconfigured", advice }, message, { cause });
  }
  return fromSdk(error, call, meaningOf(readSdkError(error), error, call));
}

/** The same with the meaning given. */
export function fromSdk(error: unknown, call: StoreCall, { code, advice }: Meaning): StoreError {
  const sdkError = readSdkError(error);
  const { name, status, message, region } = sdkError;
  const why = [`${name}${status === undefined ? "" : ` (${status})`}: ${message}`];
  if (region !== undefined) why.push(`the bucket is in ${region}`);
  return storeError(call, { code, advice }, why.join("; "), {
    retryAfterMs: sdkError.retryAfterMs,
    cause: error,
    fields: harmlessFields,
  });
}

/** Whether the error means that the key has an object already. */
export function meansExists(error: unknown): boolean {
  const { code, status } = readSdkError(error);
  return code === "PreconditionFailed" || (code !== undefined && status === 412);
}

/**
 * Whether the error means that there is no object. A 404 alone does not: a proxy, a missing bucket
 * and a response that was cut have it too.
 */
export function meansAbsent(error: unknown): boolean {
  const { code, status } = readSdkError(error);
  return code === "NoSuchKey" && status === 404;
}

/**
 * Whether the service has no bulk delete, or demands a Content-MD5 for it, which the SDK does not
 * send.
 */
export function meansNoBulkDelete(error: unknown): boolean {
  const { code, status, message } = readSdkError(error);
  if (code === undefined) return false;
  return (
    ["MissingContentMD5", "NotImplemented", "MethodNotAllowed"].includes(code) ||
    status === 501 ||
    (status === 400 && /content-md5/i.test(message))
  );
}

function meaningOf(sdkError: SdkError, error: unknown, call: StoreCall): Meaning {
  const { code, status } = sdkError;
  if (code === undefined) return meaningWithoutCode(sdkError, error);
  if (call.operation === "create" && refusesCondition(sdkError))
    return { code: "Unsupported", advice: noCondition };
  if (code === "NotImplemented" && isAboutKms(sdkError))
    return { code: "Misconfigured", advice: checkKmsKey };
  const [meaning, advice] = meaningOfCode.get(code) ??
    meaningOfStatus.get(status ?? 0) ?? [(status ?? 0) >= 500 ? "Unavailable" : "Failed"];
  return { code: meaning, advice };
}

/** Whether S3 says of itself that it does not know the condition. It says the same words of other headers. */
function refusesCondition(sdkError: SdkError): boolean {
  const { code, header, message, status } = sdkError;
  const names = `${header ?? ""} ${message}`;
  if (/if-none-match|conditional/i.test(names))
    return code === "NotImplemented" || status === 400 || status === 501;
  // Some name no header; the condition is the only one that a plain create has.
  return (
    code === "NotImplemented" && header === undefined && !isAboutKms(sdkError) && !/x-amz-/i.test(message)
  );
}

function isAboutKms({ message }: SdkError): boolean {
  return /\bkms\b|encryption/i.test(message);
}

function meaningWithoutCode({ status, message, name, retryAfterMs }: SdkError, error: unknown): Meaning {
  if (status === undefined) {
    const text = meaningOfText.find(([each]) => each.test(message) || each.test(name));
    return text === undefined ? meaningOfSilence(error) : { code: "Misconfigured", advice: text[1] };
  }
  return meaningOfForeign(status, retryAfterMs);
}

const noneConfigured = "no credentials are configured: see the SDK's credential provider chain";

/** Where credentials come from, and whether this store has had some. */
export interface CredentialSource {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly hadSome: boolean;
}

/**
 * The `StoreError` for a failure before anything was sent: there is no region, or no credentials could be had. `Denied` only
 * if their issuer has refused them, or if nothing is configured at all.
 */
export function unsentError(error: unknown, call: StoreCall, source: CredentialSource): StoreError {
  if (isStoreError(error)) return error;
  return fromSdk(error, call, meaningUnsent(readSdkError(error), error, source));
}

function meaningUnsent(sdkError: SdkError, error: unknown, source: CredentialSource): Meaning {
  const status = sdkError.status ?? statusIn(sdkError.message);
  const { name, message } = sdkError;
  if (status !== undefined) {
    const isPassing = status >= 500 || status === 408 || status === 429 || isThrottling(name);
    // STS says by this name, with a 400, that it could not reach the identity provider.
    if (isPassing || name === "IDPCommunicationErrorException")
      return { code: "Unavailable", advice: noneNow };
    return { code: "Denied", advice: "the issuer of the credentials has refused them" };
  }
  if (message.startsWith("Could not load credentials from any providers")) {
    return source.hadSome || hasRemoteSource(source.environment)
      ? { code: "Unavailable", advice: noneNow }
      : { code: "Denied", advice: noneConfigured };
  }
  const meaning = meaningWithoutCode({ ...sdkError, status }, error);
  return meaning.advice === undefined && codeOf(error) === undefined
    ? { ...meaning, advice: noneNow }
    : meaning;
}

const noneNow = "nothing was sent: the source of the credentials gave none this time";

/** Providers have the status of their issuer only in their text. */
function statusIn(message: string): number | undefined {
  const [, status] = /\bresponded with status: (\d{3})\b/.exec(message) ?? [];
  return status === undefined ? undefined : Number(status);
}

function isThrottling(name: string): boolean {
  return /throttl|TooManyRequests|RequestLimitExceeded/i.test(name);
}

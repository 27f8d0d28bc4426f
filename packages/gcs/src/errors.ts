import { isStoreError, StoreError } from "@state/core";
import type { StoreErrorCode } from "@state/core";
import { jsonOf, retryAfterMs, textOf } from "./response.ts";
import type { ServiceResponse } from "./response.ts";
import { codeOf, propertyOf } from "./sdk-error.ts";
import { redact, withoutSecrets } from "./secrets.ts";

/** One call of the store, as its errors name it. */
export interface Operation {
  readonly store: string;
  readonly bucket: string;
  readonly name: "create" | "get" | "list" | "delete";
  readonly key: string;
}

/** One kind of response, and what it means. */
interface Meaning {
  readonly status: number | readonly [from: number, to: number];
  /** Of the error in the JSON body. */
  readonly reasons?: readonly string[] | undefined;
  /** Of the body's text. */
  readonly text?: RegExp | undefined;
  readonly operations?: readonly Operation["name"][] | undefined;
  readonly code: StoreErrorCode;
  readonly advice?: string | undefined;
}

const noBucket = "the bucket does not exist; create it, or mend its name";

/**
 * What a response means: the first row that matches it. A response that no row matches is `Failed`.
 *
 * The responses that mean that an object is absent, or that it exists, are recognised before.
 */
const responseMeanings: readonly Meaning[] = [
  {
    status: [200, 299],
    code: "Unavailable",
    advice: "the response is not of Cloud Storage, or it was cut on the way",
  },
  {
    status: [300, 399],
    code: "Misconfigured",
    advice: "the endpoint redirects; set apiEndpoint to the address that it redirects to",
  },
  {
    status: 400,
    reasons: ["userProjectMissing"],
    code: "Misconfigured",
    advice: "the bucket is requester pays: give the credentials a quota project",
  },
  {
    status: 400,
    text: /(md5|crc32c|hash).*match/i,
    operations: ["create"],
    code: "Corrupt",
    advice: "the body was changed on the way; nothing was created",
  },
  { status: 401, code: "Denied", advice: "the credentials are missing, expired or not accepted" },
  { status: 403, reasons: ["rateLimitExceeded", "userRateLimitExceeded"], code: "Throttled" },
  {
    status: 403,
    reasons: ["retentionPolicyNotMet", "objectUnderActiveHold"],
    code: "Denied",
    advice: "a retention policy or a hold keeps the object; it can be deleted when that ends",
  },
  { status: 403, code: "Denied", advice: "the credentials lack storage.objects.create, get, list or delete" },
  { status: 404, text: /bucket does not exist/i, code: "Misconfigured", advice: noBucket },
  {
    status: 404,
    reasons: ["notFound"],
    operations: ["create", "list"],
    code: "Misconfigured",
    advice: noBucket,
  },
  {
    status: 404,
    code: "Unavailable",
    advice: "the response is not of Cloud Storage, or it was cut on the way: the object may be there",
  },
  { status: 407, code: "Denied", advice: "the proxy on the way does not accept the credentials in its URL" },
  { status: 408, code: "Unavailable" },
  { status: 409, code: "Unavailable" },
  {
    status: 412,
    reasons: ["orgPolicyConstraintFailed"],
    code: "Denied",
    advice: "a policy of the organisation forbids it",
  },
  {
    status: 412,
    code: "Unavailable",
    advice:
      "the response does not say that the condition is not met: it was cut on the way, or is not of Cloud Storage",
  },
  { status: 429, code: "Throttled" },
  {
    status: 501,
    operations: ["create"],
    code: "Unsupported",
    advice: "the service cannot create only if absent",
  },
  { status: 501, code: "Failed" },
  { status: [500, 599], code: "Unavailable" },
];

/** What a request without a response means, by the error's code. Any other code is `Failed`. */
const meaningOfErrorCode: ReadonlyMap<string, StoreErrorCode> = new Map<string, StoreErrorCode>([
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
  ["ERR_STREAM_PREMATURE_CLOSE", "Unavailable"],
  ["EPROTO", "Unavailable"],
  ["ETIMEDOUT", "Unavailable"],
  // From the global fetch, for clients that have it as their transport.
  ["UND_ERR_BODY_TIMEOUT", "Unavailable"],
  ["UND_ERR_CONNECT_TIMEOUT", "Unavailable"],
  ["UND_ERR_HEADERS_TIMEOUT", "Unavailable"],
  ["UND_ERR_SOCKET", "Unavailable"],
  // From the client's own time-out. An abort by the caller never comes here.
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
]);

/** The `StoreError` for a response that is not the expected one. */
export function responseError(response: ServiceResponse, operation: Operation): StoreError {
  const { message, reasons } = serviceError(response);
  const meaning = responseMeanings.find((row) => matches(row, response.status, reasons, message, operation));
  const { code, advice } = meaning ?? { code: "Failed" as const, advice: undefined };
  const said = message === "" ? "without a message" : `"${message}"`;
  const cause = Object.assign(new Error(message), { status: response.status, reasons });
  return storeError(code, operation, `the service responded with ${response.status} ${said}`, {
    advice,
    cause,
    retryAfterMs: retryAfterMs(response),
  });
}

/**
 * The `StoreError` for a request without a response, or with a part of one only.
 *
 * Once the request `isSent`, the error never says that credentials are missing. For a create, that
 * would mean that nothing was written.
 */
export function requestError(error: unknown, operation: Operation, url: string, isSent: boolean): StoreError {
  if (isStoreError(error)) return error;
  const cause = withoutSecrets(error);
  const code = codeOf(error);
  const meaning = meaningOfErrorCode.get(code) ?? (code.startsWith("HPE_") ? "Unavailable" : undefined);
  if (isSent || isOfRequest(error, url)) {
    return storeError(meaning ?? "Failed", operation, cause.message, { cause });
  }
  // Nothing of the request itself was sent: the SDK failed in a step on the way to a token.
  const what = `no credentials could be had: ${cause.message}`;
  const advice = "see the SDK's application default credentials";
  return storeError(meaning ?? credentialMeaning(error), operation, what, { advice, cause });
}

/**
 * Whether a 404 means that there is no object. One that names the bucket, or is a proxy's, does
 * not.
 */
export function meansAbsent(response: ServiceResponse): boolean {
  if (response.status !== 404) return false;
  const { message, reasons } = serviceError(response);
  if (/bucket does not exist/i.test(message)) return false;
  // The service responds to a download in plain text, to everything else in JSON. The text of
  // fake-gcs-server is "Not Found" with a line end. Without a line end it is the text of Google's
  // front ends, for a path that no service has.
  return (
    reasons.includes("notFound") || /^No such object\b/.test(message) || textOf(response) === "Not Found\n"
  );
}

/** Whether a 412 means that the key has an object already. */
export function meansExists(response: ServiceResponse): boolean {
  return response.status === 412 && serviceError(response).reasons.includes("conditionNotMet");
}

/** A `StoreError` whose message says which operation failed, why, and what to do about it. */
export function storeError(
  code: StoreErrorCode,
  operation: Operation,
  why: string,
  details: ErrorDetails = {},
): StoreError {
  const { name, key, bucket, store } = operation;
  const { advice, ...others } = details;
  const hint = advice === undefined ? "" : `; ${advice}`;
  return new StoreError(
    code,
    `${name} of ${JSON.stringify(key)} in bucket ${JSON.stringify(bucket)} failed: ${why}${hint}`,
    { ...others, key, store },
  );
}

interface ErrorDetails {
  readonly advice?: string | undefined;
  readonly cause?: unknown;
  readonly retryAfterMs?: number | undefined;
}

function matches(
  meaning: Meaning,
  status: number,
  reasons: readonly string[],
  message: string,
  operation: Operation,
): boolean {
  const [from, to] = typeof meaning.status === "number" ? [meaning.status, meaning.status] : meaning.status;
  return (
    from <= status &&
    status <= to &&
    (meaning.reasons === undefined || meaning.reasons.some((reason) => reasons.includes(reason))) &&
    (meaning.text === undefined || meaning.text.test(message)) &&
    (meaning.operations === undefined || meaning.operations.includes(operation.name))
  );
}

function serviceError(response: ServiceResponse): {
  readonly message: string;
  readonly reasons: readonly string[];
} {
  const error = jsonOf(response)?.["error"];
  if (typeof error !== "object" || error === null)
    return { message: redact(textOf(response).trim()), reasons: [] };
  const message: unknown = Reflect.get(error, "message");
  const errors: unknown = Reflect.get(error, "errors");
  const reasons = (Array.isArray(errors) ? errors : [])
    .map((one: unknown) => (typeof one === "object" && one !== null ? Reflect.get(one, "reason") : undefined))
    .filter((reason) => typeof reason === "string")
    .map(redact);
  return { message: typeof message === "string" ? redact(message) : "", reasons };
}

/**
 * A token endpoint's 408, 429 and 5xx are temporary. Any other reason for having no token is about
 * the credentials.
 */
function credentialMeaning(error: unknown): StoreErrorCode {
  const status = propertyOf(error, "status");
  if (status === 429) return "Throttled";
  return typeof status === "number" && (status === 408 || status >= 500) ? "Unavailable" : "Denied";
}

function isOfRequest(error: unknown, url: string): boolean {
  const config = propertyOf(error, "config");
  // An error without a request's configuration is the idle time-out, or of a step before the
  // request.
  if (config === undefined) return codeOf(error) === "ETIMEDOUT";
  return String(propertyOf(config, "url")) === new URL(url).href;
}

import { isStoreError, StoreError } from "@state/core";
import type { StoreErrorCode } from "@state/core";
import { jsonOf, textOf } from "./answer.ts";
import type { Answer } from "./answer.ts";

/** Where a failure happened, for its message. */
export interface Place {
  readonly store: string;
  readonly bucket: string;
  readonly operation: "create" | "get" | "list" | "delete";
  readonly key: string;
}

/** One kind of answer, and what it means. */
export interface Meaning {
  readonly status: number | readonly [from: number, to: number];
  /** Of the error in the JSON body. */
  readonly reasons?: readonly string[] | undefined;
  /** Of the body's text. */
  readonly text?: RegExp | undefined;
  readonly operations?: readonly Place["operation"][] | undefined;
  readonly code: StoreErrorCode;
  readonly advice?: string | undefined;
}

const noBucket = "the bucket does not exist; create it, or mend its name";

/** The first that fits an answer is what it means; none is `Failed`. Absent objects and held conditions never come here. */
export const meanings: readonly Meaning[] = [
  {
    status: [200, 299],
    code: "Unavailable",
    advice: "this is no answer of Cloud Storage, or it was cut on the way",
  },
  {
    status: [300, 399],
    code: "Misconfigured",
    advice: "the endpoint sends elsewhere; set apiEndpoint to where it sends",
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
    advice: "this is no answer of Cloud Storage, or it was cut on the way: what was asked for may be there",
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
      "it does not say that the condition is not met: it was cut on the way, or is not of Cloud Storage",
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

/** What a failure without an answer means, by its code. Any other is `Failed`. */
export const wireMeanings: ReadonlyMap<string, StoreErrorCode> = new Map<string, StoreErrorCode>([
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
  // Of the global fetch, for clients that have it as their transport.
  ["UND_ERR_BODY_TIMEOUT", "Unavailable"],
  ["UND_ERR_CONNECT_TIMEOUT", "Unavailable"],
  ["UND_ERR_HEADERS_TIMEOUT", "Unavailable"],
  ["UND_ERR_SOCKET", "Unavailable"],
  // The client's own time-out: a signal of ours that aborted never comes here.
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

/** The `StoreError` for an answer that is not what was asked for. */
export function answerFailure(answer: Answer, place: Place): StoreError {
  const { message, reasons } = serviceError(answer);
  const meaning = meanings.find((candidate) => fits(candidate, answer.status, reasons, message, place));
  const { code, advice } = meaning ?? { code: "Failed" as const, advice: undefined };
  const said = message === "" ? "without a message" : `"${message}"`;
  const cause = Object.assign(new Error(message), { status: answer.status, reasons });
  return failure(code, place, `the service answered ${answer.status} ${said}`, advice, {
    cause,
    retryAfterMs: retryAfterOf(answer.headers),
  });
}

/**
 * The `StoreError` for a request that got no answer, or only a part of one. Once it `isSent`, nothing is said of
 * credentials: of a create that would mean that nothing was written.
 */
export function wireFailure(error: unknown, place: Place, url: string, isSent: boolean): StoreError {
  if (isStoreError(error)) return error;
  const cause = withoutSecrets(error);
  const code = codeOf(error);
  const meaning = wireMeanings.get(code) ?? (code.startsWith("HPE_") ? "Unavailable" : undefined);
  if (isSent || isOfRequest(error, url)) {
    return failure(meaning ?? "Failed", place, cause.message, undefined, { cause });
  }
  // Nothing of the request itself was sent yet: what failed was a step of the SDK on the way to a token.
  const what = `no credentials could be had: ${cause.message}`;
  const advice = "see the SDK's application default credentials";
  return failure(meaning ?? credentialMeaning(error), place, what, advice, { cause });
}

/** A body that is not what the service says it stored. */
export function corrupt(place: Place, what: string): StoreError {
  return failure("Corrupt", place, what, undefined, {});
}

export function unavailable(place: Place, what: string): StoreError {
  return failure("Unavailable", place, what, undefined, {});
}

export function failed(place: Place, what: string): StoreError {
  return failure("Failed", place, what, undefined, {});
}

/** Whether a 404 says of the object, and nothing else, that it is not there. */
export function isAbsent(answer: Answer): boolean {
  if (answer.status !== 404) return false;
  const { message, reasons } = serviceError(answer);
  if (/bucket does not exist/i.test(message)) return false;
  // A download is answered in plain text, everything else in JSON. fake-gcs-server's text is "Not Found", with a line
  // end; without one it is what Google's front ends say of a path that no service has.
  return (
    reasons.includes("notFound") || /^No such object\b/.test(message) || textOf(answer) === "Not Found\n"
  );
}

/** Whether a 412 says that the object is there. */
export function isConditionNotMet(answer: Answer): boolean {
  return answer.status === 412 && serviceError(answer).reasons.includes("conditionNotMet");
}

function fits(
  meaning: Meaning,
  status: number,
  reasons: readonly string[],
  message: string,
  place: Place,
): boolean {
  const [from, to] = typeof meaning.status === "number" ? [meaning.status, meaning.status] : meaning.status;
  return (
    from <= status &&
    status <= to &&
    (meaning.reasons === undefined || meaning.reasons.some((reason) => reasons.includes(reason))) &&
    (meaning.text === undefined || meaning.text.test(message)) &&
    (meaning.operations === undefined || meaning.operations.includes(place.operation))
  );
}

function serviceError(answer: Answer): { readonly message: string; readonly reasons: readonly string[] } {
  const error = jsonOf(answer)?.["error"];
  if (typeof error !== "object" || error === null)
    return { message: scrub(textOf(answer).trim()), reasons: [] };
  const message: unknown = Reflect.get(error, "message");
  const errors: unknown = Reflect.get(error, "errors");
  const reasons = (Array.isArray(errors) ? errors : [])
    .map((one: unknown) => (typeof one === "object" && one !== null ? Reflect.get(one, "reason") : undefined))
    .filter((reason) => typeof reason === "string")
    .map(scrub);
  return { message: typeof message === "string" ? scrub(message) : "", reasons };
}

function failure(
  code: StoreErrorCode,
  place: Place,
  what: string,
  advice: string | undefined,
  details: { readonly cause?: unknown; readonly retryAfterMs?: number | undefined },
): StoreError {
  const { operation, key, bucket, store } = place;
  const hint = advice === undefined ? "" : `; ${advice}`;
  return new StoreError(
    code,
    `${operation} of ${JSON.stringify(key)} in bucket ${JSON.stringify(bucket)} failed: ${what}${hint}`,
    { ...details, key, store },
  );
}

/** A token endpoint's 5xx and 429 pass; whatever else keeps us from a token is about the credentials. */
function credentialMeaning(error: unknown): StoreErrorCode {
  const status = propertyOf(error, "status");
  if (status === 429) return "Throttled";
  return typeof status === "number" && (status === 408 || status >= 500) ? "Unavailable" : "Denied";
}

function isOfRequest(error: unknown, url: string): boolean {
  const config = propertyOf(error, "config");
  // Without one it is our own time-out, or of a step before the request.
  if (config === undefined) return codeOf(error) === "ETIMEDOUT";
  return String(propertyOf(config, "url")) === new URL(url).href;
}

/** Its own, or the first of its causes': the global fetch's errors have none themselves. */
function codeOf(error: unknown, depth = 0): string {
  const code = propertyOf(error, "code");
  if (typeof code === "string") return code;
  return depth < 5 ? codeOf(propertyOf(error, "cause"), depth + 1) : "";
}

function propertyOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

/** The SDK's errors carry the request, with its Authorization header, and a token request's with the assertion in it. */
function withoutSecrets(error: unknown): Error {
  const message = scrub(error instanceof Error ? error.message : String(error));
  const clean = new Error(message);
  if (error instanceof Error) clean.name = error.name;
  const [code, status] = [codeOf(error), propertyOf(error, "status")];
  return Object.assign(clean, code === "" ? {} : { code }, typeof status === "number" ? { status } : {});
}

const secrets: readonly RegExp[] = [
  /(?<=\bBearer\s+)\S+/gi,
  // Access tokens, refresh tokens, API keys, and the secrets of OAuth clients.
  /\bya29\.[\w.-]+/g,
  /\b1\/\/[\w-]{8,}/g,
  /\bAIza[\w-]+/g,
  /\bGOCSPX-[\w-]+/g,
  // A signed JWT, or what is left of one.
  /\beyJ[\w-]+(\.[\w-]*)*/g,
  /-----BEGIN[^-]*-----[\s\S]*?(-----END[^-]*-----|$)/g,
  // Whatever they look like: in a form, in JSON, in a URL.
  /(?<=\b(client_secret|refresh_token|access_token|id_token|subject_token|assertion)["']?\s*[=:]\s*["']?)[^\s"'&]+/gi,
  /(?<=\/\/)[^\s/@]+(?=@)/g,
];

/** Without credentials; and no more of a page of HTML than helps. */
function scrub(text: string): string {
  const short = text.slice(0, 2_000);
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, "[redacted]"), short).slice(0, 500);
}

/** Seconds, or a date. */
function retryAfterOf(headers: Headers): number | undefined {
  const value = headers.get("retry-after");
  if (value === null) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}

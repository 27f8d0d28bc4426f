import type { StoreError } from "@state/core";
import {
  fieldOf,
  type Meaning,
  meaningOfForeign,
  retryAfterMs,
  storeError,
  type StoreCall,
} from "@state/core/adapter";
import { jsonOf, shortText, type TextResponse } from "./response.ts";

/** One kind of response of the service, and what it means. */
interface ResponseMeaning extends Meaning {
  readonly status?: number | readonly [from: number, to: number] | undefined;
  /** Of the error in the JSON body: its reasons, and the status that newer APIs have. */
  readonly reasons?: readonly string[] | undefined;
  /** Of the message. */
  readonly text?: RegExp | undefined;
  readonly operations?: readonly StoreCall["operation"][] | undefined;
}

const noBucket = "the bucket does not exist; create it, or mend its name";

/** What the service sends for an absent object in plain text: to downloads, and fake-gcs-server, with a line end. */
const absentText = /^No such object\b|^Not Found\n$/;
const noBucketText = /bucket does not exist/i;

/**
 * What a response of the service means that is not the expected one: the first row that matches it. One that no row matches
 * is `Failed`: it is no verdict on what the service can do.
 *
 * The responses that mean that an object is absent, or that it exists, are recognised before.
 */
const meanings: readonly ResponseMeaning[] = [
  {
    status: [200, 299],
    code: "Unavailable",
    advice: "the response is not the one to this request, or it was cut on the way",
  },
  {
    status: [300, 399],
    code: "Misconfigured",
    advice: "the service redirects: set the endpoint to the address that it redirects to",
  },
  {
    reasons: ["rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "RESOURCE_EXHAUSTED"],
    code: "Throttled",
  },
  {
    reasons: ["backendError", "internalError", "uploadBrokenConnection", "UNAVAILABLE", "ABORTED"],
    code: "Unavailable",
  },
  {
    status: 400,
    reasons: ["userProjectMissing"],
    code: "Misconfigured",
    advice: "the bucket is requester pays: set userProject, or give the credentials a quota project",
  },
  {
    status: 400,
    text: /(md5|crc32c|hash).*match/i,
    operations: ["create"],
    code: "Corrupt",
    advice: "the body was changed on the way; nothing was created",
  },
  {
    // Only a service that names the condition says that it does not know it.
    reasons: ["invalid", "invalidParameter", "notImplemented"],
    text: /if-?Generation-?Match|precondition/i,
    operations: ["create"],
    code: "Unsupported",
    advice: "the service cannot create only if absent: use another",
  },
  {
    status: 401,
    code: "Denied",
    advice: "the credentials are missing, expired or not accepted: replace them",
  },
  {
    status: 403,
    reasons: ["retentionPolicyNotMet", "objectUnderActiveHold"],
    code: "Denied",
    advice: "a retention policy or a hold keeps the object; it can be deleted when that ends",
  },
  {
    status: 403,
    code: "Denied",
    advice: "grant the credentials storage.objects.create, get, list and delete on the bucket",
  },
  { status: 404, text: noBucketText, code: "Misconfigured", advice: noBucket },
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
    advice: "the response does not say what is not there, or it was cut on the way: the object may be there",
  },
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
    advice: "the response does not say that the condition is not met, or it was cut on the way",
  },
  { status: 429, code: "Throttled" },
  { status: 501, code: "Failed" },
  { status: [500, 599], code: "Unavailable" },
];

/** The `StoreError` for a response that is not the expected one. */
export function responseError(response: TextResponse, call: StoreCall): StoreError {
  const { status, headers } = response;
  const { message, reasons } = errorOf(response);
  const wait = retryAfterMs(headers.get("retry-after"), headers.get("date"));
  const meaning = isOfService(response)
    ? meanings.find((row) => matches(row, status, reasons, message, call))
    : meaningOfForeign(status, wait);
  const why = saidBy(response, call);
  const cause = Object.assign(new Error(why), { status, reason: reasons.join(", ") });
  const details = { cause, retryAfterMs: wait, fields: ["reason"] };
  return storeError(call, meaning ?? { code: "Failed" }, why, details);
}

/** What a response says, as a clause for a message. */
export function saidBy(response: TextResponse, call: StoreCall): string {
  const { message } = errorOf(response);
  const said = redacted(message === "" ? response.text : message, call);
  const who = isOfService(response) ? "the service" : "something on the way";
  return `${who} responded with ${response.status} ${said === "" ? "without a message" : `"${said}"`}`;
}

/** Whether a 404 means that there is no object. One that names the bucket, or is a proxy's, does not. */
export function meansAbsent(response: TextResponse): boolean {
  if (response.status !== 404) return false;
  const { message, reasons } = errorOf(response);
  // The service responds to a download in plain text, to everything else in JSON. "Not Found" without a line end is of
  // Google's front ends, for a path that no service has.
  return !noBucketText.test(message) && (reasons.includes("notFound") || absentText.test(message));
}

/** Whether a 412 means that the key has an object already. */
export function meansExists(response: TextResponse): boolean {
  return response.status === 412 && errorOf(response).reasons.includes("conditionNotMet");
}

/** A response counts as the service's only if it carries what nothing on the way does. */
export function isOfService(response: TextResponse): boolean {
  const { message, reasons } = errorOf(response);
  return (
    reasons.length > 0 ||
    // Its server for uploads and downloads sets it, with or without a body.
    response.headers.has("x-guploader-uploadid") ||
    (response.status === 404 && (absentText.test(message) || noBucketText.test(message)))
  );
}

function matches(
  { status, reasons, text, operations }: ResponseMeaning,
  actual: number,
  said: readonly string[],
  message: string,
  { operation }: StoreCall,
): boolean {
  const [from, to] = typeof status === "object" ? status : [status ?? 0, status ?? 599];
  return (
    from <= actual &&
    actual <= to &&
    (reasons === undefined || reasons.some((reason) => said.includes(reason))) &&
    (text === undefined || text.test(message)) &&
    (operations === undefined || operations.includes(operation))
  );
}

/** Redacted before it is cut: half a secret would not be recognised. A page may be long. */
function redacted(text: string, { redact = (same) => same }: StoreCall): string {
  return redact(text.slice(0, shortText)).trim().slice(0, 500);
}

/** What a response says of itself. The message of plain text is that text, with its line end. */
function errorOf(response: TextResponse): { readonly message: string; readonly reasons: readonly string[] } {
  const error = jsonOf(response)?.["error"];
  if (typeof error !== "object" || error === null) return { message: response.text, reasons: [] };
  const message: unknown = Reflect.get(error, "message");
  const errors: unknown = Reflect.get(error, "errors");
  const reasons = [
    ...(Array.isArray(errors) ? errors : []).map((each: unknown) => fieldOf(each, "reason")),
    Reflect.get(error, "status"),
  ].filter((reason) => typeof reason === "string" && reason !== "");
  return { message: typeof message === "string" ? message : "", reasons };
}

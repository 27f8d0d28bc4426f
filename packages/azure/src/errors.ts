import { isStoreError, StoreError } from "@state/core";
import type { StoreErrorCode } from "@state/core";
import { Silence } from "./attempt.ts";
import { headerOf, objectAt } from "./headers.ts";
import { hiderOf, withoutSecrets } from "./secrets.ts";

export type Operation = "create" | "get" | "list" | "delete";

/** Where a failure happened, for its message. */
export interface Place {
  readonly store: string;
  readonly operation: Operation;
  readonly key: string;
  /** What neither the message nor the cause may hold. */
  readonly secrets: readonly string[];
}

/** An answer came that is not one of the blob service, or not all of one. */
export class Unreadable extends Error {
  constructor(why: string, cause?: unknown) {
    super(why, cause === undefined ? undefined : { cause });
    this.name = "Unreadable";
  }
}

/** What is known of an answer that is no success. */
export interface Answer {
  /** Undefined: no answer came. */
  readonly status?: number | undefined;
  /** The service's own word, else the system's or the SDK's. */
  readonly code?: string | undefined;
  readonly retryAfter?: string | undefined;
  /** Whether the service itself wrote it, and not something on the way. */
  readonly isServices?: boolean | undefined;
}

/** Two answers are results: `exists` of a create, `absent` of a get or a delete. */
export type Meaning = "exists" | "absent" | readonly [code: StoreErrorCode, advice: string];

const lease = "; something holds a lease: end it, nothing may lease these blobs";
const immutable = "; a policy forbids it: keep checkpoints in a container without immutability policies";
const held = "; a legal hold forbids it: keep checkpoints in a container without legal holds";
const archived =
  "; a lifecycle rule has moved the blob to the archive tier: rehydrate it, and exclude this prefix";
const suspended = "; the container is being deleted, and its name is taken until that is done";

/** The service's codes, which say more than the status. */
const serviceCodes: ReadonlyMap<string, readonly [code: StoreErrorCode, advice: string]> = new Map([
  ["ServerBusy", ["Throttled", ""]],
  ["AccountBeingCreated", ["Unavailable", ""]],
  ["Md5Mismatch", ["Corrupt", "; the bytes were changed on their way"]],
  ["ContainerNotFound", ["Misconfigured", "; there is no such container: create it, or mend its name"]],
  ["ContainerDisabled", ["Misconfigured", "; the container is disabled"]],
  ["ResourceNotFound", ["Misconfigured", "; mend the account's address or the container's name"]],
  ["InvalidResourceName", ["Misconfigured", "; mend the container's name"]],
  ["ContainerBeingDeleted", ["Failed", suspended]],
  ["BlobImmutableDueToPolicy", ["Failed", immutable]],
  ["BlobImmutableDueToLegalHold", ["Failed", held]],
  ["LeaseIdMissing", ["Failed", lease]],
  ["LeaseIdMismatchWithBlobOperation", ["Failed", lease]],
  ["LeaseIdMismatchWithContainerOperation", ["Failed", lease]],
  ["LeaseLost", ["Failed", lease]],
  ["BlobArchived", ["Failed", archived]],
  ["BlobBeingRehydrated", ["Failed", archived]],
  ["SnapshotsPresent", ["Failed", "; the blob has snapshots: remove them"]],
  // The condition, or the whole request, is not one of this service.
  ["UnsupportedHeader", ["Unsupported", "; the service cannot create only if absent"]],
]);

const statuses: readonly (readonly [from: number, to: number, code: StoreErrorCode, advice: string])[] = [
  // The SDK threw for a status that is no failure: an answer that is not the service's.
  [200, 299, "Unavailable", "; the answer is not one of the blob service"],
  [300, 399, "Misconfigured", "; redirects are not followed: mend the account's address"],
  [401, 401, "Denied", "; the credential was refused"],
  [403, 403, "Denied", "; the credential must allow reading, creating, deleting and listing blobs"],
  [408, 408, "Unavailable", ""],
  [429, 429, "Throttled", ""],
  [501, 501, "Unsupported", "; the service does not know this request"],
  [500, 599, "Unavailable", ""],
];

/** What `@azure/identity` throws when there is no credential, or it is refused. */
const credentialErrors: ReadonlySet<string> = new Set([
  "CredentialUnavailableError",
  "AuthenticationError",
  "AuthenticationRequiredError",
  "AggregateAuthenticationError",
]);

/** The one table: from an answer to what it means to the caller of `operation`. */
export function meaningOf(answer: Answer, operation: Operation): Meaning {
  const { status, code, isServices } = answer;
  if (status === undefined) return ["Unavailable", ""];
  if (operation === "create") {
    if (status === 409 && code === "BlobAlreadyExists") return "exists";
    if (status === 412 && code === "ConditionNotMet") return "exists";
    // A SAS that may create and not write (`c` without `w`): the service says so only when there is a blob to overwrite.
    if (status === 403 && code === "UnauthorizedBlobOverwrite") return "exists";
  }
  if (status === 404 && (operation === "get" || operation === "delete")) {
    if (code === "BlobNotFound") return "absent";
    if (code === undefined && isServices === true) return "absent";
  }
  // Without the service's word a 404 may be a proxy's, and "absent" would be believed.
  if (status === 404 && code === undefined)
    return ["Unavailable", "; it is not the blob service that said so"];
  if (code === "PARSE_ERROR") return ["Unavailable", "; the answer cannot be read"];
  const known = serviceCodes.get(code ?? "");
  if (known !== undefined) return isElsewhere(known, operation) ? ["Failed", ""] : known;
  const row = statuses.find(([from, to]) => status >= from && status <= to);
  if (row === undefined) return ["Failed", ""];
  const [, , meaning, advice] = row;
  return isElsewhere([meaning, advice], operation) ? ["Failed", advice] : [meaning, advice];
}

/** `Unsupported` is about the condition, which only a create has. */
function isElsewhere([code]: readonly [StoreErrorCode, string], operation: Operation): boolean {
  return code === "Unsupported" && operation !== "create";
}

/** What an error of the SDK tells; `undefined` for one that tells of no request at all. */
export function answerOf(error: unknown): Answer | undefined {
  if (!(error instanceof Error)) return undefined;
  const status = numberAt(error, "statusCode");
  const code = textAt(error, "code");
  if (status === undefined) {
    // Not by the name: the SDK calls a dropped connection an AbortError.
    const isNetwork = code !== undefined || error.name === "AbortError" || error.name === "RestError";
    return isNetwork && !(error instanceof TypeError || error instanceof RangeError) ? { code } : undefined;
  }
  const header = (name: string): string | undefined => headerOf(error, "response", name);
  const own = code === "PARSE_ERROR" ? undefined : code;
  return {
    status,
    code: own ?? textAt(objectAt(error, "details"), "errorCode") ?? header("x-ms-error-code") ?? code,
    retryAfter: header("retry-after"),
    isServices: header("x-ms-request-id") !== undefined,
  };
}

export function isCredentialError(error: unknown): error is Error {
  return error instanceof Error && credentialErrors.has(error.name);
}

/** The `StoreError` for whatever a request ended in. */
export function toStoreError(error: unknown, place: Place): StoreError {
  if (isStoreError(error)) return error;
  const what = (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";
  if (isCredentialError(error)) {
    return failure("Denied", place, `${what}; no token could be had`, { cause: error });
  }
  if (error instanceof Silence || error instanceof Unreadable)
    return failure("Unavailable", place, what, { cause: error });
  const answer = answerOf(error);
  if (answer === undefined) return failure("Failed", place, what, { cause: error });
  const meaning = meaningOf(answer, place.operation);
  const [code, advice] = typeof meaning === "string" ? (["Failed", ""] as const) : meaning;
  const name = [answer.status, answer.code].filter((part) => part !== undefined).join(" ");
  return failure(code, place, `${name}${name === "" ? "" : ": "}${what}${advice}`, {
    cause: error,
    retryAfterMs: retryAfterMs(answer.retryAfter),
  });
}

export function failure(
  code: StoreErrorCode,
  place: Place,
  why: string,
  details: { readonly cause?: unknown; readonly retryAfterMs?: number | undefined } = {},
): StoreError {
  const message = `${place.operation} of ${JSON.stringify(place.key)} failed at ${place.store}: ${why}`;
  const hide = hiderOf(place.secrets, details.cause);
  return new StoreError(code, hide(message), {
    key: place.key,
    store: place.store,
    retryAfterMs: details.retryAfterMs,
    cause: withoutSecrets(details.cause, hide),
  });
}

/** Seconds, or an HTTP date. */
export function retryAfterMs(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

function textAt(value: object, name: string): string | undefined {
  const found: unknown = Reflect.get(value, name);
  return typeof found === "string" && found !== "" ? found : undefined;
}

function numberAt(value: object, name: string): number | undefined {
  const found: unknown = Reflect.get(value, name);
  return typeof found === "number" ? found : undefined;
}

import { isStoreError, StoreError } from "@state/core";
import type { StoreErrorCode } from "@state/core";
import { IdleTimeout } from "./request.ts";
import { readSdkError, retryAfterMs, UnreadableResponse } from "./sdk-error.ts";
import type { SdkError } from "./sdk-error.ts";
import { redactorOf, withoutSecrets } from "./secrets.ts";

export type OperationName = "create" | "get" | "list" | "delete";

/** One call of the store, as its errors name it. */
export interface Operation {
  readonly store: string;
  readonly name: OperationName;
  readonly key: string;
  /** Texts that neither the message nor the cause may contain. */
  readonly secrets: readonly string[];
}

/**
 * Two responses are results and no failures: `exists` for a create, `absent` for a get or a delete.
 */
export type Meaning = "exists" | "absent" | readonly [code: StoreErrorCode, advice: string];

const lease = "; something holds a lease: end it, nothing may lease these blobs";
const immutable = "; a policy forbids it: keep checkpoints in a container without immutability policies";
const held = "; a legal hold forbids it: keep checkpoints in a container without legal holds";
const archived =
  "; a lifecycle rule has moved the blob to the archive tier: rehydrate it, and exclude this prefix";
const suspended = "; the container is being deleted, and its name is taken until that is done";

/** By the service's error code, which says more than the status. */
const meaningOfServiceCode: ReadonlyMap<string, readonly [code: StoreErrorCode, advice: string]> = new Map([
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
  // The service does not know the condition, or the whole request.
  ["UnsupportedHeader", ["Unsupported", "; the service cannot create only if absent"]],
]);

const statusMeanings: readonly (readonly [from: number, to: number, code: StoreErrorCode, advice: string])[] =
  [
    // The SDK rejects with such a status if it cannot read the response: it is not the service's.
    [200, 299, "Unavailable", "; the response is not one of the blob service"],
    [300, 399, "Misconfigured", "; redirects are not followed: mend the account's address"],
    [401, 401, "Denied", "; the credential was refused"],
    [403, 403, "Denied", "; the credential must allow reading, creating, deleting and listing blobs"],
    [408, 408, "Unavailable", ""],
    [429, 429, "Throttled", ""],
    [501, 501, "Unsupported", "; the service does not know this request"],
    [500, 599, "Unavailable", ""],
  ];

/**
 * The names of the errors that `@azure/identity` throws if there is no credential, or it is
 * refused.
 */
const credentialErrorNames: ReadonlySet<string> = new Set([
  "CredentialUnavailableError",
  "AuthenticationError",
  "AuthenticationRequiredError",
  "AggregateAuthenticationError",
]);

/** What a failed request means to the caller of `operation`. */
export function meaningOf({ status, code, isFromService }: SdkError, operation: OperationName): Meaning {
  if (status === undefined) return ["Unavailable", ""];
  if (operation === "create") {
    if (status === 409 && code === "BlobAlreadyExists") return "exists";
    if (status === 412 && code === "ConditionNotMet") return "exists";
    // From a SAS that may create but not write (`c` without `w`). The service sends it only if
    // there is a blob to overwrite.
    if (status === 403 && code === "UnauthorizedBlobOverwrite") return "exists";
  }
  if (status === 404 && (operation === "get" || operation === "delete")) {
    if (code === "BlobNotFound") return "absent";
    if (code === undefined && isFromService === true) return "absent";
  }
  // A 404 without a code, and without the service's request id, may be a proxy's: the blob may be
  // there.
  if (status === 404 && code === undefined)
    return ["Unavailable", "; the response is not one of the blob service"];
  if (code === "PARSE_ERROR") return ["Unavailable", "; the response cannot be read"];
  const known = meaningOfServiceCode.get(code ?? "");
  if (known !== undefined) return isUnsupportedElsewhere(known, operation) ? ["Failed", ""] : known;
  const row = statusMeanings.find(([from, to]) => status >= from && status <= to);
  if (row === undefined) return ["Failed", ""];
  const [, , meaning, advice] = row;
  return isUnsupportedElsewhere([meaning, advice], operation) ? ["Failed", advice] : [meaning, advice];
}

/**
 * Whether a meaning is `Unsupported` for another operation than a create: only a create has a
 * condition.
 */
function isUnsupportedElsewhere(
  [code]: readonly [StoreErrorCode, string],
  operation: OperationName,
): boolean {
  return code === "Unsupported" && operation !== "create";
}

/** Whether the error means that a create met an existing blob. */
export function meansExists(error: unknown): boolean {
  const sdkError = readSdkError(error);
  return sdkError !== undefined && meaningOf(sdkError, "create") === "exists";
}

/** Whether the error means that there is no blob. */
export function meansAbsent(error: unknown, operation: "get" | "delete"): boolean {
  const sdkError = readSdkError(error);
  return sdkError !== undefined && meaningOf(sdkError, operation) === "absent";
}

export function isCredentialError(error: unknown): error is Error {
  return error instanceof Error && credentialErrorNames.has(error.name);
}

/** The `StoreError` for whatever a request rejected with. */
export function toStoreError(error: unknown, operation: Operation): StoreError {
  if (isStoreError(error)) return error;
  const what = (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";
  if (isCredentialError(error)) {
    return storeError("Denied", operation, `${what}; no token could be had`, { cause: error });
  }
  if (error instanceof IdleTimeout || error instanceof UnreadableResponse)
    return storeError("Unavailable", operation, what, { cause: error });
  const sdkError = readSdkError(error);
  if (sdkError === undefined) return storeError("Failed", operation, what, { cause: error });
  const meaning = meaningOf(sdkError, operation.name);
  const [code, advice] = typeof meaning === "string" ? (["Failed", ""] as const) : meaning;
  const name = [sdkError.status, sdkError.code].filter((part) => part !== undefined).join(" ");
  return storeError(code, operation, `${name}${name === "" ? "" : ": "}${what}${advice}`, {
    cause: error,
    retryAfterMs: retryAfterMs(sdkError.retryAfter),
  });
}

/** A `StoreError` without secrets, whose message says which operation failed, and why. */
export function storeError(
  code: StoreErrorCode,
  operation: Operation,
  why: string,
  details: { readonly cause?: unknown; readonly retryAfterMs?: number | undefined } = {},
): StoreError {
  const message = `${operation.name} of ${JSON.stringify(operation.key)} failed at ${operation.store}: ${why}`;
  const redact = redactorOf(operation.secrets, details.cause);
  return new StoreError(code, redact(message), {
    key: operation.key,
    store: operation.store,
    retryAfterMs: details.retryAfterMs,
    cause: withoutSecrets(details.cause, redact),
  });
}

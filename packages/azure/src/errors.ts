import { isStoreError, StoreError, type StoreErrorCode } from "@state/core";

/** Where a failure happened, for its message. */
export interface Place {
  /** The store's `name`. */
  readonly store: string;
  readonly operation: "create" | "get" | "list" | "delete";
  readonly key: string;
}

type Meaning = readonly [code: StoreErrorCode, advice?: string];

const rights = "the credential needs to read, create, list and delete blobs in the container";
const noContainer = "create the container, or mend its name";
const clash = "checkpoints are deleted and never overwritten: exempt the prefix";

/** By the service's own error code. It comes before the status. */
export const meaningOfCode: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ["ServerBusy", ["Throttled"]],
  ["TooManyRequests", ["Throttled"]],
  ["InternalError", ["Unavailable"]],
  ["OperationTimedOut", ["Unavailable"]],
  ["ContainerNotFound", ["Misconfigured", noContainer]],
  ["ContainerDisabled", ["Misconfigured", noContainer]],
  ["ResourceNotFound", ["Misconfigured", noContainer]],
  ["AccountIsDisabled", ["Misconfigured"]],
  ["InvalidResourceName", ["Misconfigured", noContainer]],
  ["Md5Mismatch", ["Corrupt", "the body was changed on its way to the service"]],
  ["AuthenticationFailed", ["Denied"]],
  ["AuthorizationFailure", ["Denied", rights]],
  ["AuthorizationPermissionMismatch", ["Denied", rights]],
  ["InsufficientAccountPermissions", ["Denied", rights]],
  ["NoAuthenticationInformation", ["Denied"]],
  ["InvalidAuthenticationInfo", ["Denied"]],
  ["KeyBasedAuthenticationNotPermitted", ["Denied"]],
  ["PublicAccessNotPermitted", ["Denied"]],
  // These say that the key is taken in some other way than by a blob of ours.
  ["ContainerBeingDeleted", ["Failed", "the container is being deleted"]],
  ["BlobImmutableDueToPolicy", ["Failed", clash]],
  ["LeaseIdMissing", ["Failed", "somebody holds a lease on the blob"]],
  ["LeaseLost", ["Failed"]],
  ["LeaseIdMismatchWithBlobOperation", ["Failed"]],
  ["SnapshotsPresent", ["Failed"]],
  ["BlobArchived", ["Failed", "the blob is archived: exempt the prefix from such lifecycle rules"]],
  ["BlobBeingRehydrated", ["Failed"]],
]);

export const meaningOfStatus: ReadonlyMap<number, Meaning> = new Map<number, Meaning>([
  [401, ["Denied"]],
  [403, ["Denied", rights]],
  // Without a code of the service's it is a proxy's, or cut short: whether the blob is there is not known.
  [404, ["Unavailable"]],
  [408, ["Unavailable"]],
  [409, ["Unavailable"]],
  [429, ["Throttled"]],
  [501, ["Failed"]],
]);

/** Errors of the client and of Node that have no status. */
export const meaningOfClientCode: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ["REQUEST_SEND_ERROR", ["Unavailable"]],
  ["PARSE_ERROR", ["Unavailable"]],
  ["ECONNRESET", ["Unavailable"]],
  ["ECONNREFUSED", ["Unavailable"]],
  ["ECONNABORTED", ["Unavailable"]],
  ["EPIPE", ["Unavailable"]],
  ["ETIMEDOUT", ["Unavailable"]],
  ["EHOSTUNREACH", ["Unavailable"]],
  ["ENETUNREACH", ["Unavailable"]],
  ["ENOTFOUND", ["Unavailable"]],
  ["EAI_AGAIN", ["Unavailable"]],
  ["ERR_STREAM_PREMATURE_CLOSE", ["Unavailable"]],
  ["CERT_HAS_EXPIRED", ["Misconfigured"]],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", ["Misconfigured"]],
  ["SELF_SIGNED_CERT_IN_CHAIN", ["Misconfigured"]],
  ["ERR_TLS_CERT_ALTNAME_INVALID", ["Misconfigured"]],
]);

export const meaningOfName: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ["IdleError", ["Unavailable"]],
  // The client's word for a dropped connection; an abort of the caller's never comes here.
  ["AbortError", ["Unavailable"]],
  // The client's when an answer lacks what it takes for granted: an etag, a length, a segment of a listing.
  ["RangeError", ["Unavailable"]],
  ["TypeError", ["Unavailable"]],
  ["AuthenticationError", ["Denied"]],
  ["AuthenticationRequiredError", ["Denied"]],
  ["AggregateAuthenticationError", ["Denied"]],
  ["CredentialUnavailableError", ["Denied"]],
]);

/** Errors of the client and of Node that have nothing but a text. */
export const meaningOfText: readonly (readonly [text: RegExp, meaning: Meaning])[] = [
  [/^Parse Error|socket hang up/, ["Unavailable"]],
  [/^Invalid state: sub responses' count/, ["Unavailable"]],
];

/** What the service said: of an SDK error, or of a part of a batch's answer. */
export interface Refusal {
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly message: string;
  readonly retryAfterMs?: number | undefined;
}

/** The `StoreError` for whatever the client rejected with. */
export function toStoreError(error: unknown, place: Place): StoreError {
  if (isStoreError(error)) return error;
  const refusal = refusalOf(error);
  return storeErrorOf(refusal, place, meaningOf(refusal, error), withoutSecrets(error, refusal));
}

/** The `StoreError` for a part of a batch's answer. */
export function toPartError(refusal: Refusal, place: Place): StoreError {
  return storeErrorOf(refusal, place, meaningOf(refusal, undefined), undefined);
}

export function failure(code: StoreErrorCode, place: Place, why: string): StoreError {
  return new StoreError(code, `${subject(place)} failed: ${why}`, { key: place.key, store: place.store });
}

const existing: ReadonlyMap<string, number> = new Map([
  ["BlobAlreadyExists", 409],
  ["ConditionNotMet", 412],
  // A SAS that may create and not write is told so, and only when there is a blob to overwrite.
  ["UnauthorizedBlobOverwrite", 403],
]);

/** The key is taken, by whomever. */
export function saysExists(error: unknown): boolean {
  const { code, status } = refusalOf(error);
  return code !== undefined && existing.has(code) && existing.get(code) === status;
}

/** The service's own word; a proxy's 404 has none. */
export function saysAbsent({ status, code }: Refusal): boolean {
  return status === 404 && code === "BlobNotFound";
}

/** A service without batches, such as one behind a gateway that does not know them. */
export function saysNoBatch({ status, code }: Refusal): boolean {
  return status === 405 || status === 501 || code === "NotImplemented" || code === "UnsupportedHttpVerb";
}

export function refusalOf(error: unknown): Refusal {
  const status = numberOf(propertyOf(error, "statusCode"));
  // By version the code is on the error or in its details.
  const code =
    textOf(propertyOf(error, "code")) ?? textOf(propertyOf(propertyOf(error, "details"), "errorCode"));
  const headers: unknown = propertyOf(propertyOf(error, "response"), "headers");
  const message = error instanceof Error ? scrub(error.message) : scrub(String(error));
  return { status, code, message, retryAfterMs: retryAfterOf(headers) };
}

function meaningOf({ status, code, message }: Refusal, error: unknown): Meaning {
  const byCode = meaningOfCode.get(code ?? "");
  if (byCode !== undefined) return byCode;
  if (status !== undefined) {
    const byStatus = meaningOfStatus.get(status);
    if (byStatus !== undefined) return byStatus;
    // An answer that was no error, and yet could not be read: half of it, or somebody else's.
    if (status < 300 || status >= 500) return ["Unavailable"];
    return status < 400 ? ["Misconfigured", "the endpoint sends elsewhere"] : ["Failed"];
  }
  const byClient = meaningOfClientCode.get(code ?? "");
  if (byClient !== undefined) return byClient;
  const byName = meaningOfName.get(error instanceof Error ? error.name : "");
  if (byName !== undefined) return byName;
  return meaningOfText.find(([text]) => text.test(message))?.[1] ?? ["Failed"];
}

function storeErrorOf(refusal: Refusal, place: Place, meaning: Meaning, cause: unknown): StoreError {
  const [code, advice] = meaning;
  const { status, message } = refusal;
  const name = refusal.code ?? "an error";
  const what = `${name}${status === undefined ? "" : ` (${status})`}: ${message.split("\n", 1)[0]}`;
  return new StoreError(
    code,
    `${subject(place)} failed: ${what}${advice === undefined ? "" : `; ${advice}`}`,
    {
      key: place.key,
      store: place.store,
      retryAfterMs: refusal.retryAfterMs,
      cause,
    },
  );
}

function subject({ operation, key, store }: Place): string {
  return `${operation} of ${JSON.stringify(key)} in ${store}`;
}

/** The client's errors carry the request: its URL with the SAS, and its Authorization header. */
function withoutSecrets(error: unknown, { status, code, message }: Refusal): Error {
  const clean = new Error(message);
  if (error instanceof Error) clean.name = error.name;
  return Object.assign(clean, code === undefined ? {} : { code }, status === undefined ? {} : { status });
}

function scrub(text: string): string {
  return text
    .slice(0, 2_000)
    .replaceAll(/\bsig=[^&\s"'<]*/gi, "sig=[redacted]")
    .replaceAll(/\b(AccountKey|SharedAccessSignature)=[^;\s]*/gi, "$1=[redacted]")
    .replaceAll(/\b(SharedKey\s+[^:\s]+:|Bearer\s+)\S+/gi, "$1[redacted]");
}

/** Seconds, or a date; what the client holds headers in has a `get`. */
function retryAfterOf(headers: unknown): number | undefined {
  if (typeof headers !== "object" || headers === null || !("get" in headers)) return undefined;
  const value: unknown = (headers.get as (name: string) => unknown).call(headers, "retry-after");
  if (typeof value !== "string") return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}

function propertyOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

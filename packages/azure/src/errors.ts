import { isStoreError, type StoreError } from "@state/core";
import {
  fieldOf,
  type Meaning,
  meaningOfForeign,
  meaningOfSilence,
  retryAfterMs,
  SdkFailure,
  type StoreCall,
  storeError,
  textOf,
} from "@state/core/adapter";
import { TokenFailure } from "./token.ts";

type Operation = StoreCall["operation"];

/** What a response of the service says that is not the expected one. */
export interface Refusal {
  readonly status: number;
  /** The service's error code, or the SDK's for a body that it cannot read. */
  readonly code?: string | undefined;
  /** The body, as far as it is text. */
  readonly text?: string | undefined;
}

interface Headers {
  get(name: string): string | undefined;
}

/** The response has nothing of the blob service: a proxy, a gateway or a portal has written it. */
export class ForeignResponse extends Error {
  readonly status: number;
  readonly retryAfterMs: number | undefined;

  constructor({ status, headers }: { readonly status: number; readonly headers: Headers }) {
    const server = headers.get("server");
    super(`HTTP ${status} that is not the blob service's${server === undefined ? "" : `, by ${server}`}`);
    this.name = "ForeignResponse";
    this.status = status;
    this.retryAfterMs = retryAfterMs(headers.get("retry-after"), headers.get("date"));
  }
}

/** The response is not one of the blob service, or only a part of one. */
export class UnreadableResponse extends Error {
  constructor(why: string, cause?: unknown) {
    super(why, cause === undefined ? undefined : { cause });
    this.name = "UnreadableResponse";
  }
}

const mendCredential = "mend the key, SAS or token, and this machine's clock";
const rights =
  "the credential must allow reading, creating, deleting and listing blobs; a new role takes some minutes to count";
const mendContainer = "create the container, or mend its name";
const mendAccount = "mend the account's address or the container's name";
const lease = "something holds a lease: end it, nothing may lease these blobs";
const immutable = "a policy forbids it: keep checkpoints in a container without immutability policies";
const archived =
  "a lifecycle rule has moved the blob to the archive tier: rehydrate it, and exclude this prefix";
const vault = "the account's key in Key Vault cannot be used: mend the key, or the account's right to it";
const ownKey = "the blob is encrypted with another key: set customerProvidedKey to that, or leave it out";
const noCondition =
  "the service does not know If-None-Match, without which it cannot hold checkpoints: use another service";

/** By the service's error code, which says more than the status. */
const meaningOfCode: ReadonlyMap<string, Meaning> = new Map([
  ["ServerBusy", { code: "Throttled" }],
  ["TooManyRequests", { code: "Throttled" }],
  ["AccountBeingCreated", { code: "Unavailable" }],
  ["Md5Mismatch", { code: "Corrupt", advice: "the bytes were changed on their way" }],
  ["InvalidAuthenticationInfo", { code: "Denied", advice: mendCredential }],
  ["AuthenticationFailed", { code: "Denied", advice: mendCredential }],
  ["NoAuthenticationInformation", { code: "Denied", advice: "set a credential: none was sent" }],
  ["AccountIsDisabled", { code: "Denied", advice: "enable the account" }],
  ["KeyVaultEncryptionKeyNotFound", { code: "Denied", advice: vault }],
  ["KeyVaultAccessTokenCannotBeAcquired", { code: "Denied", advice: vault }],
  ["KeyVaultVaultNotFound", { code: "Denied", advice: vault }],
  [
    "AuthorizationSourceIPMismatch",
    { code: "Denied", advice: "the SAS does not allow this machine's address" },
  ],
  [
    "AuthorizationProtocolMismatch",
    { code: "Denied", advice: "the SAS allows HTTPS alone: mend the address" },
  ],
  ["PublicAccessNotPermitted", { code: "Denied", advice: "set a credential: none was sent" }],
  ["ContainerNotFound", { code: "Misconfigured", advice: mendContainer }],
  ["ContainerDisabled", { code: "Misconfigured", advice: "enable the container" }],
  ["ResourceNotFound", { code: "Misconfigured", advice: mendAccount }],
  ["InvalidResourceName", { code: "Misconfigured", advice: mendAccount }],
  ["InvalidUri", { code: "Misconfigured", advice: mendAccount }],
  ["AccountRequiresHttps", { code: "Misconfigured", advice: "use the account's https address" }],
  [
    "ContainerBeingDeleted",
    { code: "Failed", advice: "the container is being deleted: its name is taken until that is done" },
  ],
  ["BlobImmutableDueToPolicy", { code: "Failed", advice: immutable }],
  [
    "BlobImmutableDueToLegalHold",
    {
      code: "Failed",
      advice: "a legal hold forbids it: keep checkpoints in a container without legal holds",
    },
  ],
  ["LeaseIdMissing", { code: "Failed", advice: lease }],
  ["LeaseIdMismatchWithBlobOperation", { code: "Failed", advice: lease }],
  ["LeaseIdMismatchWithContainerOperation", { code: "Failed", advice: lease }],
  ["LeaseLost", { code: "Failed", advice: lease }],
  ["BlobArchived", { code: "Failed", advice: archived }],
  ["BlobBeingRehydrated", { code: "Failed", advice: archived }],
  ["SnapshotsPresent", { code: "Failed", advice: "the blob has snapshots: remove them" }],
  ["BlobUsesCustomerSpecifiedEncryption", { code: "Failed", advice: ownKey }],
  ["BlobDoesNotUseCustomerSpecifiedEncryption", { code: "Failed", advice: ownKey }],
  ["BlobCustomerSpecifiedEncryptionMismatch", { code: "Failed", advice: ownKey }],
  ["PARSE_ERROR", { code: "Unavailable", advice: "the response cannot be read" }],
] satisfies [string, Meaning][]);

/** By the status of the service's own response, where its code is in no row of `meaningOfCode`. The first row counts. */
const meaningOfStatus: readonly (readonly [from: number, to: number, Meaning])[] = [
  // The SDK rejects with such a status if the service has responded to another request than this.
  [200, 299, { code: "Unavailable", advice: "the response is not one to this request" }],
  [300, 399, { code: "Misconfigured", advice: "redirects are not followed: mend the account's address" }],
  [401, 401, { code: "Denied", advice: mendCredential }],
  [403, 403, { code: "Denied", advice: rights }],
  [408, 408, { code: "Unavailable" }],
  [429, 429, { code: "Throttled" }],
  [501, 501, { code: "Failed", advice: "the service does not know this request" }],
  [500, 599, { code: "Unavailable" }],
];

/** What a response of the service means to `operation`. Two are results and no failures. */
export function meaningOf(refusal: Refusal, operation: Operation): Meaning | "exists" | "absent" {
  const { status, code } = refusal;
  if (operation === "create") {
    if (status === 409 && code === "BlobAlreadyExists") return "exists";
    if (status === 412 && code === "ConditionNotMet") return "exists";
    // From a SAS that may create but not write (`c` without `w`). The service sends it only if
    // there is a blob to overwrite.
    if (status === 403 && code === "UnauthorizedBlobOverwrite") return "exists";
    if (refusesCondition(refusal)) return { code: "Unsupported", advice: noCondition };
  } else if (
    (operation === "get" || operation === "delete") &&
    status === 404 &&
    (code === undefined || code === "BlobNotFound")
  )
    return "absent";
  if (status === 404 && code === undefined)
    return { code: "Unavailable", advice: "the response does not say what was not found" };
  const known = meaningOfCode.get(code ?? "");
  if (known !== undefined) return known;
  return meaningOfStatus.find(([from, to]) => status >= from && status <= to)?.[2] ?? { code: "Failed" };
}

/** Whether the service says of itself that it does not know the condition. It says the same words of other headers. */
function refusesCondition({ status, code, text = "" }: Refusal): boolean {
  if (code === "ConditionHeadersNotSupported") return true;
  if (code !== "UnsupportedHeader" && status !== 501) return false;
  if (/if-none-match/i.test(text)) return true;
  // Some name no header; the condition is the only one that a plain create has.
  return !/<HeaderName>|x-ms-|encrypt/i.test(text);
}

/** Reads an error of the SDK. Returns `undefined` for one that has no response of the service. */
export function readRefusal(error: unknown): Refusal | undefined {
  const status = fieldOf(error, "statusCode");
  if (!(error instanceof Error) || typeof status !== "number" || error instanceof TokenFailure)
    return undefined;
  const response = fieldOf(error, "response");
  const text = textOf(response, "bodyAsText");
  const own = textOf(error, "code");
  const code =
    (own === "PARSE_ERROR" ? undefined : own) ??
    textOf(fieldOf(error, "details"), "errorCode") ??
    headersOf(response)?.get("x-ms-error-code") ??
    /<Code>\s*(\w+)\s*<\/Code>/.exec(text ?? "")?.[1] ??
    own;
  return { status, code, text };
}

/** Whether the error means that a create met an existing blob. */
export function meansExists(error: unknown): boolean {
  const refusal = readRefusal(error);
  return refusal !== undefined && meaningOf(refusal, "create") === "exists";
}

/** Whether the error means that there is no blob. */
export function meansAbsent(error: unknown, operation: "get" | "delete"): boolean {
  const refusal = readRefusal(error);
  return refusal !== undefined && meaningOf(refusal, operation) === "absent";
}

/** Whether the service has refused the token of the request. */
export function saysTokenRefused(error: unknown): boolean {
  return readRefusal(error)?.status === 401;
}

/** The error of a request whose token was refused, once another one was asked for. */
export function refusedTokenError(error: unknown, call: StoreCall, hasAnother: boolean): StoreError {
  return fromRefusal(
    error,
    call,
    hasAnother
      ? { code: "Unavailable", advice: "the credential has given a new token since" }
      : { code: "Denied", advice: `the credential gives the refused token again: ${mendCredential}` },
  );
}

/** The `StoreError` for whatever a request rejected with. */
export function toStoreError(error: unknown, call: StoreCall): StoreError {
  if (isStoreError(error)) return error;
  const what = firstLine(error);
  if (error instanceof TokenFailure) {
    const meaning: Meaning = error.isRefusal
      ? { code: "Denied", advice: "nothing was sent: mend the credential, or its rights" }
      : { code: "Unavailable", advice: "nothing was sent: the credential gave no token this time" };
    return storeError(call, meaning, what, { cause: error.cause ?? error });
  }
  if (error instanceof SdkFailure)
    return storeError(call, { code: "Misconfigured", advice: error.advice }, what, { cause: error.cause });
  if (error instanceof ForeignResponse) {
    const wait = error.retryAfterMs;
    const meaning = meaningOfForeign(error.status, wait);
    return storeError(call, meaning, what, { cause: error, retryAfterMs: wait });
  }
  if (error instanceof UnreadableResponse)
    return storeError(call, { code: "Unavailable" }, what, { cause: error });
  const refusal = readRefusal(error);
  if (refusal === undefined) return storeError(call, meaningOfSilence(error), what, { cause: error });
  const meaning = meaningOf(refusal, call.operation);
  return fromRefusal(error, call, typeof meaning === "string" ? { code: "Failed" } : meaning);
}

function fromRefusal(error: unknown, call: StoreCall, meaning: Meaning): StoreError {
  const { status, code } = readRefusal(error) ?? {};
  const headers = headersOf(fieldOf(error, "response"));
  const name = [status, code].filter((part) => part !== undefined).join(" ");
  // The cause's copy keeps these: the service's support finds a request by its id.
  Object.assign(Object(error), { code, requestId: headers?.get("x-ms-request-id") });
  return storeError(call, meaning, [name, firstLine(error)].filter(Boolean).join(": "), {
    cause: error,
    retryAfterMs: retryAfterMs(headers?.get("retry-after"), headers?.get("date")),
  });
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n", 1)[0] ?? "";
}

function headersOf(response: unknown): Headers | undefined {
  const headers = fieldOf(response, "headers");
  return typeof fieldOf(headers, "get") === "function" ? (headers as Headers) : undefined;
}

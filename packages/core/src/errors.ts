import { nextSteps, nextStepsOfStore } from "./next-steps.ts";
import type { Seal } from "./seal.ts";

const storeBrand = Symbol.for("@state/core/StoreError");
const stateBrand = Symbol.for("@state/core/StateError");

/**
 * What a store's failure means to its caller.
 *
 * | code | meaning |
 * | --- | --- |
 * | `Unavailable` | network, time-out, 5xx: try again; after a create the outcome is unknown |
 * | `Throttled` | try again later, `retryAfterMs` if the service said |
 * | `Denied` | credentials or permissions |
 * | `Misconfigured` | no such bucket, container, root or region |
 * | `Unsupported` | the service cannot create-if-absent |
 * | `InvalidKey` | refused before anything was sent |
 * | `Corrupt` | bytes that do not match the service's own checksum or length: try again |
 * | `Failed` | anything else, `cause` kept; not retried |
 */
export type StoreErrorCode =
  | "Unavailable"
  | "Throttled"
  | "Denied"
  | "Misconfigured"
  | "Unsupported"
  | "InvalidKey"
  | "Corrupt"
  | "Failed";

export interface StoreErrorDetails {
  readonly key?: string | undefined;
  readonly store?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** The one error that a store's operations reject with, aborts and bad arguments aside. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;
  /** Whether the same request may succeed later: true for `Unavailable`, `Throttled` and `Corrupt`. */
  readonly retryable: boolean;
  declare readonly key?: string | undefined;
  /** The store's `name`. */
  declare readonly store?: string | undefined;
  /** How long the service asked to wait, in milliseconds. */
  declare readonly retryAfterMs?: number | undefined;

  constructor(code: StoreErrorCode, message: string, details: StoreErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "StoreError";
    this.code = code;
    this.retryable = code === "Unavailable" || code === "Throttled" || code === "Corrupt";
    const { key, store, retryAfterMs } = details;
    assignDefined(this, { key, store, retryAfterMs });
    Object.defineProperty(this, storeBrand, { value: true });
  }
}

/** Recognises a `StoreError` by its brand, so also one from another copy of this package. */
export function isStoreError(value: unknown): value is StoreError {
  return isBranded(value, storeBrand);
}

/**
 * What a backend's call could not do. The message names the store, the call and the object, and ends with what to do.
 *
 * | code | meaning |
 * | --- | --- |
 * | `StaleVersion` | a higher assignment version has been claimed |
 * | `SplitBrainCommit` | another instance sealed the epoch |
 * | `EpochAborted` | the epoch is void for ever |
 * | `EpochPruned` | the epoch is below the floor |
 * | `EpochSuperseded` | a later epoch of this backend is sealed, or may be |
 * | `EpochSealed` | `abort` found a seal, `seal` on the error |
 * | `NotSealed` | the epoch has no seal that could be given up, or pinned |
 * | `NotPinned` | no epoch is pinned by this name |
 * | `TooManyPins` | 256 epochs are pinned |
 * | `SealMismatch` | the epoch is sealed, with other contents than asked about |
 * | `BaseChanged` | `unchanged` referred to another epoch than is the newest now |
 * | `VnodeOmitted` | a vnode that the newest seal names is neither given, unchanged nor dropped |
 * | `AttachmentOmitted` | an attachment was written for the epoch and is not passed |
 * | `FenceRequired` | `unchanged` needs a version claimed by `takeover`, and so do chunks of lower epochs |
 * | `ReceiptRequired` | a vnode needs its receipt, or to be written again; `keys` are chunks that cannot be used again |
 * | `ReceiptInvalid` | a receipt does not belong to the epoch, or a vnode is named twice |
 * | `AmbiguousPartial` | `acceptListed`, and several partials of one vnode |
 * | `PartialLost` | an object that a receipt or a seal names is gone |
 * | `Corrupt` | bytes are not what was written |
 * | `SourceFailed` | what the caller gave to be written failed: its stream, its cut or its codec |
 * | `UnknownCodec` | it was written with a codec that the backend was opened without |
 * | `UnknownFormat` | written by a later version of this library |
 * | `CapacityMismatch` | the namespace was created with another vnode capacity |
 * | `NamespaceAbsent` | the store holds no checkpoints, and `mustExist` says that it must |
 * | `ConditionIgnored` | the store overwrites, or refuses the condition: it cannot hold checkpoints |
 * | `OutcomeUnknown` | a create may or may not have taken effect |
 * | `ReadOnly` | the backend was opened with `readOnly` |
 * | `Closed` | the backend was closed |
 * | `StoreFailed` | the store failed, `cause` is its `StoreError` |
 */
export type StateErrorCode =
  | "StaleVersion"
  | "SplitBrainCommit"
  | "EpochAborted"
  | "EpochPruned"
  | "EpochSuperseded"
  | "SealMismatch"
  | "EpochSealed"
  | "NotSealed"
  | "NotPinned"
  | "TooManyPins"
  | "BaseChanged"
  | "VnodeOmitted"
  | "AttachmentOmitted"
  | "FenceRequired"
  | "ReceiptRequired"
  | "ReceiptInvalid"
  | "AmbiguousPartial"
  | "PartialLost"
  | "Corrupt"
  | "SourceFailed"
  | "UnknownCodec"
  | "UnknownFormat"
  | "CapacityMismatch"
  | "NamespaceAbsent"
  | "ConditionIgnored"
  | "OutcomeUnknown"
  | "ReadOnly"
  | "Closed"
  | "StoreFailed";

/** Whether an epoch is sealed. Rolling sinks back on anything but `"no"` can lose data. */
export type Sealed = "no" | "yes" | "unknown";

export interface StateErrorDetails {
  readonly sealed: Sealed;
  readonly epoch?: number | undefined;
  readonly vnode?: number | undefined;
  readonly committer?: string | undefined;
  readonly version?: number | undefined;
  readonly key?: string | undefined;
  readonly keys?: readonly string[] | undefined;
  readonly seal?: Seal | undefined;
  /** What to do, where the code alone does not tell. */
  readonly next?: string | undefined;
  readonly cause?: unknown;
}

/** The one error that a backend's calls reject with, aborts and bad arguments (`TypeError`, `RangeError`) aside. */
export class StateError extends Error {
  readonly code: StateErrorCode;
  /** Whether the epoch that the call was about is sealed; `"unknown"` for every call that did not look. */
  readonly sealed: Sealed;
  /** Whether the same call may succeed if it is made again. */
  readonly retryable: boolean;
  declare readonly epoch?: number | undefined;
  declare readonly vnode?: number | undefined;
  /** The instance that sealed the epoch. */
  declare readonly committer?: string | undefined;
  /** The assignment version that stands in the way. */
  declare readonly version?: number | undefined;
  declare readonly key?: string | undefined;
  /** The chunks that cannot be used again: `writePartial` sends them if they are passed as `except`. */
  declare readonly keys?: readonly string[] | undefined;
  /** The seal that was found. */
  declare readonly seal?: Seal | undefined;

  /** @param fact what is so, as a sentence without its full stop */
  constructor(code: StateErrorCode, fact: string, details: StateErrorDetails) {
    const { cause } = details;
    const next = details.next ?? nextStep(code, cause);
    super(`${fact}. ${next}.`, cause === undefined ? undefined : { cause });
    this.name = "StateError";
    this.code = code;
    this.sealed = details.sealed;
    this.retryable = code === "OutcomeUnknown" || (code === "StoreFailed" && isPassing(cause));
    const { epoch, vnode, committer, version, key, keys, seal } = details;
    assignDefined(this, { epoch, vnode, committer, version, key, keys, seal });
    Object.defineProperty(this, stateBrand, { value: true });
  }
}

/** Recognises a `StateError` by its brand, so also one from another copy of this package. */
export function isStateError(value: unknown): value is StateError {
  return isBranded(value, stateBrand);
}

function nextStep(code: StateErrorCode, cause: unknown): string {
  if (code !== "StoreFailed") return nextSteps[code];
  return nextStepsOfStore[isStoreError(cause) ? cause.code : "Failed"];
}

function isPassing(cause: unknown): boolean {
  return isStoreError(cause) && cause.retryable;
}

/** A store's error as a `StateError`; all else stays what it is. */
export function asStateError(
  error: unknown,
  what: string,
  details: StateErrorDetails,
  signal: AbortSignal | undefined,
): unknown {
  if (!isStoreError(error) || isReason(error, signal)) return error;
  return storeFailed(`${what}: ${messageOf(error)}`, error, details);
}

/** The error of a call whose request the store has failed, for good or after every attempt. */
export function storeFailed(fact: string, cause: unknown, details: StateErrorDetails): StateError {
  const key = details.key ?? (isStoreError(cause) ? cause.key : undefined);
  return new StateError("StoreFailed", fact, { ...details, key, cause });
}

/** What a call rejects with, whatever it met. A message begins with `where`: which call, on which store. */
export function asErrorOfCall(
  error: unknown,
  where: string,
  details: StateErrorDetails,
  signal: AbortSignal | undefined,
): unknown {
  if (isReason(error, signal)) return error;
  if (isStoreError(error)) return storeFailed(`${where}: ${messageOf(error)}`, error, details);
  if (!isStateError(error)) return error;
  const { message } = error;
  error.message = `${where}: ${message}`;
  // The stack was written when the error was made.
  if (error.stack !== undefined) error.stack = error.stack.replace(message, () => error.message);
  return error;
}

/** An abort's reason stays what it is, whatever it is. */
export function isReason(error: unknown, signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true && error === signal.reason;
}

/** What a store said, and how often it was asked. */
export function messageOf(cause: unknown): string {
  const said = cause instanceof Error ? cause.message : String(cause);
  const effort = isStoreError(cause) ? efforts.get(cause) : undefined;
  return effort === undefined ? said : `${said} (${effort})`;
}

const efforts = new WeakMap<StoreError, string>();

/** Notes how often a request was sent before its error was given to whoever called, and for how long. */
export function noteEffort(error: StoreError, request: string, attempts: number, ms: number): void {
  const times = attempts === 1 ? "1 attempt" : `${attempts} attempts`;
  efforts.set(error, `${request}: ${times} in ${(ms / 1000).toFixed(1)} s`);
}

/** A printed error shows the fields that say something, and no others. */
function assignDefined(error: Error, fields: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) Object.assign(error, { [name]: value });
  }
}

function isBranded(value: unknown, brand: symbol): boolean {
  return typeof value === "object" && value !== null && Reflect.get(value, brand) === true;
}

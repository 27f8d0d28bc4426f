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
 * What a backend's call could not do.
 *
 * | code | meaning | what to do |
 * | --- | --- | --- |
 * | `StaleVersion` | a higher assignment version has been claimed | stop leading; a restart claims a higher one |
 * | `SplitBrainCommit` | another instance sealed the epoch | stop: two instances believe they lead |
 * | `EpochAborted` | the epoch is void for ever | roll back; use a higher epoch |
 * | `EpochPruned` | the epoch is below the floor | restore from the newest seal |
 * | `EpochSuperseded` | a later epoch of this backend is sealed, or may be | use a higher epoch |
 * | `EpochSealed` | `abort` found a seal, `seal` on the error | restore from it |
 * | `NotSealed` | the epoch has no seal that could be given up | |
 * | `SealMismatch` | the epoch is sealed, with other contents than asked about | restore from the seal |
 * | `BaseChanged` | `unchanged` referred to another epoch than is the newest now | write what changed since that one |
 * | `VnodeOmitted` | a vnode that the newest seal names is neither given, unchanged nor dropped | name it |
 * | `AttachmentOmitted` | an attachment was written for the epoch and is not passed | pass its receipt |
 * | `FenceRequired` | `unchanged` needs a version claimed by `takeover` | call `takeover` first |
 * | `ReceiptRequired` | a vnode number cannot be resolved without its receipt | pass the receipt, or write the vnode |
 * | `ReceiptInvalid` | a receipt does not belong to the epoch, or a vnode is named twice | mend the call |
 * | `AmbiguousPartial` | `acceptListed`, and several partials of one vnode | pass the receipt |
 * | `PartialLost` | an object that a receipt or a seal names is gone | restore from another epoch; find who deleted it |
 * | `Corrupt` | bytes are not what was written | find out who changed them |
 * | `UnknownFormat` | written by a later version of this library | upgrade |
 * | `CapacityMismatch` | the namespace was created with another vnode capacity | open it with that capacity |
 * | `NamespaceAbsent` | the store holds no checkpoints, and `mustExist` says that it must | check the bucket, path or prefix |
 * | `ConditionIgnored` | the store overwrites, or refuses the condition: it cannot hold checkpoints | use another store |
 * | `OutcomeUnknown` | a create may or may not have taken effect | ask again, or `abort` |
 * | `ReadOnly` | the backend was opened with `readOnly` | |
 * | `Closed` | the backend was closed | |
 * | `StoreFailed` | the store failed, `cause` is its `StoreError` | try again |
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
  | "BaseChanged"
  | "VnodeOmitted"
  | "AttachmentOmitted"
  | "FenceRequired"
  | "ReceiptRequired"
  | "ReceiptInvalid"
  | "AmbiguousPartial"
  | "PartialLost"
  | "Corrupt"
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
  readonly seal?: Seal | undefined;
  readonly cause?: unknown;
}

/** The one error that a backend's calls reject with, aborts and bad arguments (`TypeError`, `RangeError`) aside. */
export class StateError extends Error {
  readonly code: StateErrorCode;
  /** Whether the epoch that the call was about is sealed; `"unknown"` for every call that did not look. */
  readonly sealed: Sealed;
  declare readonly epoch?: number | undefined;
  declare readonly vnode?: number | undefined;
  /** The instance that sealed the epoch. */
  declare readonly committer?: string | undefined;
  /** The assignment version that stands in the way. */
  declare readonly version?: number | undefined;
  declare readonly key?: string | undefined;
  /** The seal that was found. */
  declare readonly seal?: Seal | undefined;

  constructor(code: StateErrorCode, message: string, details: StateErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "StateError";
    this.code = code;
    this.sealed = details.sealed;
    const { epoch, vnode, committer, version, key, seal } = details;
    assignDefined(this, { epoch, vnode, committer, version, key, seal });
    Object.defineProperty(this, stateBrand, { value: true });
  }
}

/** Recognises a `StateError` by its brand, so also one from another copy of this package. */
export function isStateError(value: unknown): value is StateError {
  return isBranded(value, stateBrand);
}

/** What a call rejects with, whatever it met: store errors become `StoreFailed`, all else stays what it is. */
export function asStateError(
  error: unknown,
  call: string,
  details: StateErrorDetails,
  signal: AbortSignal | undefined,
): unknown {
  // An abort's reason stays what it is, even where it is a `StoreError`.
  if (!isStoreError(error) || (signal?.aborted === true && error === signal.reason)) return error;
  return new StateError("StoreFailed", `${call}: ${error.message}`, {
    ...details,
    key: error.key,
    cause: error,
  });
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

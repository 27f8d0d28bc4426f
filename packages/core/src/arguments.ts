/**
 * Checks of what a caller passes, all before anything is sent. `undefined < 5` is false: an unchecked number
 * would slip through the fence.
 */
import { StateError } from "./errors.ts";
import { attachmentKeys, isAttachmentName, isPinName, parseEpochObject, partialKeys } from "./layout.ts";
import type { AttachmentReceipt, PartialReceipt } from "./receipt.ts";
import { isInstanceId, isSha256 } from "./seal.ts";
import type { PruneArguments } from "./state-backend.ts";

const maxBytes = 2 ** 31;

/**
 * The highest assignment version. If somebody claimed the highest number that there is, by mistake and once, nobody could
 * claim a higher one ever again. Milliseconds and microseconds since 1970, and whatever counts restarts, are below it.
 */
const maxVersion = 2 ** 52;

/** An integer from `min` to `max`. @throws `TypeError` for what is no number, `RangeError` for any other number. */
export function checkInteger(
  name: string,
  value: unknown,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): number {
  const expected = `an integer from ${min} to ${max}`;
  if (typeof value !== "number") throw new TypeError(`${name} must be ${expected}, not ${shown(value)}`);
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    throw new RangeError(`${name} must be ${expected}, not ${shown(value)}`);
  }
  return value;
}

/** A number of milliseconds, or of anything else that may be fractional. */
export function checkAmount(name: string, value: unknown, min: number, max: number): void {
  const expected = `a number from ${min} to ${max}`;
  if (typeof value !== "number") throw new TypeError(`${name} must be ${expected}, not ${shown(value)}`);
  if (Number.isNaN(value) || value < min || value > max)
    throw new RangeError(`${name} must be ${expected}, not ${shown(value)}`);
}

/** An assignment version. */
export function checkVersion(name: string, value: unknown, min = 0): number {
  return checkInteger(name, value, min, maxVersion);
}

export function checkEpoch(value: unknown, name = "epoch"): number {
  return checkInteger(name, value, 0);
}

/** What a prune keeps. @throws `TypeError` unless it is one of `keep` and `before` */
export function checkPruneArguments(
  args: PruneArguments,
): { readonly keep: number } | { readonly before: number } {
  checkObject("args", args);
  const { keep, before } = args;
  if ((keep === undefined) === (before === undefined)) {
    const which = keep === undefined ? "neither" : "both";
    throw new TypeError(`args must have one of keep and before, not ${which}`);
  }
  return before === undefined ? { keep: checkInteger("keep", keep, 1) } : { before: checkBefore(before) };
}

/** An epoch; a negative number stands for 0. */
export function checkBefore(value: unknown): number {
  return Math.max(0, checkInteger("before", value, Number.MIN_SAFE_INTEGER));
}

export function checkObject(name: string, value: unknown): void {
  if (typeof value !== "object" || value === null)
    throw new TypeError(`${name} must be an object, not ${shown(value)}`);
}

/** The array, or for `undefined` what stands for it. */
export function checkArray(name: string, value: unknown, absent?: readonly unknown[]): readonly unknown[] {
  if (value === undefined && absent !== undefined) return absent;
  if (!Array.isArray(value)) throw new TypeError(`${name} must be an array, not ${shown(value)}`);
  return value;
}

export function checkBoolean(name: string, value: unknown): boolean {
  if (value !== undefined && typeof value !== "boolean")
    throw new TypeError(`${name} must be a boolean, not ${shown(value)}`);
  return value === true;
}

export function checkFunction(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== "function")
    throw new TypeError(`${name} must be a function, not ${shown(value)}`);
}

export function checkBytes(name: string, value: unknown): Uint8Array {
  if (!isUint8Array(value)) throw new TypeError(`${name} must be a Uint8Array, not ${shown(value)}`);
  if (value.byteLength >= maxBytes)
    throw new RangeError(`${name} must be below 2^31 bytes, not ${value.byteLength}`);
  return value;
}

export function checkPinName(value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`name must be a string, not ${shown(value)}`);
  if (!isPinName(value)) throw new RangeError(`name must be 1 to 200 of [A-Za-z0-9=_-], not ${shown(value)}`);
  return value;
}

export function checkAttachmentName(name: string, value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`${name} must be a string, not ${shown(value)}`);
  if (!isAttachmentName(value)) {
    throw new RangeError(
      `${name} must be 1 to 200 of [A-Za-z0-9=_.-], not . or .., not starting with .staging-, not ${shown(value)}`,
    );
  }
  return value;
}

export function checkInstanceId(value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`instanceId must be a string, not ${shown(value)}`);
  if (!isInstanceId(value)) {
    throw new RangeError(
      `instanceId must be 1 to 200 printable characters, not starting with "{", not ${shown(value)}`,
    );
  }
  return value;
}

/** The call's signal. */
export function signalOf(options: unknown): AbortSignal | undefined {
  if (options === undefined) return undefined;
  checkObject("options", options);
  const { signal } = options as { readonly signal?: unknown };
  if (signal === undefined) return undefined;
  if (
    typeof signal !== "object" ||
    signal === null ||
    !("aborted" in signal) ||
    !("addEventListener" in signal)
  ) {
    throw new TypeError(`signal must be an AbortSignal, not ${shown(signal)}`);
  }
  return signal as AbortSignal;
}

/** A copy of a receipt, checked to be well formed and to belong to the epoch. @throws also `ReceiptInvalid` */
export function checkPartialReceipt(
  name: string,
  value: unknown,
  epoch: number,
  capacity: number,
): PartialReceipt {
  checkObject(name, value);
  const receipt = value as Partial<PartialReceipt>;
  const vnode = checkInteger(`${name}.vnode`, receipt.vnode, 0, capacity - 1);
  const checked = { vnode, ...checkReceipt(name, receipt, epoch) };
  const object = parseEpochObject(checked.key);
  const keys = partialKeys(epoch, vnode);
  if (
    object?.kind !== "partial" ||
    (checked.key !== keys.first && checked.key !== keys.later(checked.sha256))
  ) {
    throw invalid(
      epoch,
      `${name}: ${checked.key} is no partial of vnode ${vnode} with these bytes in epoch ${epoch}`,
    );
  }
  return checked;
}

/** A copy of a receipt, checked to be well formed and to belong to the epoch. @throws also `ReceiptInvalid` */
export function checkAttachmentReceipt(name: string, value: unknown, epoch: number): AttachmentReceipt {
  checkObject(name, value);
  const receipt = value as Partial<AttachmentReceipt>;
  const attachment = checkAttachmentName(`${name}.name`, receipt.name);
  const checked = { name: attachment, ...checkReceipt(name, receipt, epoch) };
  const keys = attachmentKeys(epoch, attachment);
  if (checked.key !== keys.first && checked.key !== keys.later(checked.sha256)) {
    throw invalid(
      epoch,
      `${name}: ${checked.key} is no attachment ${attachment} with these bytes in epoch ${epoch}`,
    );
  }
  return checked;
}

type AnyReceipt = Partial<Omit<PartialReceipt, "vnode">>;

function checkReceipt(name: string, receipt: AnyReceipt, epoch: number): Omit<PartialReceipt, "vnode"> {
  const own = checkEpoch(receipt.epoch, `${name}.epoch`);
  const assignmentVersion = checkVersion(`${name}.assignmentVersion`, receipt.assignmentVersion);
  const size = checkInteger(`${name}.size`, receipt.size, 0, maxBytes - 1);
  const { key, sha256 } = receipt;
  if (typeof key !== "string") throw new TypeError(`${name}.key must be a string, not ${shown(key)}`);
  if (typeof sha256 !== "string")
    throw new TypeError(`${name}.sha256 must be a string, not ${shown(sha256)}`);
  if (!isSha256(sha256))
    throw new RangeError(`${name}.sha256 must be 64 lower-case hex digits, not ${shown(sha256)}`);
  if (own !== epoch) throw invalid(epoch, `${name} is a receipt of epoch ${own}, not of ${epoch}`);
  return { epoch, assignmentVersion, key, size, sha256 };
}

export function invalid(epoch: number, message: string): StateError {
  return new StateError("ReceiptInvalid", message, { sealed: "unknown", epoch });
}

/** By its tag, not by `instanceof`: a test runner's realm has a Uint8Array of its own. */
function isUint8Array(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === "[object Uint8Array]";
}

/** A value as an error message shows it: short, and telling apart `5` and `"5"`. */
function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (value === null || typeof value !== "object") return String(value);
  return Object.prototype.toString.call(value);
}

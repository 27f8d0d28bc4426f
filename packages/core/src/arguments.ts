/**
 * Checks of what a caller passes, all before anything is sent. `undefined < 5` is false: an unchecked number
 * would slip through the fence.
 */
import { StateError } from "./errors.ts";
import { isCodecId } from "./codec.ts";
import { isAttachmentName, isPinName } from "./layout.ts";
import { maxBytes } from "./limits.ts";
import { isInstanceId } from "./seal.ts";
import { isUint8Array } from "./bytes.ts";
import type { PruneArguments } from "./state-backend.ts";

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
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max) return value;
  const message = `${name} must be an integer from ${min} to ${max}, not ${shown(value)}`;
  throw typeof value === "number" ? new RangeError(message) : new TypeError(message);
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

export function checkCodecId(name: string, value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`${name} must be a string, not ${shown(value)}`);
  if (!isCodecId(value))
    throw new RangeError(`${name} must be 1 to 200 of [A-Za-z0-9=_.:+-], not ${shown(value)}`);
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

export function invalid(epoch: number, message: string): StateError {
  return new StateError("ReceiptInvalid", message, { sealed: "unknown", epoch });
}

/** A value as an error message shows it: short, and telling apart `5` and `"5"`. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (value === null || typeof value !== "object") return String(value);
  return Object.prototype.toString.call(value);
}

import { maxTimerMs } from "../timers.ts";

/** @throws `RangeError` unless `value` is a whole number from 1 to `most` */
export function checkCount(name: string, value: unknown, most: number): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 1 && value <= most) return value;
  throw new RangeError(`${name} must be a whole number from 1 to ${most}, not ${String(value)}`);
}

const defaultIdleTimeoutMs = 30_000;

/** The idle time-out of a store's requests, in milliseconds. @throws `RangeError` */
export function idleTimeoutOf(value: unknown = defaultIdleTimeoutMs): number {
  return checkCount("idleTimeoutMs", value, maxTimerMs);
}

/**
 * The address of a service. The message has no part of it, since it may hold what it should not.
 *
 * @throws `TypeError` unless it is an http or https address, without credentials, parameters or a fragment
 */
export function checkEndpoint(endpoint: unknown): string {
  const url = typeof endpoint === "string" ? URL.parse(endpoint) : null;
  if (typeof endpoint !== "string" || url === null || !["http:", "https:"].includes(url.protocol))
    throw new TypeError("the endpoint must be an http or https address");
  if (url.username !== "" || url.password !== "") {
    const why = "they would not be sent, but would be in messages";
    throw new TypeError(`the endpoint must hold no credentials: ${why}`);
  }
  if (url.search !== "" || url.hash !== "")
    throw new TypeError("the endpoint must have neither parameters nor a fragment");
  return endpoint;
}

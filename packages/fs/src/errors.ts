import { isStoreError, type StoreError } from "@state/core";
import { codeOf, type Meaning, meaningOfSilence, storeError, type StoreCall } from "@state/core/adapter";

const noRights: Meaning = {
  code: "Denied",
  advice: "the process must be able to read, write and search the root and all beneath it",
};
const unavailable: Meaning = { code: "Unavailable" };

/** What a system error means to the store's caller, and what to do about it. */
const meanings: ReadonlyMap<string, Meaning> = new Map([
  // A prune may free space at any moment.
  ["ENOSPC", { code: "Unavailable", advice: "the disk is full: make room, or prune" }],
  ["EDQUOT", { code: "Unavailable", advice: "the quota is used up: make room, or prune" }],
  // After an fsync that failed, another one may succeed without having written: another attempt
  // writes a new file.
  ["EIO", unavailable],
  ["EAGAIN", unavailable],
  ["EBUSY", unavailable],
  ["EINTR", unavailable],
  ["ENOENT", unavailable],
  ["ENOMEM", unavailable],
  ["ESTALE", unavailable],
  ["ETIMEDOUT", unavailable],
  ["EMFILE", meaningOfSilence({ code: "EMFILE" })],
  ["ENFILE", meaningOfSilence({ code: "ENFILE" })],
  ["EACCES", noRights],
  ["EPERM", noRights],
  ["EROFS", { code: "Denied", advice: "the file system is mounted read-only" }],
  [
    "ENAMETOOLONG",
    { code: "Misconfigured", advice: "choose a shorter root, on a file system with names of 255 bytes" },
  ],
  ["ENOTDIR", { code: "Misconfigured", advice: "something on the way is not a directory: remove it" }],
  ["ELOOP", { code: "Misconfigured", advice: "objects are never reached through symbolic links" }],
]);

/** One call of the store, as its errors name it. */
export interface FileCall extends StoreCall {
  /** Where the object, or the folder, is in the file system. */
  readonly path: string;
}

export function hasErrno(error: unknown, ...codes: readonly string[]): boolean {
  const code = codeOf(error);
  return code !== undefined && codes.includes(code);
}

/** The `StoreError` for whatever a call of the file system rejected with. */
export function toStoreError(error: unknown, call: FileCall): StoreError {
  if (isStoreError(error)) return error;
  return refusal(call, meanings.get(codeOf(error) ?? "") ?? { code: "Failed" }, textOf(error), error);
}

/** A `StoreError` that names the path too. */
export function refusal(call: FileCall, meaning: Meaning, why: string, cause?: unknown): StoreError {
  return storeError(call, meaning, `at ${call.path}: ${why}`, { cause, fields: ["path", "dest"] });
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** `absent` if nothing is there. */
export async function orAbsent<T, U>(found: Promise<T>, absent: U): Promise<T | U> {
  try {
    return await found;
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR")) return absent;
    throw error;
  }
}

import { isStoreError, StoreError } from "@state/core";
import type { StoreErrorCode } from "@state/core";

/** What a system error means to the store's caller, and what to do about it. */
const meanings: ReadonlyMap<string, readonly [code: StoreErrorCode, advice: string]> = new Map([
  ["EMFILE", ["Throttled", "; too many files are open: raise the limit (ulimit -n)"]],
  ["ENFILE", ["Throttled", "; too many files are open on this machine"]],
  // A prune may free space at any moment.
  ["ENOSPC", ["Unavailable", "; the disk is full: make room, or prune"]],
  ["EDQUOT", ["Unavailable", "; the quota is used up: make room, or prune"]],
  // After an fsync that failed, another one may succeed without having written: another attempt
  // writes a new file.
  ["EIO", ["Unavailable", ""]],
  ["EAGAIN", ["Unavailable", ""]],
  ["EBUSY", ["Unavailable", ""]],
  ["EINTR", ["Unavailable", ""]],
  ["ENOENT", ["Unavailable", ""]],
  ["ENOMEM", ["Unavailable", ""]],
  ["ESTALE", ["Unavailable", ""]],
  ["ETIMEDOUT", ["Unavailable", ""]],
  ["EACCES", ["Denied", "; the process must be able to read, write and search the root and all beneath it"]],
  ["EPERM", ["Denied", "; the process must be able to read, write and search the root and all beneath it"]],
  ["EROFS", ["Denied", "; the file system is mounted read-only"]],
  ["ENAMETOOLONG", ["Misconfigured", "; choose a shorter root, on a file system with names of 255 bytes"]],
  ["ENOTDIR", ["Misconfigured", "; something on the way is not a directory"]],
  ["ELOOP", ["Misconfigured", "; objects are never reached through symbolic links"]],
]);

/** One call of the store, as its errors name it. */
export interface Operation {
  readonly store: string;
  /** `create`, `get`, `list` or `delete`. */
  readonly name: string;
  readonly key: string;
  /** Where the object, or the folder, is in the file system. */
  readonly path: string;
}

/** The `code` of a system error, else `undefined`. */
export function errnoOf(error: unknown): string | undefined {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  return typeof code === "string" ? code : undefined;
}

export function hasErrno(error: unknown, ...codes: readonly string[]): boolean {
  const code = errnoOf(error);
  return code !== undefined && codes.includes(code);
}

/** The `StoreError` for whatever a call of the file system rejected with. */
export function toStoreError(error: unknown, operation: Operation): StoreError {
  if (isStoreError(error)) return error;
  const [code, advice] = meanings.get(errnoOf(error) ?? "") ?? ["Failed", ""];
  const what = error instanceof Error ? error.message : String(error);
  const message = `${operation.name} of ${JSON.stringify(operation.key)} failed at ${operation.path}: ${what}${advice}`;
  return new StoreError(code, message, { key: operation.key, store: operation.store, cause: error });
}

/** A `StoreError` for what the store itself refuses. */
export function storeError(
  code: StoreErrorCode,
  operation: Operation,
  why: string,
  cause?: unknown,
): StoreError {
  const message = `${operation.name} of ${JSON.stringify(operation.key)} refused at ${operation.path}: ${why}`;
  return new StoreError(code, message, { key: operation.key, store: operation.store, cause });
}

import type { StoreError, StoreErrorCode } from "@state/core";
import { type StoreCall, storeError } from "@state/core/adapter";

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html), and what each means to the caller. */
const codes: ReadonlyMap<number, StoreErrorCode> = new Map([
  [3, "Denied"], // PERM
  [5, "Unavailable"], // BUSY: another process is writing
  [6, "Unavailable"], // LOCKED
  [7, "Unavailable"], // NOMEM
  [8, "Denied"], // READONLY
  [10, "Unavailable"], // IOERR: a commit may have reached the disk
  [13, "Unavailable"], // FULL: somebody may make room
  [14, "Misconfigured"], // CANTOPEN: no such directory
  [23, "Denied"], // AUTH
  [26, "Misconfigured"], // NOTADB: another program's file
]);

/**
 * The `StoreError` for whatever SQLite threw. A code that is not in the table is `Failed`: the file
 * is damaged, or the body is above SQLite's limit of 1,000,000,000 bytes.
 */
export function toStoreError(error: unknown, call: StoreCall): StoreError {
  const number = Number(Reflect.get(Object(error), "errcode"));
  // The low byte is the primary code. The higher bytes extend it.
  const code = codes.get(number & 0xff) ?? "Failed";
  const what = error instanceof Error ? error.message : String(error);
  return storeError(call, { code }, what, { cause: error });
}

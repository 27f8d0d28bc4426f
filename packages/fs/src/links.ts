import { hasErrno, storeError } from "./errors.ts";
import type { Operation } from "./errors.ts";
import type { FileSystem } from "./file-system.ts";

/**
 * Refuses a directory that is reached through a symbolic link beneath the root. If the link leads
 * out of the root, the data are not the store's; if it leads to a place within, one object would
 * have two keys.
 *
 * This prevents accidents. It does not stop a user who swaps directories while the store works,
 * since Node has no `openat`.
 *
 * Rejects with ENOENT or ENOTDIR if the directory is not there.
 */
export async function refuseLinks(files: FileSystem, directory: string, operation: Operation): Promise<void> {
  let real: string;
  try {
    real = await files.realpath(directory);
  } catch (error) {
    if (hasErrno(error, "ENOENT") && (await isLink(files, directory))) throw linkError(operation, directory);
    throw error;
  }
  if (real !== directory) throw linkError(operation, `${directory}, which is really ${real},`);
}

export function linkError(operation: Operation, what: string): Error {
  return storeError(
    "Misconfigured",
    operation,
    `${what} is reached through a symbolic link; put what it leads to in its place, or make it the root`,
  );
}

async function isLink(files: FileSystem, path: string): Promise<boolean> {
  try {
    return (await files.lstat(path)).isSymbolicLink();
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR")) return false;
    throw error;
  }
}

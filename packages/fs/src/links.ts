import type { StoreError } from "@state/core";
import { hasErrno, refusal } from "./errors.ts";
import type { FileCall } from "./errors.ts";
import type { FileSystem } from "./file-system.ts";

/**
 * Refuses a directory that is reached through a symbolic link beneath the root. If the link leads
 * out of the root, the data are not the store's; if it leads to a place within, one object would
 * have two keys.
 *
 * This prevents accidents. It does not stop a user who swaps directories while the store works,
 * since Node has no `openat`.
 *
 * @returns the directory's real path, which may be spelled otherwise where case is folded
 * @throws ENOENT or ENOTDIR if the directory is not there
 */
export async function refuseLinks(files: FileSystem, directory: string, call: FileCall): Promise<string> {
  try {
    return await refuseLinksOnTheWay(files, directory, call);
  } catch (error) {
    if (hasErrno(error, "ENOENT") && (await isLink(files, directory))) throw linkError(call, directory);
    throw error;
  }
}

/** The same, but of a link that leads nowhere it says ENOENT, and looks once less at what is not there. */
export async function refuseLinksOnTheWay(
  files: FileSystem,
  directory: string,
  call: FileCall,
): Promise<string> {
  const real = await files.realpath(directory);
  if (real.toLowerCase() !== directory.toLowerCase())
    throw linkError(call, `${directory}, which is really ${real},`);
  return real;
}

export function linkError(call: FileCall, what: string): StoreError {
  const advice = "put what it leads to in its place, or make it the root";
  return refusal(call, { code: "Misconfigured", advice }, `${what} is reached through a symbolic link`);
}

async function isLink(files: FileSystem, path: string): Promise<boolean> {
  try {
    return (await files.lstat(path)).isSymbolicLink();
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR")) return false;
    throw error;
  }
}

import { checkKey } from "@state/core";
import { hasErrno, refusal } from "./errors.ts";
import type { Place } from "./errors.ts";
import type { FileSystem } from "./file-system.ts";

export const stagingPrefix = ".staging-";

/** Whether a key may be so named: what is not, `lost+found` or a staging file, is none of the store's objects. */
export function isKey(name: string): boolean {
  try {
    checkKey(name);
    return true;
  } catch {
    return false;
  }
}

/**
 * Refuses a directory that is reached through a symbolic link beneath the root, wherever it leads: out of the
 * root it would be someone else's data, within it one object would have two keys.
 *
 * Guards against accidents, not against somebody who swaps directories while the store works: Node has no
 * `openat`. Rejects with ENOENT or ENOTDIR when the directory is not there.
 */
export async function refuseLinks(files: FileSystem, directory: string, place: Place): Promise<void> {
  let real: string;
  try {
    real = await files.realpath(directory);
  } catch (error) {
    if (hasErrno(error, "ENOENT") && (await isLink(files, directory))) throw linkRefusal(place, directory);
    throw error;
  }
  if (real !== directory) throw linkRefusal(place, `${directory}, which is really ${real},`);
}

export function linkRefusal(place: Place, what: string): Error {
  return refusal(
    "Misconfigured",
    place,
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

import { dirname } from "node:path";
import type { DeleteFailure } from "@state/core";
import type { Pool } from "@state/core/adapter";
import type { Directories } from "./directories.ts";
import { hasErrno, toStoreError } from "./errors.ts";
import type { FileCall } from "./errors.ts";
import type { FileSystem } from "./file-system.ts";
import { isSystemFile } from "./names.ts";

/**
 * Removes the files of the keys, then the directories that become empty by that, and flushes those
 * that stay.
 *
 * If a key was gone already, its directory is flushed as well: whoever removed the file may not
 * have flushed yet. But it is not removed: an empty directory may be somebody else's.
 */
export async function deleteAll(
  files: FileSystem,
  tree: Directories,
  pool: Pool,
  keys: ReadonlySet<string>,
  callOn: (key: string) => FileCall,
  signal: AbortSignal,
): Promise<readonly DeleteFailure[]> {
  const failures: DeleteFailure[] = [];
  const fail = (key: string, error: unknown): void => {
    failures.push({ key, error: toStoreError(error, callOn(key)) });
  };
  const emptied = new Set<string>();
  const staying = new Set<string>();
  const removed: string[] = [];
  const remove = async (key: string): Promise<void> => {
    signal.throwIfAborted();
    try {
      const call = callOn(key);
      const directory = dirname(call.path);
      const lowest = await tree.lowestExisting(directory, call);
      const isRemoved =
        lowest === directory && (await tree.isExact(call.path)) && (await unlink(files, call.path));
      if (isRemoved) emptied.add(directory);
      else if (lowest !== undefined) staying.add(lowest);
      removed.push(key);
    } catch (error) {
      fail(key, error);
    }
  };
  const objects = [...keys].filter((key) => !isSystemFile(key));
  await Promise.all(objects.map((key) => pool(() => remove(key))));
  try {
    await tree.removeEmptied(emptied, staying, pool);
  } catch (error) {
    for (const key of removed) fail(key, error);
  }
  return failures;
}

/** @returns whether there was a file */
async function unlink(files: FileSystem, path: string): Promise<boolean> {
  try {
    await files.unlink(path);
    return true;
  } catch (error) {
    // A directory is a folder of other keys, and no object. Linux reports EISDIR for it, other
    // systems EPERM.
    if (hasErrno(error, "ENOENT", "ENOTDIR", "EISDIR")) return false;
    if (hasErrno(error, "EPERM") && (await files.lstat(path)).isDirectory()) return false;
    throw error;
  }
}

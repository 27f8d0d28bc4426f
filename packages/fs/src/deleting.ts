import { dirname } from "node:path";
import type { DeleteFailure } from "@state/core";
import type { Directories } from "./directories.ts";
import { hasErrno, toStoreError } from "./errors.ts";
import type { Operation } from "./errors.ts";
import type { FileSystem } from "./file-system.ts";
import type { Semaphore } from "./semaphore.ts";

/**
 * Removes the files of the keys, then the directories that become empty, and flushes those that
 * stay.
 *
 * If a key was gone already, its directory is flushed as well: whoever removed the file may not
 * have flushed yet.
 */
export async function deleteAll(
  files: FileSystem,
  tree: Directories,
  semaphore: Semaphore,
  keys: ReadonlySet<string>,
  operationOn: (key: string) => Operation,
  signal: AbortSignal | undefined,
): Promise<readonly DeleteFailure[]> {
  const failures: DeleteFailure[] = [];
  const fail = (key: string, error: unknown): void => {
    failures.push({ key, error: toStoreError(error, operationOn(key)) });
  };
  const emptied = new Set<string>();
  const removed: string[] = [];
  const remove = async (key: string): Promise<void> => {
    signal?.throwIfAborted();
    try {
      const operation = operationOn(key);
      const directory = dirname(operation.path);
      const lowest = await tree.lowestExisting(directory, operation);
      if (lowest === directory) await unlink(files, operation.path);
      if (lowest !== undefined) emptied.add(lowest);
      removed.push(key);
    } catch (error) {
      fail(key, error);
    }
  };
  await Promise.all([...keys].map((key) => semaphore.run(() => remove(key))));
  try {
    await tree.removeEmptied(emptied, semaphore);
  } catch (error) {
    for (const key of removed) fail(key, error);
  }
  return failures;
}

async function unlink(files: FileSystem, path: string): Promise<void> {
  try {
    await files.unlink(path);
  } catch (error) {
    // A directory is a folder of other keys, and no object. Linux reports EISDIR for it, other
    // systems EPERM.
    if (hasErrno(error, "ENOENT", "ENOTDIR", "EISDIR")) return;
    if (hasErrno(error, "EPERM") && (await files.lstat(path)).isDirectory()) return;
    throw error;
  }
}

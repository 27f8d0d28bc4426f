import { dirname } from "node:path";
import type { DeleteFailure } from "@state/core";
import type { Directories } from "./directories.ts";
import { hasErrno, toStoreError } from "./errors.ts";
import type { Place } from "./errors.ts";
import type { FileSystem } from "./file-system.ts";
import type { Turns } from "./turns.ts";

/**
 * Removes the files of the keys, then the directories that this empties, and flushes those that stay.
 *
 * That a key was gone already is flushed as well: who removed it may not have come so far.
 */
export async function unlinkAll(
  files: FileSystem,
  tree: Directories,
  turns: Turns,
  keys: ReadonlySet<string>,
  placeOf: (key: string) => Place,
  signal: AbortSignal | undefined,
): Promise<readonly DeleteFailure[]> {
  const failures: DeleteFailure[] = [];
  const fail = (key: string, error: unknown): void => {
    failures.push({ key, error: toStoreError(error, placeOf(key)) });
  };
  const emptied = new Set<string>();
  const removed: string[] = [];
  const remove = async (key: string): Promise<void> => {
    signal?.throwIfAborted();
    try {
      const place = placeOf(key);
      const directory = dirname(place.path);
      const lowest = await tree.lowest(directory, place);
      if (lowest === directory) await unlink(files, place.path);
      if (lowest !== undefined) emptied.add(lowest);
      removed.push(key);
    } catch (error) {
      fail(key, error);
    }
  };
  await Promise.all([...keys].map((key) => turns.run(() => remove(key))));
  try {
    await tree.removeEmptied(emptied, turns);
  } catch (error) {
    for (const key of removed) fail(key, error);
  }
  return failures;
}

async function unlink(files: FileSystem, path: string): Promise<void> {
  try {
    await files.unlink(path);
  } catch (error) {
    // A directory is a folder of other keys, and no object; Linux says EISDIR, others EPERM.
    if (hasErrno(error, "ENOENT", "ENOTDIR", "EISDIR")) return;
    if (hasErrno(error, "EPERM") && (await files.lstat(path)).isDirectory()) return;
    throw error;
  }
}

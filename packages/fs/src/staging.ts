import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { hasErrno, storeError } from "./errors.ts";
import type { Operation } from "./errors.ts";
import type { FileSystem, OpenFile } from "./file-system.ts";
import { isKey } from "./keys.ts";

export const stagingPrefix = ".staging-";
const chunkBytes = 8 * 2 ** 20;
const staleAfterMs = 24 * 60 * 60 * 1_000;

/**
 * Writes `body` to a new file in the directory of the final one, and flushes it if `fsync`. Returns
 * its path.
 */
export async function stage(
  files: FileSystem,
  directory: string,
  body: Uint8Array,
  fsync: boolean,
  signal: AbortSignal | undefined,
): Promise<string> {
  // The name has nothing of the key: with a suffix, a name of 240 bytes would exceed the 255 bytes
  // of a file's name.
  const path = join(directory, `${stagingPrefix}${randomUUID()}`);
  const handle = await files.open(path, "wx");
  try {
    await closeAfter(handle, async () => {
      for (let offset = 0; offset < body.byteLength;) {
        signal?.throwIfAborted();
        const length = Math.min(chunkBytes, body.byteLength - offset);
        offset += (await handle.write(body, offset, length)).bytesWritten;
      }
      signal?.throwIfAborted();
      if (fsync) await handle.sync();
    });
    return path;
  } catch (error) {
    await discard(files, path);
    throw error;
  }
}

/**
 * Closes the file in any case. If the close fails, a write has failed: NFS and quotas report it
 * there.
 */
async function closeAfter(handle: OpenFile, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    await handle.close().catch(() => undefined);
    throw error;
  }
  await handle.close();
}

/**
 * Removes a staging file. If it cannot be removed, no create fails: the file is never listed, and
 * is swept later.
 */
export async function discard(files: FileSystem, path: string): Promise<void> {
  await files.unlink(path).catch(() => undefined);
}

/**
 * Links the staging file to its final name, if nothing has that name. With an exclusive open of the
 * final name, readers could see a part of the object. With a link they see it whole or not at all.
 */
export async function publish(
  files: FileSystem,
  staged: string,
  operation: Operation,
): Promise<"created" | "exists"> {
  try {
    await files.link(staged, operation.path);
    return "created";
  } catch (error) {
    if (hasErrno(error, "ENOENT")) {
      throw storeError(
        "Unavailable",
        operation,
        "the staging file was swept while its writer stood still",
        error,
      );
    }
    if (hasErrno(error, "EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EXDEV", "EMLINK")) {
      throw storeError(
        "Unsupported",
        operation,
        "the file system has no hard links; put the root on one that has them",
        error,
      );
    }
    if (!hasErrno(error, "EEXIST")) throw error;
  }
  const [ours, theirs] = await Promise.all([statOf(files, staged), statOf(files, operation.path)]);
  if (ours === undefined) {
    throw storeError("Unavailable", operation, "the staging file was swept while its writer stood still");
  }
  if (theirs?.isDirectory() === true) {
    throw storeError("InvalidKey", operation, "the key is a folder of other keys");
  }
  // If NFS loses the reply to a link, the client sends it again and meets its own link. The same
  // file under both names proves that. `nlink === 2` alone does not: a backup by hard links also
  // gives the loser's file a second name.
  const isOurs =
    theirs !== undefined && ours.nlink >= 2n && theirs.ino === ours.ino && theirs.dev === ours.dev;
  return isOurs ? "created" : "exists";
}

async function statOf(
  files: FileSystem,
  path: string,
): Promise<Awaited<ReturnType<FileSystem["lstat"]>> | undefined> {
  try {
    return await files.lstat(path);
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

/**
 * Whether the file system takes names that differ in case for one: then it finds the staging file
 * in capitals.
 */
export async function foldsCase(files: FileSystem, directory: string, staged: string): Promise<boolean> {
  const name = staged.slice(directory.length + 1).toUpperCase();
  return (await statOf(files, join(directory, name))) !== undefined;
}

/**
 * Removes old staging files and empty directories beneath `directory`. Yields after each directory,
 * so that the caller can stop.
 *
 * What cannot be read or removed is left for the next sweep.
 */
export async function* sweep(files: FileSystem, directory: string): AsyncGenerator<void, void, undefined> {
  const entries = await files.readdir(directory).catch(() => []);
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (entry.isDirectory() && isKey(entry.name)) {
      yield* sweep(files, path);
      // A killed writer may have left it empty. If it is not empty, this fails. If a writer needs
      // it, it makes it again.
      await files.rmdir(path).catch(() => undefined);
    } else if (entry.name.startsWith(stagingPrefix) && (await isStale(files, path))) {
      await discard(files, path);
    }
  }
  yield;
}

async function isStale(files: FileSystem, path: string): Promise<boolean> {
  const stats = await files.lstat(path).catch(() => undefined);
  return stats !== undefined && files.now() - Number(stats.mtimeMs) > staleAfterMs;
}

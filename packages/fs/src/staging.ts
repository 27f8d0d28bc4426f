import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { hasErrno, refusal } from "./errors.ts";
import type { Place } from "./errors.ts";
import type { FileSystem, OpenFile } from "./file-system.ts";
import { isKey, stagingPrefix } from "./paths.ts";

const chunk = 8 * 2 ** 20;
const staleAfterMs = 24 * 60 * 60 * 1_000;

/** Writes `body` to a new file beside the one that it is meant to become, flushed if `fsync`, and answers its path. */
export async function stage(
  files: FileSystem,
  directory: string,
  body: Uint8Array,
  fsync: boolean,
  signal: AbortSignal | undefined,
): Promise<string> {
  // A uuid and nothing of the key: a suffix to a name of 240 bytes would not fit into the 255 of a file's name.
  const path = join(directory, `${stagingPrefix}${randomUUID()}`);
  const handle = await files.open(path, "wx");
  try {
    await closing(handle, async () => {
      for (let offset = 0; offset < body.byteLength;) {
        signal?.throwIfAborted();
        const length = Math.min(chunk, body.byteLength - offset);
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

/** Closes the file in any case; a close that fails is a write that failed (NFS and quotas report it there). */
async function closing(handle: OpenFile, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    await handle.close().catch(() => undefined);
    throw error;
  }
  await handle.close();
}

/** Removes a staging file. One that cannot be removed is hidden, and is swept later: nothing to fail a create for. */
export async function discard(files: FileSystem, path: string): Promise<void> {
  await files.unlink(path).catch(() => undefined);
}

/**
 * Gives the staging file its name, if nothing has it. Unlike an exclusive open of the final name, a link shows
 * the object whole or not at all.
 */
export async function publish(
  files: FileSystem,
  staged: string,
  place: Place,
): Promise<"created" | "exists"> {
  try {
    await files.link(staged, place.path);
    return "created";
  } catch (error) {
    if (hasErrno(error, "ENOENT")) {
      throw refusal("Unavailable", place, "the staging file was swept while its writer stood still", error);
    }
    if (hasErrno(error, "EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EXDEV", "EMLINK")) {
      throw refusal(
        "Unsupported",
        place,
        "the file system has no hard links; put the root on one that has them",
        error,
      );
    }
    if (!hasErrno(error, "EEXIST")) throw error;
  }
  const [ours, theirs] = await Promise.all([lookUp(files, staged), lookUp(files, place.path)]);
  if (ours === undefined) {
    throw refusal("Unavailable", place, "the staging file was swept while its writer stood still");
  }
  if (theirs?.isDirectory() === true) {
    throw refusal("InvalidKey", place, "the key is a folder of other keys");
  }
  // NFS: a lost reply makes the client link again, and meet its own link. The same file under both names is
  // proof; `nlink === 2` alone is not, a backup that works by hard links makes that of a loser's file too.
  const isOurs =
    theirs !== undefined && ours.nlink >= 2n && theirs.ino === ours.ino && theirs.dev === ours.dev;
  return isOurs ? "created" : "exists";
}

async function lookUp(
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

/** Whether names that differ in case are one name here; found by the staging file under another spelling. */
export async function foldsCase(files: FileSystem, directory: string, staged: string): Promise<boolean> {
  const name = staged.slice(directory.length + 1).toUpperCase();
  return (await lookUp(files, join(directory, name))) !== undefined;
}

/**
 * Removes staging files that no writer can still mean to link, and directories that are empty, beneath
 * `directory`; yields after each directory, so that the caller can go on with something else.
 *
 * Housekeeping: what cannot be read or removed is left for the next time.
 */
export async function* sweep(files: FileSystem, directory: string): AsyncGenerator<void, void, undefined> {
  const entries = await files.readdir(directory).catch(() => []);
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (entry.isDirectory() && isKey(entry.name)) {
      yield* sweep(files, path);
      // Left by a writer that was killed. Not empty is the rule; a writer who finds its directory gone makes it again.
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

import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { hasErrno, refusal } from "./errors.ts";
import type { FileCall } from "./errors.ts";
import type { FileStats, FileSystem, OpenFile } from "./file-system.ts";
import { refuseLinks } from "./links.ts";
import { stagingName } from "./names.ts";
import type { Settings } from "./options.ts";

const chunkBytes = 8 * 2 ** 20;
const staleAfterMs = 24 * 60 * 60 * 1_000;
const stagingFile = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The directory at the root in which bodies are written before they are linked to their names. Beside it, nothing is ever
 * looked at in order to be removed: what is not an object may be somebody else's.
 */
export class Staging {
  readonly #files: FileSystem;
  readonly #settings: Settings;
  readonly #directory: string;

  constructor(files: FileSystem, root: string, settings: Settings) {
    this.#files = files;
    this.#settings = settings;
    this.#directory = join(root, stagingName);
  }

  /** Writes `body` to a new file, and flushes it if `fsync`. Returns its path. */
  async write(body: Uint8Array, signal: AbortSignal): Promise<string> {
    const path = join(this.#directory, randomUUID());
    const handle = await this.#open(path);
    try {
      await closeAfter(handle, async () => {
        for (let offset = 0; offset < body.byteLength;) {
          signal.throwIfAborted();
          const length = Math.min(chunkBytes, body.byteLength - offset);
          offset += (await handle.write(body, offset, length)).bytesWritten;
        }
        signal.throwIfAborted();
        if (this.#settings.fsync) await handle.sync();
      });
      return path;
    } catch (error) {
      await this.discard(path);
      throw error;
    }
  }

  /**
   * Removes a staging file. If it cannot be removed, no create fails: the file is never listed, and
   * is swept later.
   */
  async discard(path: string): Promise<void> {
    await this.#files.unlink(path).catch(() => undefined);
  }

  /**
   * Makes the directory, and removes staging files that are older than 24 hours. What cannot be read
   * or removed is left for the next sweep.
   *
   * @throws `Misconfigured` if the directory is a symbolic link
   */
  async prepare(call: FileCall): Promise<void> {
    await this.#make();
    await refuseLinks(this.#files, this.#directory, call);
    for (const entry of await this.#files.readdir(this.#directory).catch(() => [])) {
      const path = join(this.#directory, entry.name);
      if (entry.isFile() && stagingFile.test(entry.name) && (await this.#isStale(path)))
        await this.discard(path);
    }
  }

  async #open(path: string): Promise<OpenFile> {
    try {
      return await this.#files.open(path, "wx", this.#settings.fileMode);
    } catch (error) {
      if (!hasErrno(error, "ENOENT")) throw error;
    }
    // Somebody has removed the directory.
    await this.#make();
    return this.#files.open(path, "wx", this.#settings.fileMode);
  }

  async #make(): Promise<void> {
    try {
      await this.#files.mkdir(this.#directory, this.#settings.directoryMode);
    } catch (error) {
      if (!hasErrno(error, "EEXIST")) throw error;
    }
  }

  async #isStale(path: string): Promise<boolean> {
    const stats = await this.#files.lstat(path).catch(() => undefined);
    return stats !== undefined && this.#files.now() - Number(stats.mtimeMs) > staleAfterMs;
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
 * Links the staging file to its final name, if nothing has that name. With an exclusive open of the
 * final name, readers could see a part of the object. With a link they see it whole or not at all.
 *
 * @returns `undefined` if the directory of the final name is not there
 */
export async function publish(
  files: FileSystem,
  staged: string,
  call: FileCall,
): Promise<"created" | "exists" | undefined> {
  let cause: unknown;
  try {
    await files.link(staged, call.path);
    return "created";
  } catch (error) {
    if (hasErrno(error, "EXDEV")) {
      const advice = "keep the root and all beneath it on one file system";
      throw refusal(
        call,
        { code: "Unsupported", advice },
        "another file system is mounted beneath the root",
        error,
      );
    }
    if (hasErrno(error, "EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK")) {
      const advice = "put the root on one that has them";
      throw refusal(call, { code: "Unsupported", advice }, "the file system has no hard links", error);
    }
    if (!hasErrno(error, "EEXIST", "ENOENT")) throw error;
    cause = error;
  }
  const [ours, theirs] = await Promise.all([statOf(files, staged), statOf(files, call.path)]);
  if (ours === undefined) {
    const why = "the staging file was swept while its writer stood still";
    throw refusal(call, { code: "Unavailable" }, why, cause);
  }
  if (hasErrno(cause, "ENOENT")) return undefined;
  if (theirs?.isDirectory() === true)
    throw refusal(
      call,
      { code: "InvalidKey", advice: "choose another key" },
      "the key is a folder of other keys",
    );
  // If NFS loses the reply to a link, the client sends it again and meets its own link. The same
  // file under both names proves that. `nlink === 2` alone does not: a backup by hard links also
  // gives the loser's file a second name.
  const isOurs =
    theirs !== undefined && ours.nlink >= 2n && theirs.ino === ours.ino && theirs.dev === ours.dev;
  return isOurs ? "created" : "exists";
}

async function statOf(files: FileSystem, path: string): Promise<FileStats | undefined> {
  try {
    return await files.lstat(path);
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

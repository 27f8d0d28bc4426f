import { constants } from "node:fs";
import { hasErrno } from "./errors.ts";
import type { FileSystem } from "./file-system.ts";

const directoryOnly = constants.O_RDONLY | constants.O_DIRECTORY;

/** Flushes one directory. Returns its identity, or `undefined` if it is not there. */
export async function flushDirectory(files: FileSystem, directory: string): Promise<string | undefined> {
  try {
    const handle = await files.open(directory, directoryOnly);
    try {
      await handle.sync();
      const { dev, ino, birthtimeNs } = await handle.stat({ bigint: true });
      return `${dev}:${ino}:${birthtimeNs}`;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}

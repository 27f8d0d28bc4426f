import { constants } from "node:fs";
import { hasErrno, storeError } from "./errors.ts";
import type { Operation } from "./errors.ts";
import type { FileSystem, OpenFile } from "./file-system.ts";
import { linkError } from "./links.ts";

const chunkBytes = 8 * 2 ** 20;
// Never through a symbolic link. If a pipe is in the file's place, the open does not wait for its
// writer.
const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The bytes of a regular file, or `undefined` if there is no file, or a directory. */
export async function readBody(
  files: FileSystem,
  operation: Operation,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  let handle: OpenFile;
  try {
    handle = await files.open(operation.path, readFlags);
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR", "EISDIR")) return undefined;
    if (hasErrno(error, "ELOOP", "EMLINK")) throw linkError(operation, operation.path);
    if (hasErrno(error, "ENXIO")) throw irregularFileError(operation);
    throw error;
  }
  try {
    const stats = await handle.stat({ bigint: true });
    if (stats.isDirectory()) return undefined;
    if (!stats.isFile()) throw irregularFileError(operation);
    if (stats.size >= 2n ** 31n)
      throw storeError("Failed", operation, `it is ${stats.size} bytes long, 2^31 or more`);
    return await readInto(handle, new Uint8Array(Number(stats.size)), operation, signal);
  } finally {
    await handle.close();
  }
}

export function irregularFileError(operation: Operation): Error {
  return storeError("Misconfigured", operation, "it is neither a file nor a directory; remove it");
}

async function readInto(
  handle: OpenFile,
  bytes: Uint8Array<ArrayBuffer>,
  operation: Operation,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  for (let offset = 0; offset < bytes.length;) {
    signal?.throwIfAborted();
    const { bytesRead } = await handle.read(
      bytes,
      offset,
      Math.min(chunkBytes, bytes.length - offset),
      offset,
    );
    // Objects never change. If a file ends before its own length, it is being truncated, or the
    // disk is faulty.
    if (bytesRead === 0) {
      throw storeError("Corrupt", operation, `it ended after ${offset} of its ${bytes.length} bytes`);
    }
    offset += bytesRead;
  }
  return bytes;
}

import { constants } from "node:fs";
import type { StoreError } from "@state/core";
import { bodyLimit } from "@state/core/adapter";
import { hasErrno, refusal } from "./errors.ts";
import type { FileCall } from "./errors.ts";
import type { FileSystem, OpenFile } from "./file-system.ts";
import { linkError } from "./links.ts";

const chunkBytes = 8 * 2 ** 20;
// Never through a symbolic link. If a pipe is in the file's place, the open does not wait for its
// writer.
const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The bytes of a regular file, or `undefined` if there is no file, or a directory. */
export async function readBody(
  files: FileSystem,
  call: FileCall,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  let handle: OpenFile;
  try {
    handle = await files.open(call.path, readFlags);
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR", "EISDIR")) return undefined;
    if (hasErrno(error, "ELOOP", "EMLINK")) throw linkError(call, call.path);
    if (hasErrno(error, "ENXIO")) throw irregularFileError(call);
    throw error;
  }
  try {
    const stats = await handle.stat({ bigint: true });
    if (stats.isDirectory()) return undefined;
    if (!stats.isFile()) throw irregularFileError(call);
    if (stats.size >= bodyLimit)
      throw refusal(call, { code: "Failed" }, `it is ${stats.size} bytes long, 2^31 or more`);
    return await readInto(handle, new Uint8Array(Number(stats.size)), call, signal);
  } finally {
    await handle.close();
  }
}

export function irregularFileError(call: FileCall): StoreError {
  return refusal(
    call,
    { code: "Misconfigured", advice: "remove it" },
    "it is neither a file nor a directory",
  );
}

async function readInto(
  handle: OpenFile,
  bytes: Uint8Array<ArrayBuffer>,
  call: FileCall,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  for (let offset = 0; offset < bytes.length;) {
    signal.throwIfAborted();
    const { bytesRead } = await handle.read(
      bytes,
      offset,
      Math.min(chunkBytes, bytes.length - offset),
      offset,
    );
    // Objects never change. If a file ends before its own length, it is being truncated, or the
    // disk is faulty.
    if (bytesRead === 0)
      throw refusal(call, { code: "Corrupt" }, `it ended after ${offset} of its ${bytes.length} bytes`);
    offset += bytesRead;
  }
  return bytes;
}

import { constants } from "node:fs";
import { hasErrno, refusal } from "./errors.ts";
import type { Place } from "./errors.ts";
import type { FileSystem, OpenFile } from "./file-system.ts";
import { linkRefusal } from "./paths.ts";

const chunk = 8 * 2 ** 20;
// Never through a link; and not waiting for a writer, should somebody have put a pipe there.
const plainly = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The bytes of a regular file, or `undefined` where there is none, or a directory. */
export async function read(
  files: FileSystem,
  place: Place,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  let handle: OpenFile;
  try {
    handle = await files.open(place.path, plainly);
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR", "EISDIR")) return undefined;
    if (hasErrno(error, "ELOOP", "EMLINK")) throw linkRefusal(place, place.path);
    if (hasErrno(error, "ENXIO")) throw irregular(place);
    throw error;
  }
  try {
    const stats = await handle.stat({ bigint: true });
    if (stats.isDirectory()) return undefined;
    if (!stats.isFile()) throw irregular(place);
    if (stats.size >= 2n ** 31n)
      throw refusal("Failed", place, `it is ${stats.size} bytes long, 2^31 or more`);
    return await fill(handle, new Uint8Array(Number(stats.size)), place, signal);
  } finally {
    await handle.close();
  }
}

export function irregular(place: Place): Error {
  return refusal("Misconfigured", place, "it is neither a file nor a directory; remove it");
}

async function fill(
  handle: OpenFile,
  bytes: Uint8Array,
  place: Place,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  for (let offset = 0; offset < bytes.length;) {
    signal?.throwIfAborted();
    const { bytesRead } = await handle.read(bytes, offset, Math.min(chunk, bytes.length - offset), offset);
    // Objects never change: a file that ends before its own length is being cut by somebody, or the disk is ill.
    if (bytesRead === 0) {
      throw refusal("Corrupt", place, `it ended after ${offset} of its ${bytes.length} bytes`);
    }
    offset += bytesRead;
  }
  return bytes;
}

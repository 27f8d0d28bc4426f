import { isKey } from "@state/core/adapter";

/** The directory at the root in which bodies are written. No key can have a segment of this name. */
export const stagingName = ".staging-state";

const systemFile = /^(?:\.DS_Store|Thumbs\.db|desktop\.ini|\.nfs[0-9a-f]{8,})$/i;

/**
 * Whether the last segment is the name of a file that systems make by themselves wherever they like: macOS, Windows, and
 * NFS for a file that was removed while it was open. Such a file is no object, and makes no folder of its directory: else
 * a pruned epoch would be listed for as long as the file is there.
 */
export function isSystemFile(key: string): boolean {
  return systemFile.test(key.slice(key.lastIndexOf("/") + 1));
}

/** Whether a file with this name is an object of the store. `lost+found` is none. */
export function isObjectName(key: string): boolean {
  return isKey(key) && !isSystemFile(key);
}

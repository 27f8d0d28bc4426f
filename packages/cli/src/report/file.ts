import { link, lstat, open, rename, rm } from "node:fs/promises";
import { UsageError } from "../usage-error.ts";

/** @throws `UsageError` if the file is there, before the work is done that it is for */
export async function checkAbsent(path: string): Promise<void> {
  if ((await lstat(path).catch(() => undefined)) !== undefined) throw isThere(path);
}

/**
 * Writes the file in whole or not at all: whoever serves it, or copies it on a schedule, never sees half a page.
 *
 * @throws `UsageError` if it cannot be written, or is there and is not to be replaced
 */
export async function writeWhole(path: string, text: string, isReplacing: boolean): Promise<void> {
  // Beside the file: a rename from another file system would be a copy.
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await (isReplacing ? rename(temporary, path) : put(temporary, path));
  } catch (error) {
    const { code, message } = Object(error) as { readonly code?: unknown; readonly message?: unknown };
    if (typeof code !== "string" || typeof message !== "string") throw error;
    throw new UsageError(`the report cannot be written: ${message}`, { cause: error });
  } finally {
    await rm(temporary, { force: true });
  }
}

/** A rename would replace a file that came since it was looked for; a link is refused. */
async function put(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    const { code } = Object(error) as { readonly code?: unknown };
    if (code === "EEXIST") throw isThere(path);
    if (!isWithoutLinks(code)) throw error;
    await checkAbsent(path);
    await rename(temporary, path);
  }
}

/** FAT, and many network shares, have no links. */
function isWithoutLinks(code: unknown): boolean {
  return code === "EPERM" || code === "ENOTSUP" || code === "EOPNOTSUPP" || code === "ENOSYS";
}

function isThere(path: string): UsageError {
  return new UsageError(`${path} is there already: --force replaces it`);
}

import { mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Template } from "./template.ts";
import { UsageError } from "./usage-error.ts";

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

/** @throws {UsageError} unless `folder` is not there, or is a folder with nothing in it. */
export async function expectNoFiles(folder: string): Promise<void> {
  let entries: readonly string[];
  try {
    entries = await readdir(folder);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    if (codeOf(error) === "ENOTDIR") throw new UsageError(`${folder} is a file: name a new folder`);
    throw error;
  }
  if (entries.length === 0) return;
  const some = entries.slice(0, 3).join(", ");
  throw new UsageError(
    `${folder} is not empty (${some}${entries.length > 3 ? ", …" : ""}), and nothing was written: name a new folder`,
  );
}

/** Writes the files. A file that somebody else wrote in the meantime is left as it is, and an error. */
export async function writeProject(folder: string, files: Template): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text, { flag: "wx" });
  }
}

// A small disk of one's own, for a process that was started by `ownMounts`.
import { execFileSync } from "node:child_process";
import { closeSync, ftruncateSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

const page = 4096;

export function mountDisk(directory: string, options: string): void {
  execFileSync("mount", ["-t", "tmpfs", "-o", `mode=777,${options}`, "state-fs", directory]);
}

/**
 * As this process sees it (`bind`): more is not allowed to a user who has only been given mounts of
 * their own.
 */
export function remount(directory: string, options: "ro" | "rw"): void {
  execFileSync("mount", ["-o", `remount,bind,${options}`, directory]);
}

/** Takes every page of the disk but `spare`. */
export function fill(directory: string, spare = 0): void {
  const file = openSync(join(directory, "filler"), "w");
  try {
    let pages = 0;
    while (takes(() => writeSync(file, new Uint8Array(page), 0, page, pages * page))) pages += 1;
    ftruncateSync(file, (pages - spare) * page);
  } finally {
    closeSync(file);
  }
}

/** Takes every inode of the disk but `spare`. */
export function fillInodes(directory: string, spare: number): void {
  const fillers: string[] = [];
  for (;;) {
    const path = join(directory, `filler-${fillers.length}`);
    if (!takes(() => writeFileSync(path, "", { flag: "wx" }))) break;
    fillers.push(path);
  }
  for (const path of fillers.slice(0, spare)) rmSync(path);
}

export function free(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (name.startsWith("filler")) rmSync(join(directory, name));
  }
}

function takes(write: () => void): boolean {
  try {
    write();
    return true;
  } catch (error) {
    if (error instanceof Error && Reflect.get(error, "code") === "ENOSPC") return false;
    throw error;
  }
}

export function staged(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.includes(".staging-state/"),
  );
}

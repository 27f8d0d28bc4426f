import { execFileSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getuid } from "node:process";

/**
 * The command that runs another where it can mount what it likes: what it mounts is seen by nobody
 * else and goes with it, also when it is killed.
 */
export const ownMounts: readonly string[] = getuid?.() === 0 ? ["unshare", "-m"] : ["unshare", "-Urm"];

/** Why nothing can be mounted here, or `undefined`. */
export const mountRefusal: string | undefined = tryMount();

function tryMount(): string | undefined {
  const [command = "", ...args] = ownMounts;
  const directory = mkdtempSync(join(tmpdir(), "state-fs-mount-"));
  try {
    execFileSync(command, [...args, "mount", "-t", "tmpfs", "-o", "size=4k", "state-fs", directory], {
      stdio: "pipe",
    });
    return undefined;
  } catch (error) {
    // The first line of what is thrown names the command, the next is what that said.
    const [first = "", said = first] = String(error).split("\n");
    return `needs the right to mount: ${said.replaceAll(directory, "a directory")}`;
  } finally {
    rmdirSync(directory);
  }
}

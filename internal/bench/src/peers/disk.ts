import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const sizeBytes = 8 * 2 ** 30;

/**
 * A disk for the rows on a file system: a fresh ext4 in a file where that may be mounted, else a
 * temporary folder.
 */
export class Disk {
  readonly #scratch: string = mkdtempSync(join(tmpdir(), "state-peers-"));
  readonly #root: string = join(this.#scratch, "disk");
  readonly #isMounted: boolean;
  readonly description: string;

  constructor() {
    mkdirSync(this.#root);
    const image = join(this.#scratch, "image");
    writeFileSync(image, "");
    // Without blocks until they are written.
    truncateSync(image, sizeBytes);
    this.#isMounted =
      runs("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0", image) &&
      runs("mount", "-o", "loop", image, this.#root);
    this.description = this.#isMounted
      ? "a fresh ext4 in a file, mounted by a loop device"
      : `a folder of ${tmpdir()}, which has ${typeOf(tmpdir())}: nothing could be mounted`;
  }

  /** A folder that is empty. */
  folder(name: string): string {
    const folder = join(this.#root, name);
    mkdirSync(folder);
    return folder;
  }

  end(): void {
    if (this.#isMounted && !runs("umount", this.#root))
      throw new Error(`${this.#root} could not be unmounted: it is left`);
    rmSync(this.#scratch, { recursive: true });
  }
}

function runs(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

function typeOf(folder: string): string {
  const { stdout } = spawnSync("stat", ["-f", "-c", "%T", folder], { encoding: "utf8" });
  return stdout?.trim() || "an unknown file system";
}

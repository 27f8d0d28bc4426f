import { constants } from "node:fs";
import { orAbsent, hasErrno } from "./errors.ts";
import type { FileSystem } from "./file-system.ts";
import { sharing } from "./sharing.ts";

const directoryOnly = constants.O_RDONLY | constants.O_DIRECTORY;

/** Flushes directories, where that is asked for, and where the file system can. */
export class Flusher {
  readonly #files: FileSystem;
  #isOn: boolean;

  constructor(files: FileSystem, fsync: boolean) {
    this.#files = files;
    this.#isOn = fsync;
  }

  /**
   * One flush of a directory serves all who asked before it started. If it fails, then those who came
   * meanwhile fail too: their entries may be among what was not written, and a system tells that once.
   *
   * @returns the identity of the directory, or `undefined` if it is not there, or nothing is flushed
   */
  readonly flush: (directory: string) => Promise<string | undefined> = sharing(
    (directory) => this.#flush(directory),
    "waiting",
  );

  async #flush(directory: string): Promise<string | undefined> {
    if (!this.#isOn) return undefined;
    const handle = await orAbsent(this.#files.open(directory, directoryOnly), undefined);
    if (handle === undefined) return undefined;
    try {
      await handle.sync();
      const { dev, ino, birthtimeNs } = await handle.stat({ bigint: true });
      return `${dev}:${ino}:${birthtimeNs}`;
    } catch (error) {
      // Windows, squashfs and some file systems in user space flush no directory. The entries are
      // then as durable as the file system makes them by itself.
      if (!hasErrno(error, "EINVAL", "ENOTSUP", "EOPNOTSUPP", "EPERM")) throw error;
      this.#isOn = false;
      return undefined;
    } finally {
      await handle.close();
    }
  }
}

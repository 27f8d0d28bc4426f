import { resolve } from "node:path";

export interface FsStoreOptions {
  /**
   * The directory that holds the objects. Made by the first create if it is not there. May itself
   * be a symbolic link.
   */
  readonly root: string;
  /**
   * Whether files and directories are flushed to the disk before an operation returns. Default
   * `true`.
   *
   * `false` is for tests: if the machine goes down, and not only the process, then objects that
   * were created can be lost.
   */
  readonly fsync?: boolean | undefined;
}

export interface Settings {
  readonly root: string;
  readonly fsync: boolean;
}

export function settingsOf(options: FsStoreOptions): Settings {
  const { root, fsync = true } = options;
  if (typeof root !== "string" || root === "" || root.includes("\0")) {
    throw new TypeError(`root must be the path of a directory, not ${JSON.stringify(root)}`);
  }
  if (typeof fsync !== "boolean")
    throw new TypeError(`fsync must be a boolean, not ${JSON.stringify(fsync)}`);
  return { root: resolve(root), fsync };
}
